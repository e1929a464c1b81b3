"""Data sources by name, as the command line takes them."""

import importlib.util
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from earlysieve._files import is_file, is_folder
from earlysieve._user_code import arguments_of, call_function, load_function
from earlysieve.datasets.arrays import data_of
from earlysieve.datasets.base import ExampleDataset
from earlysieve.datasets.embedded_digits import digits
from earlysieve.datasets.images import ImageExamples, check_image_size
from earlysieve.datasets.limited import limited
from earlysieve.datasets.no_source import no_such_source
from earlysieve.datasets.painters import plant_colour, plant_dominoes, plant_patch
from earlysieve.datasets.registry import source_forms, source_named
from earlysieve.datasets.source import Source
from earlysieve.datasets.text import Tokenizer
from earlysieve.errors import DataError, InputError, one_line

SHORTCUTS = ("colour", "patch", "dominoes")


def load_source(
    spec: str,
    *,
    split: str | None = None,
    variant: str | None = None,
    image_size: int | None = None,
    shortcut: str | None = None,
    correlation: float | None = None,
    seed: int = 0,
    limit: int | None = None,
    strict: bool = False,
    root: str | os.PathLike[str] | None = None,
    text_column: str | Sequence[str] | None = None,
    label_column: str | None = None,
    path_column: str | None = None,
    group_column: str | Sequence[str] | None = None,
    drop_column: str | Sequence[str] | None = None,
    categories: Mapping[str, Sequence[str]] | None = None,
    columns: Sequence[str] | None = None,
    tokenizer: Tokenizer | None = None,
    max_length: int | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    resize: int | str | None = None,
    interpolation: str | None = None,
    cache: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
    **own: Any,
) -> Any:
    """Open a data source.

    Args:
        spec: one of `source_forms()`. A function is called with those of `split`, `image_size`
            and `seed` that it takes, with all others that are given, and may return any data set,
            or arrays (X, y).
        split: such as "train" (by default) or "test"; "all" for digits and CSV files. Data that
            is not divided is all training data, so that no other split of it can be had.
        variant: which version of published data, such as "5pct" of BAR; by default the usual one.
        image_size: side of the images in pixels; each source has a default.
        shortcut: plant one: "colour", "patch" or "dominoes" (a digit above each image: one of the
            training digits for a split whose name begins with "train" and for all of the data, one
            of the test digits for every other split).
        correlation: of the planted shortcut with the label, in [0, 1]; 0.95 by default.
        seed: of the planted shortcut and of the draw for `limit`.
        limit: at most so many examples, drawn by class.
        strict: make unreadable images an error.
        root: folder in which the images of a CSV file lie; by default that of the file.
        text_column: column of a file or data set that holds texts, or the two that hold pairs.
        tokenizer, max_length: for texts.
        label_column, path_column: columns of a file or data set that hold labels and paths.
        group_column: column of a file or data set that holds the groups, or several, crossed.
        drop_column: column of a table, or several, that the model is not given.
        categories: of columns of a table, in order; by default those that occur.
        columns: of a table, in the order of the model's inputs; by default all.
        mean, std: normalisation of images.
        resize, interpolation: of images in files, see `ImageFiles`.
        cache: folder that keeps the images of files, decoded and resized, for later runs.
        progress: whether to draw a bar while files are checked; None: where standard error is a
            terminal.
        own: further arguments of a function.

    Raises:
        InputError: an unknown source or shortcut, a shortcut on something else than images, an
            option that the source does not have, or a size that no image can have.
        DataError: the source is missing, incomplete or unreadable.
    """
    _check_shortcut(shortcut, correlation)
    check_image_size(image_size)
    given: dict[str, Any] = {
        "split": split,
        "variant": variant,
        "cache": cache,
        "image_size": image_size,
        "mean": mean,
        "std": std,
        "resize": resize,
        "interpolation": interpolation,
        "strict": strict or None,
        "root": root,
        "text_column": text_column,
        "label_column": label_column,
        "path_column": path_column,
        "group_column": group_column,
        "drop_column": drop_column,
        "categories": categories,
        "columns": columns,
        "tokenizer": tokenizer,
        "max_length": max_length,
    }
    given = {name: value for name, value in given.items() if value is not None} | own
    data = _open(spec, given, {"seed": seed, "progress": progress})
    data = data if limit is None else limited(data, limit, seed)
    return data if shortcut is None else _planted(data, shortcut, correlation, seed, split)


def splits_of(spec: str) -> tuple[str, ...] | None:
    """Names of the parts that a source is divided into; none where it is not divided.

    Args:
        spec: as `load_source` takes it.

    Returns:
        None where that is unknown, as for a function of the user's.

    Raises:
        DataError: the data cannot be read.
    """
    kind, _, rest = spec.partition(":")
    source = source_named(kind)
    if source is None or source.splits is None or (source.path == "required" and not rest):
        return None
    return tuple(source.splits(rest or None))


def _open(spec: str, given: dict[str, Any], always: dict[str, Any]) -> Any:
    kind, _, rest = spec.partition(":")
    source = source_named(kind)
    if source is not None and (rest or source.path != "required"):
        _check_taken(source, given)
        own = {name: value for name, value in always.items() if name in source.options}
        return source.open(rest or None, **given, **own)
    if source is None and rest and _names_code(kind):
        offered = {"split": "train", "image_size": None, "seed": always["seed"], **given}
        return _from_function(kind, rest, offered, given)
    raise no_such_source(spec)


def _check_taken(source: Source, given: Collection[str]) -> None:
    """Refuse what would be ignored."""
    foreign = [name for name in given if name not in source.options]
    if foreign:
        raise InputError(
            f"Expected options that the source '{source.name}' has "
            f"({', '.join(source.options) or 'none'}), but got {foreign[0]}; leave it out"
        )


def _check_shortcut(shortcut: str | None, correlation: float | None) -> None:
    if shortcut is None and correlation is not None:
        raise InputError(
            f"Expected a shortcut to plant with correlation {correlation}, but got none; "
            f"choose one of {', '.join(SHORTCUTS)}"
        )
    if shortcut is not None and shortcut not in SHORTCUTS:
        raise InputError(
            f"Expected shortcut to be {', '.join(SHORTCUTS)}, but got '{shortcut}'; choose one"
        )


def _planted(
    data: Any, shortcut: str, correlation: float | None, seed: int, split: str | None
) -> ExampleDataset:
    if not isinstance(data, ImageExamples):
        raise InputError(
            "Expected images to plant a shortcut in, but this source holds something else; "
            "leave out the shortcut"
        )
    share = 0.95 if correlation is None else correlation
    if shortcut == "colour":
        return plant_colour(data, share, seed=seed)
    if shortcut == "patch":
        return plant_patch(data, share, seed=seed)
    trains = split is None or split == "all" or split.startswith("train")
    simple = digits("train" if trains else "test", channels=3)
    return plant_dominoes(data, simple, share, seed=seed)


def _names_code(name: str) -> bool:
    """Whether this can be a module or a file, and not a source spelt wrongly."""
    if not name.isidentifier():
        return "." in name
    here = is_file(f"{name}.py") or is_folder(name)
    return here or importlib.util.find_spec(name) is not None


def takes_split(spec: str) -> bool:
    """Whether this is a function of the user's that gives parts of its data by name.

    Its module is imported to find out.

    Raises:
        DataError: there is no such module or function.
        UserCodeError: the module cannot be imported.
    """
    kind, _, rest = spec.partition(":")
    if source_named(kind) is not None or not rest or not _names_code(kind):
        return False
    function = load_function(kind, rest, forms="data as MODULE:FUNCTION", error=DataError)
    return "split" in arguments_of(function, spec)


def _from_function(module: str, name: str, offered: dict[str, Any], given: Collection[str]) -> Any:
    """What a function of the user's gives, called with those arguments that it takes.

    What was `given` and the function does not take would be ignored, and is refused.
    """
    spec, forms = f"{module}:{name}", f"data as {', '.join(source_forms())}"
    function = load_function(module, name, forms=forms, error=DataError)
    taken = arguments_of(function, spec)
    for option in given:
        if option not in taken:
            raise InputError(
                f"Expected options that '{spec}' takes as arguments "
                f"({', '.join(sorted(taken)) or 'none'}), but got {option}; leave it out, or let "
                "the function take it"
            )
    data = call_function(function, spec, offered)
    check_returned(data, spec)
    return data_of(data)


def check_returned(data: Any, spec: str) -> None:
    """Check that a function of the user's returned data that can be read more than once.

    Raises:
        DataError: it returned something else, or nothing.
    """
    ask = "return a list of samples, a torch.utils.data.Dataset or a DataLoader"
    if isinstance(data, Iterator):
        raise DataError(
            f"Expected '{spec}' to return data that can be read again, but got a "
            f"{type(data).__name__}, which is empty after one pass; {ask}"
        )
    readable = hasattr(data, "__getitem__") or hasattr(data, "__iter__")
    if isinstance(data, Mapping | str | bytes | type) or not readable:
        raise DataError(f"Expected '{spec}' to return a data set, but got {_kind(data)}; {ask}")
    if _size(data, spec) == 0:
        raise DataError(
            f"Expected '{spec}' to return at least one example, but the data is empty; check what "
            "it reads"
        )


def _kind(data: Any) -> str:
    if isinstance(data, type):
        return f"the class {data.__name__}"
    return "None" if data is None else type(data).__name__


def _size(data: Any, spec: str) -> int | None:
    """How many examples, where the data has a length; a loader of a stream has none."""
    from torch.utils.data import DataLoader, IterableDataset

    if isinstance(data, DataLoader | IterableDataset) or not hasattr(data, "__len__"):
        return None
    try:
        return len(data)
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(
            f"Expected the data of '{spec}' to have a length, but got: {one_line(error)}; let "
            "__len__ return how many examples there are"
        ) from error
