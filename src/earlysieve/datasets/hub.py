"""HuggingFace data sets: what `save_to_disk` wrote, local files, or what `load_dataset` takes."""

import inspect
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from earlysieve._arrays import Ints
from earlysieve._imports import need
from earlysieve._progress import wanted
from earlysieve.datasets.base import ExampleDataset
from earlysieve.datasets.checks import name_some
from earlysieve.datasets.csv_rows import group_columns
from earlysieve.datasets.hub_columns import column_numbers, hub_groups
from earlysieve.datasets.images import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    ImageExamples,
    Pixels,
    check_image_size,
    resize_picture,
    rgb,
)
from earlysieve.datasets.source import IMAGE_OPTIONS, TEXT_OPTIONS, Source
from earlysieve.datasets.text import Tokenizer, need_tokenizer
from earlysieve.datasets.text_check import note_texts
from earlysieve.datasets.text_pairs import columns_of, joined, texts_of
from earlysieve.errors import DataError, one_line

_IMAGES = ("image", "img")
_TEXTS = ("text", "sentence", "review", "tweet")
_LABELS = ("label", "labels", "target")
_FILES = {".csv": "csv", ".json": "json", ".jsonl": "json", ".parquet": "parquet"}


class HubImages(ImageExamples):
    """The image column of a HuggingFace data set, decoded when asked for."""

    def __init__(
        self,
        table: Any,
        column: str,
        labels: Ints,
        class_names: Sequence[str],
        *,
        image_size: int = 224,
        **options: Any,
    ) -> None:
        """Keep the table.

        Args:
            table: a `datasets.Dataset`.
            column: name of its image column.
            labels: shape (N,).
            class_names: one name per class.
            image_size: shorter side after resizing, then the centre square is cut out, in pixels.
            options: as for `ImageExamples`.

        Raises:
            InputError: `image_size` is not positive.
        """
        super().__init__(labels, class_names, **options)
        check_image_size(image_size)
        self._table, self._column, self._size = table.select_columns([column]), column, image_size

    def _image(self, row: int) -> Pixels:
        try:
            picture = rgb(self._table[row][self._column])
        except (OSError, SyntaxError, ValueError, AttributeError) as error:
            raise DataError(
                f"Expected an image in row {row} of column '{self._column}', but it cannot be read "
                f"({error}); repair or remove the row"
            ) from error
        return np.asarray(resize_picture(picture, self._size))


def hub_dataset(
    path: str,
    *,
    split: str | None = None,
    text_column: str | Sequence[str] | None = None,
    label_column: str | None = None,
    group_column: str | Sequence[str] = "group",
    tokenizer: Tokenizer | None = None,
    image_size: int = 224,
    mean: Sequence[float] = IMAGENET_MEAN,
    std: Sequence[float] = IMAGENET_STD,
    max_length: int = 128,
) -> ExampleDataset:
    """A HuggingFace data set with an image or text column, a label and optionally groups.

    Labels and groups are numbered over all splits that are saved together, so that splits agree.

    Args:
        path: folder that `save_to_disk` wrote, a file (csv, json, jsonl, parquet), else what
            `load_dataset` takes.
        split: by default "train"; data that is not divided is all training data.
        text_column: the column that holds the text; otherwise one of the usual names. Two columns
            hold pairs: the tokenizer gets both, in this order.
        label_column: the column that holds the label; otherwise one of the usual names.
        group_column: the column that holds the group, or several, which are crossed; any but
            "group" has to be there.
        tokenizer: needed for texts.
        image_size, mean, std: for images.
        max_length: for texts, in tokens.

    Raises:
        DataError: no such data set, split or columns, or a label or text is missing.
        InputError: texts without a tokenizer, or more than two columns of texts.

    Warns:
        DataWarning: texts are empty, or many are cut.
    """
    of_text = columns_of(text_column)
    table, others = _load(path, split)
    column = _column(table, (label_column,) if label_column else _LABELS, "label")
    labels, names = column_numbers(table, others, column, f"column '{column}' of '{path}'")
    common: dict[str, Any] = {}
    columns = group_columns(group_column, table.column_names)
    for name in columns:
        _column(table, (name,), "group")
    groups = hub_groups(table, others, columns, path)
    if groups is not None:
        common["groups"], common["group_names"] = groups
    image = None if of_text else _image_column(table)
    if image is not None:
        return HubImages(
            table, image, labels, names, image_size=image_size, mean=mean, std=std, **common
        )
    known = of_text or [_column(table, _TEXTS, "image or text")]
    read = [_texts_in(table, _column(table, [name], "image or text"), path) for name in known]
    texts = joined(*read) if len(read) > 1 else read[0]
    tokenize = need_tokenizer(tokenizer)
    note_texts(path, texts, tokenize, max_length, pairs=len(read) > 1)
    kind = texts_of(of_text)
    return kind(texts, labels, names, tokenizer=tokenize, max_length=max_length, **common)


def _texts_in(table: Any, column: str, path: str) -> list[str]:
    texts = list(table[column])
    if not all(isinstance(value, str) for value in texts):
        raise DataError(
            f"Expected a text in every row of column '{column}' of '{path}', but some hold "
            "something else; remove these rows or choose another column"
        )
    return texts


def hub_table(path: str, split: str | None) -> Any:
    """The `datasets.Dataset` that `hub_dataset` opens.

    Raises:
        DataError: no such data set or split.
    """
    return _load(path, split)[0]


def _load(path: str, split: str | None) -> tuple[Any, list[Any]]:
    """The table of a split, and those of the other splits of its data set."""
    found, wanted = _open(path), split or "train"
    if not hasattr(found, "keys"):
        # A table saved by itself may know the split that it was taken from.
        beside = _beside(Path(path))
        found = {str(found.split or "train"): found}
    else:
        beside = [found[name] for name in found if name != wanted]
    if wanted not in found and (split is not None or len(found) > 1):
        raise DataError(
            f"Expected a split '{wanted}' in '{path}', but got {name_some(list(found))}; "
            "choose one of them"
        )
    return (found[wanted] if wanted in found else next(iter(found.values()))), beside


def _beside(folder: Path) -> list[Any]:
    """The other splits where `folder` is one of those that were saved together."""
    if not (folder.parent / "dataset_dict.json").is_file():
        return []
    found = _open(str(folder.parent))
    return [found[name] for name in found if name != folder.name]


def _open(path: str) -> Any:
    package, place = need("datasets", extra="text"), Path(path)
    try:
        with _quiet(package):
            if _saved(place):
                return package.load_from_disk(path)
            if place.suffix in _FILES:
                return package.load_dataset(_FILES[place.suffix], data_files=path)
            return package.load_dataset(path, **_no_script(package))
    except (
        *(OSError, ValueError, KeyError, TypeError, RuntimeError, AttributeError),
        package.exceptions.DatasetsError,
    ) as error:
        raise DataError(
            f"Expected a HuggingFace data set at '{path}', but it cannot be loaded "
            f"({one_line(error)}); "
            "pass a folder that save_to_disk wrote, or the name of a data set"
        ) from error


def _no_script(package: Any) -> dict[str, bool]:
    """Versions that still run scripts of a data set would ask on standard input whether to."""
    asks = "trust_remote_code" in inspect.signature(package.load_dataset).parameters
    return {"trust_remote_code": False} if asks else {}


@contextmanager
def _quiet(package: Any) -> Iterator[None]:
    """Without remarks on standard error, and without progress bars where nobody watches."""
    loggers = [logging.getLogger(name) for name in ("datasets", "huggingface_hub")]
    levels = [logger.level for logger in loggers]
    bars = package.is_progress_bar_enabled() and not wanted(None)
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    if bars:
        package.disable_progress_bar()
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        if bars:
            package.enable_progress_bar()


def _saved(folder: Path) -> bool:
    return (folder / "dataset_dict.json").exists() or (folder / "dataset_info.json").exists()


def _image_column(table: Any) -> str | None:
    kinds = {name: type(feature).__name__ for name, feature in table.features.items()}
    images = [name for name, kind in kinds.items() if kind == "Image"]
    return next((name for name in (*_IMAGES, *images) if name in images), None)


def _column(table: Any, known: Sequence[str], what: str) -> str:
    found = next((name for name in known if name in table.column_names), None)
    if found is None:
        raise DataError(
            f"Expected a column for the {what} among {', '.join(known)}, but got "
            f"{', '.join(table.column_names)}; name one of these with --{what.split()[-1]}-column"
        )
    return found


def splits_in(path: str) -> list[str]:
    """The splits of a data set; none where it is one table.

    Raises:
        DataError: it cannot be loaded.
    """
    found = _open(path)
    return [str(name) for name in found] if hasattr(found, "keys") else []


SOURCE = Source(
    "hf",
    "a data set of HuggingFace in a local folder",
    hub_dataset,
    ("split", "label_column", "group_column", *IMAGE_OPTIONS, *TEXT_OPTIONS),
    splits=lambda path: splits_in(str(path)),
)
