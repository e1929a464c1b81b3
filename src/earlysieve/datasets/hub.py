"""HuggingFace data sets: a folder from `save_to_disk`, or a name or path for `load_dataset`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from earlysieve._imports import need
from earlysieve.datasets.base import ExampleDataset
from earlysieve.datasets.checks import name_some
from earlysieve.datasets.images import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    ImageExamples,
    Pixels,
    resize_picture,
)
from earlysieve.datasets.text import Texts, Tokenizer
from earlysieve.errors import DataError, InputError

_IMAGES = ("image", "img")
_TEXTS = ("text", "sentence", "review", "tweet")
_LABELS = ("label", "labels", "target")


class HubImages(ImageExamples):
    """The image column of a HuggingFace data set, decoded when asked for."""

    def __init__(
        self,
        table: Any,
        column: str,
        labels: Any,
        names: Sequence[str],
        image_size: int,
        **options: Any,
    ) -> None:
        super().__init__(labels, names, **options)
        self._table, self._column, self._size = table, column, image_size

    def _image(self, row: int) -> Pixels:
        picture = self._table[row][self._column].convert("RGB")
        return np.asarray(resize_picture(picture, self._size))


def hub_dataset(
    path: str,
    *,
    split: str = "train",
    text_column: str | None = None,
    tokenizer: Tokenizer | None = None,
    image_size: int = 224,
    mean: Sequence[float] = IMAGENET_MEAN,
    std: Sequence[float] = IMAGENET_STD,
    max_length: int = 128,
) -> ExampleDataset:
    """A HuggingFace data set with an image or text column, a label and optionally a group column.

    Args:
        path: folder that `save_to_disk` wrote, else what `load_dataset` takes.
        split: which split.
        text_column: the column that holds the text; otherwise one of the usual names.
        tokenizer: needed for texts.
        image_size, mean, std: for images.
        max_length: for texts, in tokens.

    Raises:
        DataError: no such data set, split or columns.
        InputError: texts without a tokenizer.
    """
    table = _load(path, split)
    label = _column(table, _LABELS, "label")
    names, labels = _classes(table, label)
    groups, group_names = _groups(table)
    common: dict[str, Any] = {"groups": groups, "group_names": group_names}
    image = next((name for name in _IMAGES if name in table.column_names), None)
    if text_column is None and image is not None:
        return HubImages(table, image, labels, names, image_size, mean=mean, std=std, **common)
    text = text_column or _column(table, _TEXTS, "image or text")
    if tokenizer is None:
        raise InputError(
            "Expected a tokenizer for text data, but got none; pass tokenizer= "
            "(on the command line a model of the form hf:PATH brings its own)"
        )
    texts = list(table[text])
    return Texts(texts, labels, names, tokenizer=tokenizer, max_length=max_length, **common)


def _load(path: str, split: str) -> Any:
    package = need("datasets", extra="text")
    try:
        if Path(path).is_dir() and _saved(Path(path)):
            found = package.load_from_disk(path)
        else:
            found = package.load_dataset(path)
    except (OSError, ValueError) as error:
        raise DataError(
            f"Expected a HuggingFace data set at '{path}', but it cannot be loaded ({error}); "
            "pass a folder that save_to_disk wrote, or the name of a data set"
        ) from error
    if not hasattr(found, "keys"):
        return found
    if split not in found:
        raise DataError(
            f"Expected a split '{split}' in '{path}', but got {name_some(list(found.keys()))}; "
            "choose one of them"
        )
    return found[split]


def _saved(folder: Path) -> bool:
    return (folder / "dataset_dict.json").exists() or (folder / "dataset_info.json").exists()


def _column(table: Any, known: Sequence[str], what: str) -> str:
    found = next((name for name in known if name in table.column_names), None)
    if found is None:
        raise DataError(
            f"Expected a column for the {what} among {', '.join(known)}, but got "
            f"{', '.join(table.column_names)}; rename the column"
        )
    return found


def _classes(table: Any, label: str) -> tuple[tuple[str, ...], Any]:
    values = list(table[label])
    names = getattr(table.features[label], "names", None)
    if names:
        return tuple(names), np.asarray(values)
    if values and isinstance(values[0], str):
        names = sorted(set(values))
        return tuple(names), np.array([names.index(value) for value in values])
    labels = np.asarray(values)
    return tuple(str(i) for i in range(int(labels.max()) + 1)), labels


def _groups(table: Any) -> tuple[Any, tuple[str, ...]]:
    if "group" not in table.column_names:
        return None, ()
    groups = np.array([-1 if value is None else value for value in table["group"]], dtype=np.int64)
    return groups, tuple(f"group {i}" for i in range(int(groups.max()) + 1))
