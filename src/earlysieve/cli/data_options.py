"""The options that describe the data, shared by the commands."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

F = TypeVar("F", bound=Callable[..., Any])

SOURCE_HELP = (
    "a folder with one subfolder per class, a CSV file with the columns path and label, digits, "
    "fashion-mnist[:FOLDER], bar:FOLDER, davidson:FOLDER, hf:FOLDER or module:function."
)


def _numbers(_context: click.Context, _option: click.Parameter, text: str | None) -> Any:
    """The numbers of "0.485,0.456,0.406" as a list."""
    try:
        return None if text is None else [float(part) for part in text.split(",")]
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is not a list of numbers such as 0.5 or 0.485,0.456,0.406."
        ) from None


_MEAN = (
    "Mean of pixels in [0, 1] that is subtracted, as in the model's training; by default that of "
    "ImageNet for files, 0.5 for embedded images."
)
_STD = "Deviation by which pixels are divided; by default likewise, 0.5 for embedded images."

# Named as load_source takes them; what is not given is left to the source.
_OPTIONS = {
    "split": click.option(
        "--split", metavar="NAME", help="Part of the source: train (by default), test, ..."
    ),
    "image_size": click.option(
        "--image-size",
        type=click.IntRange(min=1),
        metavar="PIXELS",
        help="Shorter side of images after resizing; the centre square is cut out.",
    ),
    "mean": click.option("--mean", callback=_numbers, metavar="M[,M,M]", help=_MEAN),
    "std": click.option("--std", callback=_numbers, metavar="S[,S,S]", help=_STD),
    "shortcut": click.option(
        "--shortcut",
        type=click.Choice(["colour", "patch", "dominoes"]),
        help="Plant a shortcut on the images; their groups are then known.",
    ),
    "correlation": click.option(
        "--correlation",
        type=click.FloatRange(0, 1),
        metavar="P",
        help="How often the planted shortcut tells the class; by default 0.95.",
    ),
    "limit": click.option(
        "--limit",
        type=click.IntRange(min=2),
        metavar="N",
        help="Use at most N examples, drawn so that classes keep their shares.",
    ),
    "strict": click.option(
        "--strict",
        is_flag=True,
        help="Stop at a file that cannot be read instead of leaving it out.",
    ),
    "text_column": click.option(
        "--text-column", metavar="NAME", help="Column of a CSV file or data set that holds texts."
    ),
    "tokenizer": click.option(
        "--tokenizer",
        metavar="FOLDER",
        help="Tokenizer for texts; by default that of an hf: model.",
    ),
    "max_length": click.option(
        "--max-length",
        type=click.IntRange(min=1),
        metavar="TOKENS",
        help="Longer texts are cut; by default at 128.",
    ),
}


def data_options(command: F) -> F:
    """Add the options that describe data to a command."""
    for option in reversed(_OPTIONS.values()):
        command = option(command)
    return command


def given_data_options(context: click.Context) -> dict[str, Any]:
    """Those options that were given, by name, as plain values."""
    return {
        name: context.params[name]
        for name in _OPTIONS
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }


def open_data(
    spec: str, options: Mapping[str, Any], *, seed: int, tokenizer: Path | None = None
) -> Any:
    """The data that `--data` and its options name.

    Args:
        spec: the source; the path of a folder or of a CSV file may stand alone.
        options: by name, as `given_data_options` returns them.
        seed: of planting and sampling.
        tokenizer: folder to use for texts where the options name none.

    Raises:
        DataError, InputError: as `earlysieve.datasets.load_source`.
    """
    from earlysieve.datasets import load_source

    chosen = {"tokenizer": tokenizer, **options}
    if chosen["tokenizer"] is not None:
        chosen["tokenizer"] = _load_tokenizer(Path(chosen["tokenizer"]))
    return load_source(_with_kind(spec), seed=seed, **chosen)


def _with_kind(spec: str) -> str:
    path = Path(spec).expanduser()
    if path.is_dir():
        return f"folder:{path}"
    if path.suffix.lower() == ".csv":
        return f"csv:{path}"
    return f"folder:{path}" if os.sep in spec and ":" not in spec else spec


def _load_tokenizer(folder: Path) -> Any:
    from earlysieve._imports import need
    from earlysieve.cli.built_model import first_line
    from earlysieve.errors import InputError

    transformers = need("transformers", extra="text")
    try:
        return transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError) as error:
        raise InputError(
            f"Expected a tokenizer in the folder '{folder}', but got: {first_line(error)}; "
            "pass the folder that save_pretrained wrote"
        ) from error
