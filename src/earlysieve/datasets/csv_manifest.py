"""A CSV file that lists examples: path or text, label, optionally group and split."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from earlysieve.datasets.base import ExampleDataset, Ints
from earlysieve.datasets.checks import name_some
from earlysieve.datasets.files import ImageFiles, readable
from earlysieve.datasets.numbering import numbered, numbered_groups
from earlysieve.datasets.source import IMAGE_OPTIONS, TEXT_OPTIONS, Source
from earlysieve.datasets.text import Texts, Tokenizer, need_tokenizer
from earlysieve.errors import DataError

if TYPE_CHECKING:
    import pandas as pd


def manifest(
    path: str | os.PathLike[str],
    *,
    split: str | None = None,
    text_column: str | None = None,
    label_column: str = "label",
    tokenizer: Tokenizer | None = None,
    max_length: int = 128,
    strict: bool = False,
    **options: Any,
) -> ExampleDataset:
    """Examples listed in a CSV file.

    Columns: `path` of an image (relative to the CSV file) or a text column, `label`, optionally
    `group` (blank or -1 where unknown) and `split`. Labels and groups are names, numbered in
    sorted order over the whole file, so that splits agree; or whole numbers, which keep their
    value.

    Args:
        path: the CSV file.
        split: rows of this split only; "all" takes every row. By default "train" where the file
            has rows of that split; a file without a split column is all training data.
        text_column: the column that holds the text, for text data; by default "text" where there
            is no column "path".
        label_column: the column that holds the label.
        tokenizer: needed for texts.
        max_length: for texts, in tokens.
        strict: make an unreadable image an error instead of skipping it.
        options: for images, as for `ImageFiles`.

    Raises:
        DataError: no such file, missing columns, missing images (the first are named), no rows.
        InputError: texts without a tokenizer.
    """
    source = Path(path)
    table = _read(source)
    if text_column is None and "path" not in table and "text" in table:
        text_column = "text"
    subject = text_column or "path"
    _check_columns(source, table, [subject, label_column])
    labels, names = numbered(list(table[label_column]), f"column '{label_column}' of '{source}'")
    groups, group_names = _groups(table, source)
    rows = _rows(table, source, split)
    common = {"groups": groups[rows], "group_names": group_names}
    subjects = [str(value) for value in table[subject].iloc[rows]]
    if text_column is None:
        return _images(source, subjects, labels[rows], names, strict, {**common, **options})
    tokenize = need_tokenizer(tokenizer)
    return Texts(subjects, labels[rows], names, tokenizer=tokenize, max_length=max_length, **common)


def _read(source: Path) -> "pd.DataFrame":
    import pandas as pd

    try:
        table = pd.read_csv(source, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise DataError(
            f"Expected a CSV file at '{source}', but it cannot be read ({error}); check the path"
        ) from error
    if not len(table):
        raise DataError(f"Expected rows in '{source}', but it has none; check the file")
    return table


def _check_columns(source: Path, table: "pd.DataFrame", wanted: Sequence[str]) -> None:
    missing = [name for name in wanted if name not in table.columns]
    if missing:
        raise DataError(
            f"Expected the columns {', '.join(wanted)} in '{source}', but got "
            f"{', '.join(map(str, table.columns))}; add or rename {name_some(missing)}"
            + ("; for texts, name their column" if "path" in missing else "")
        )


def _groups(table: "pd.DataFrame", source: Path) -> tuple[Ints, tuple[str, ...]]:
    if "group" not in table.columns:
        return np.full(len(table), -1, np.int64), ()
    return numbered_groups(list(table["group"]), f"column 'group' of '{source}'")


def _rows(table: "pd.DataFrame", source: Path, split: str | None) -> Ints:
    every = np.arange(len(table), dtype=np.int64)
    if split == "all":
        return every
    if "split" not in table.columns:
        if split in (None, "train"):
            return every
        raise DataError(
            f"Expected a column 'split' in '{source}' to take the split '{split}', but got "
            f"{', '.join(map(str, table.columns))}; add one, or leave the split out"
        )
    column = table["split"].str.strip()
    rows = np.flatnonzero((column == (split or "train")).to_numpy())
    if not len(rows):
        raise DataError(
            f"Expected rows of split '{split or 'train'}' in '{source}', but got only "
            f"{name_some(sorted(column.unique()))}; choose one of them, or 'all'"
        )
    return rows.astype(np.int64)


def _images(
    source: Path,
    names: list[str],
    labels: Ints,
    class_names: Sequence[str],
    strict: bool,
    options: dict[str, Any],
) -> ImageFiles:
    root, paths = source.parent, [Path(name) for name in names]
    missing = [name for name, path in zip(names, paths, strict=True) if not (root / path).is_file()]
    if missing:
        raise DataError(
            f"Expected every file that '{source}' lists to exist, but {len(missing)} do not: "
            f"{name_some(missing)}; paths are relative to the CSV file"
        )
    good, bad = readable(root, paths, strict=strict)
    options["groups"] = options["groups"][good]
    return ImageFiles(
        [paths[i] for i in good], labels[good], class_names, root=root, skipped=bad, **options
    )


SOURCE = Source(
    "csv",
    "a CSV file with a label and the path of a picture, or a text, in each row",
    manifest,
    ("split", "strict", *IMAGE_OPTIONS, *TEXT_OPTIONS),
)
