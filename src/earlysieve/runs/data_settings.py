"""What `--data` and its options, or a configuration, may say about data."""

import difflib
import errno
import json
import os
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from earlysieve._files import is_folder
from earlysieve.datasets.registry import OWN, source_named, source_names
from earlysieve.errors import DataError, InputError
from earlysieve.report.command_words import Options, words_for

_MOST_SHOWN = 60
_TAKEN = ("spec", "seed", "progress")  # which `load_source` takes beside the options


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_positive(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _is_resize(value: Any) -> bool:
    return value == "squash" or _is_positive(value)


def _are_numbers(value: Any) -> bool:
    listed = isinstance(value, list | tuple) and len(value) in (1, 3)
    return listed and all(_is_number(item) for item in value)


def _are_names(value: Any) -> bool:
    listed = isinstance(value, list | tuple) and bool(value)
    return all(map(_is_text, value)) if listed else _is_text(value)


def _are_categories(value: Any) -> bool:
    if not isinstance(value, Mapping) or not value:
        return False
    lists = all(isinstance(one, list | tuple) and one for one in value.values())
    return lists and all(_is_text(text) for one in value.values() for text in one)


# Option: whether a value is of its kind, and the kind in words. Ranges are the sources' affair.
OPTION_KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "split": (_is_text, "a name"),
    "variant": (_is_text, "a name"),
    "image_size": (_is_positive, "a whole number from 1"),
    "mean": (_are_numbers, "a list of one or three numbers"),
    "std": (_are_numbers, "a list of one or three numbers"),
    "resize": (_is_resize, "a whole number from 1, or squash"),
    "interpolation": (_is_text, "a name"),
    "shortcut": (_is_text, "a name"),
    "correlation": (_is_number, "a number"),
    "limit": (_is_positive, "a whole number from 1"),
    "strict": (_is_flag, "true or false"),
    "root": (_is_text, "a folder"),
    "text_column": (_are_names, "a name, or a list of two for pairs"),
    "label_column": (_is_text, "a name"),
    "path_column": (_is_text, "a name"),
    "group_column": (_are_names, "a name or a list of names"),
    "drop_column": (_are_names, "a name or a list of names"),
    "columns": (_are_names, "a list of names"),
    "categories": (_are_categories, "lists of names by column"),
    "tokenizer": (_is_text, "a folder"),
    "max_length": (_is_positive, "a whole number from 1"),
    "cache": (_is_text, "a folder"),
}


def check_data_options(options: Mapping[str, Any], spec: str = "") -> dict[str, Any]:
    """The options of the data that have a value, checked by name and kind.

    Args:
        options: by name.
        spec: of the source, in full. A function of the user's may have arguments of its own.

    Raises:
        InputError: one is unknown (near names are listed), of another kind, or of a kind that a
            configuration cannot hold.
    """
    for name, value in options.items():
        if name not in OPTION_KINDS and name not in _TAKEN and _is_function(spec):
            _check_plain(name, value)
            continue
        if name not in OPTION_KINDS:
            raise InputError(_unknown(name))
        fits, kind = OPTION_KINDS[name]
        if value is not None and not fits(value):
            raise InputError(
                f"Expected the data option {name} to be {kind}, but got {_shown(repr(value))}; "
                "correct it"
            )
    return {k: value for k, value in options.items() if value is not None or k not in OPTION_KINDS}


def option_words(name: str, value: Any) -> Options:
    """An option of the data with its value, as it is typed."""
    if name in OPTION_KINDS:
        return words_for(f"--{name.replace('_', '-')}", value)
    text = value if isinstance(value, str) else json.dumps(value)
    return [("--data-option", [f"{name}={text}"])]


def _is_function(spec: str) -> bool:
    kind, _, rest = spec.partition(":")
    return bool(rest) and source_named(kind) is None


def _check_plain(name: str, value: Any) -> None:
    try:
        json.dumps(value)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"Expected the data option {name} to be of texts, numbers, true or false, which a "
            f"configuration can hold, but got {_shown(repr(value))}; pass these, and make more of "
            "them in your function"
        ) from error


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(str(name), OPTION_KINDS, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(repr(n) for n in near)}?" if near else None
    if name == "seed":
        hint = "the seed is a field of its own, beside the data options"
    return f"Expected options of the data, but got '{_shown(str(name))}'; " + (
        hint or f"known are {', '.join(OPTION_KINDS)}"
    )


def full_spec(spec: str) -> str:
    """The source with its kind, where a path stands alone; ~ is written out.

    Raises:
        InputError: it is empty, an address on the network, or no path that can be.

    Warns:
        DataWarning: a folder here has the name of the source.
    """
    if not spec.strip():
        raise InputError(
            "Expected a source of data, but got an empty text; pass a folder, a CSV file or the "
            "name of a source (the current folder is .)"
        )
    if "://" in spec:
        raise InputError(
            f"Expected data on this machine, but got the address '{_shown(spec)}'; download it and "
            "pass its path"
        )
    kind, separator, rest = spec.partition(":")
    if not separator and _stands_alone(spec):
        _note_namesake(spec)
        return spec
    if kind in OWN and rest:
        return f"{kind}:{_path(rest)}"
    path = _path(spec)
    if is_folder(path):
        return f"folder:{path}"
    if separator:
        return spec
    if path.suffix.lower() == ".csv":
        return f"csv:{path}"
    if path.suffix.lower() in (".parquet", ".pq"):
        return f"table:{path}"
    return f"folder:{path}" if os.sep in spec else spec


def columns_of(spec: str) -> tuple[str, ...]:
    """The columns of a table in a file; none of other data.

    Raises:
        EarlysieveError: it cannot be read, or there can be no such source.
    """
    kind, _, rest = full_spec(spec).partition(":")
    source = source_named(kind)
    return () if source is None or source.columns is None else tuple(source.columns(rest))


def inputs_of(spec: str, **options: Any) -> tuple[str, ...]:
    """The columns that a model gets of a table in a file, in order; none of other data.

    Args:
        spec: of the data.
        options: label_column, group_column and drop_column; None is left out.
    """
    from earlysieve.datasets.table_file import table_file

    kind, _, rest = full_spec(spec).partition(":")
    named = {name: value for name, value in options.items() if value}
    try:
        return table_file(rest, split="all", **named).columns if kind == "table" else ()
    except DataError:
        return ()


def _stands_alone(name: str) -> bool:
    """Whether this is a source that needs nothing after its name."""
    source = source_named(name) if name in source_names() else None
    return source is not None and source.path != "required"


def _note_namesake(name: str) -> None:
    if is_folder(name):
        from earlysieve.datasets.checks import DataWarning

        warnings.warn(
            f"'{name}' is the source of that name and not the folder here; write ./{name} for the "
            "folder",
            DataWarning,
            stacklevel=3,
        )


def _path(text: str) -> Path:
    """The path, with ~ written out, checked to be one that the file system can hold."""
    try:
        path = Path(text).expanduser()
    except RuntimeError as error:
        raise InputError(
            f"Expected a path, but got '{_shown(text)}', whose home folder is unknown; write the "
            "path in full"
        ) from error
    try:
        path.stat()
    except (OSError, ValueError) as error:
        if isinstance(error, ValueError) or error.errno == errno.ENAMETOOLONG:
            raise InputError(
                f"Expected a path, but got '{_shown(text)}' of {len(text)} characters, which no "
                "file can have; check it"
            ) from error
    return path


def _shown(text: str) -> str:
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."
