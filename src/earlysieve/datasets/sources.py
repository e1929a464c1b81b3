"""Data sources by name, as the command line takes them."""

import importlib.util
from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from pathlib import Path
from typing import Any

from earlysieve._user_code import call_function, load_function
from earlysieve.datasets.bar import bar
from earlysieve.datasets.base import ExampleDataset, stratified_sample
from earlysieve.datasets.davidson import davidson
from earlysieve.datasets.digits import digits
from earlysieve.datasets.fashion_mnist import fashion_mnist
from earlysieve.datasets.folder import image_folder
from earlysieve.datasets.hub import hub_dataset
from earlysieve.datasets.images import ImageExamples
from earlysieve.datasets.manifest import manifest
from earlysieve.datasets.painters import plant_colour, plant_dominoes, plant_patch
from earlysieve.datasets.text import Tokenizer, need_tokenizer
from earlysieve.errors import DataError, InputError

SOURCES = (
    "digits",
    "fashion-mnist[:FOLDER]",
    "folder:PATH",
    "csv:FILE",
    "bar:PATH",
    "davidson:PATH",
    "hf:PATH",
    "module:function",
)
SHORTCUTS = ("colour", "patch", "dominoes")


def load_source(
    spec: str,
    *,
    split: str | None = None,
    image_size: int | None = None,
    shortcut: str | None = None,
    correlation: float | None = None,
    seed: int = 0,
    limit: int | None = None,
    strict: bool = False,
    text_column: str | None = None,
    tokenizer: Tokenizer | None = None,
    max_length: int = 128,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
) -> Any:
    """Open a data source.

    Args:
        spec: one of `SOURCES`. A function is called with those of `split`, `image_size`, `seed`
            that it takes, and may return any data set.
        split: such as "train" (by default) or "test"; "all" for digits and CSV files. Data that
            is not divided is all training data, so that no other split of it can be had.
        image_size: side of the images in pixels; each source has a default.
        shortcut: plant one: "colour", "patch" or "dominoes" (a digit above each image).
        correlation: of the planted shortcut with the label, in [0, 1]; 0.95 by default.
        seed: of the planted shortcut and of the draw for `limit`.
        limit: at most so many examples, drawn by class.
        strict: make unreadable images an error.
        text_column, tokenizer, max_length: for texts.
        mean, std: normalisation of images.

    Raises:
        InputError: an unknown source or shortcut, or a shortcut on something else than images.
        DataError: the source is missing, incomplete or unreadable.
    """
    images: dict[str, Any] = {"image_size": image_size, "mean": mean, "std": std}
    images = {key: value for key, value in images.items() if value is not None}
    texts: dict[str, Any] = {
        "text_column": text_column,
        "tokenizer": tokenizer,
        "max_length": max_length,
    }
    _check_shortcut(shortcut, correlation)
    kind, _, rest = spec.partition(":")
    openers: dict[str, Callable[[], Any]] = {
        "digits": lambda: digits(split or "train", channels=3, **images),
        "fashion-mnist": lambda: fashion_mnist(
            split or "train", root=rest or None, channels=3, **images
        ),
        "folder": lambda: image_folder(rest, split=split, strict=strict, **images),
        "bar": lambda: bar(rest, split=split or "train", strict=strict, **images),
        "csv": lambda: manifest(rest, split=split, strict=strict, **texts, **images),
        "davidson": lambda: davidson(
            rest, split=split, tokenizer=need_tokenizer(tokenizer), max_length=max_length
        ),
        "hf": lambda: hub_dataset(rest, split=split, **texts, **images),
    }
    if kind in openers and (rest or kind in ("digits", "fashion-mnist")):
        data = openers[kind]()
    elif rest and _names_code(kind):
        data = _from_function(kind, rest, {"split": split, "image_size": image_size, "seed": seed})
    else:
        raise InputError(
            f"Expected a data source of the form {', '.join(SOURCES)}, but got '{spec}'; "
            "choose one of these"
        )
    data = _limited(data, limit, seed)
    return data if shortcut is None else _planted(data, shortcut, correlation, seed, split)


def _limited(data: Any, limit: int | None, seed: int) -> Any:
    if limit is None:
        return data
    if limit < 1 or not isinstance(data, ExampleDataset):
        raise InputError(
            f"Expected limit to be at least 1 and the data a built-in source, but got {limit} "
            f"for {type(data).__name__}; limit the data set in the function that makes it"
        )
    if limit >= len(data):
        return data
    return data.subset(stratified_sample(data.labels, limit, seed))


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
    simple = digits("test" if split == "test" else "train", channels=3)
    return plant_dominoes(data, simple, share, seed=seed)


def _names_code(name: str) -> bool:
    """Whether this can be a module or a file, and not a source spelt wrongly."""
    if not name.isidentifier():
        return "." in name
    here = Path(f"{name}.py").is_file() or Path(name).is_dir()
    return here or importlib.util.find_spec(name) is not None


def _from_function(module: str, name: str, offered: dict[str, Any]) -> Any:
    """What a function of the user's gives, called with those arguments that it takes."""
    spec, forms = f"{module}:{name}", f"data as {', '.join(SOURCES)}"
    function = load_function(module, name, forms=forms, error=DataError)
    data = call_function(function, spec, offered)
    check_returned(data, spec)
    return data


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
    if isinstance(data, Mapping | str | bytes) or not readable:
        raise DataError(
            f"Expected '{spec}' to return a data set, but got "
            f"{'None' if data is None else type(data).__name__}; {ask}"
        )
    if isinstance(data, Sized) and _size(data) == 0:
        raise DataError(
            f"Expected '{spec}' to return at least one example, but the data is empty; check what "
            "it reads"
        )


def _size(data: Sized) -> int | None:
    try:
        return len(data)
    except (TypeError, NotImplementedError):  # a loader of an iterable data set has none
        return None
