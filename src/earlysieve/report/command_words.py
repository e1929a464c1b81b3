"""The words of a command of `earlysieve` that was run, to make another one of them."""

import csv
import io
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Options = list[tuple[str, list[str]]]

# What describes a model, its data and how they are run through: all commands take these alike.
DESCRIBING = {
    "--model",
    "--checkpoint",
    "--checkpoint-key",
    "--checkpoint-prefix",
    "--pretrained",
    "--num-classes",
    "--model-option",
    "--data",
    "--split",
    "--variant",
    "--image-size",
    "--mean",
    "--std",
    "--resize",
    "--interpolation",
    "--shortcut",
    "--correlation",
    "--limit",
    "--strict",
    "--root",
    "--text-column",
    "--label-column",
    "--path-column",
    "--group-column",
    "--drop-column",
    "--categories",
    "--columns",
    "--data-option",
    "--tokenizer",
    "--max-length",
    "--cache",
    "--batch-size",
    "--num-workers",
    "--device",
    "--seed",
}
_LISTING = {"--columns"}
_FLAGS = {
    "--pretrained",
    "--strict",
    "--held-out",
    "--unseen",
    "--retrain",
    "--repair-only",
    "--fresh",
    "--go-on",
}


def words_of(command: str, name: str) -> list[str]:
    """The words of a command; none where it is another than `name`, or not quoted as shells do."""
    try:
        words = shlex.split(command)
    except ValueError:
        return []
    return words if words[:2] == ["earlysieve", name] else []


def options_of(command: str, name: str) -> Options:
    """The options of a command with their values, in order; none as for `words_of`."""
    pairs: Options = []
    for word in words_of(command, name)[2:]:
        if word.startswith("--") and (not pairs or pairs[-1][1] or pairs[-1][0] in _FLAGS):
            pairs.append((word, []))
        elif pairs:
            pairs[-1][1].append(word)
    return pairs


def words_for(flag: str, value: Any) -> Options:
    """An option with its value: several texts repeat it, several numbers are parted by commas.

    So are names of columns. A dictionary repeats it, too, as `KEY=VALUE` or `KEY=ITEM,ITEM`. None
    and false give nothing.
    """
    if value is None or value is False:
        return []
    if value is True:
        return [(flag, [])]
    if isinstance(value, Mapping):
        return [(flag, [f"{key}={_listed(one)}"]) for key, one in value.items()]
    if not isinstance(value, list | tuple):
        return [(flag, [str(value)])]
    if flag in _LISTING:
        return [(flag, [_listed(value)])]
    if any(isinstance(item, int | float) for item in value):
        return [(flag, [",".join(map(str, value))])]
    return [(flag, [str(item)]) for item in value]


def _listed(value: Any) -> str:
    """A text as it is, several parted by commas and quoted where they hold some."""
    if not isinstance(value, list | tuple):
        return str(value)
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(value)
    return line.getvalue()


def describing(options: Options, *, but: Iterable[str] = ()) -> Options:
    """Those that describe model and data."""
    left_out = set(but)
    return [(name, values) for name, values in options if name in DESCRIBING - left_out]


def command_with(
    name: str, options: Options, more: Mapping[str, str | bool | list[str] | None]
) -> str:
    """A command, quoted for a shell.

    Args:
        name: of the command.
        options: from `options_of`.
        more: further options, which win over those; True: it has no value; a list: it is repeated;
            None: it is left out.
    """
    kept = [(option, values) for option, values in options if option not in more]
    given = [pair for option, value in more.items() for pair in words_for(option, value)]
    return shlex.join(["earlysieve", name, *joined([*kept, *given])])


def joined(options: Sequence[tuple[str, list[str]]]) -> list[str]:
    """The words of options and their values, in order."""
    return [word for name, values in options for word in (name, *values)]
