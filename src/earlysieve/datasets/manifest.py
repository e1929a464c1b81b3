"""A CSV file that lists examples: path or text, label, optionally group and split."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from earlysieve.datasets.base import ExampleDataset, Ints
from earlysieve.datasets.checks import name_some
from earlysieve.datasets.files import ImageFiles, readable
from earlysieve.datasets.text import Texts, Tokenizer
from earlysieve.errors import DataError, InputError

if TYPE_CHECKING:
    import pandas as pd


def manifest(
    path: str | os.PathLike[str],
    *,
    split: str | None = None,
    text_column: str | None = None,
    label_column: str = "label",
    tokenizer: Tokenizer | None = None,
    strict: bool = False,
    **options: Any,
) -> ExampleDataset:
    """Examples listed in a CSV file.

    Columns: `path` of an image (relative to the CSV file) or a text column, `label`, optionally
    `group` (blank where unknown) and `split`. Labels and groups are names, numbered in sorted
    order over the whole file, so that splits agree; or whole numbers, which keep their value.

    Args:
        path: the CSV file.
        split: rows of this split only, where there is such a column.
        text_column: the column that holds the text, for text data.
        label_column: the column that holds the label.
        tokenizer: needed for texts.
        strict: make an unreadable image an error instead of skipping it.
        options: as for `ImageFiles` or `Texts`.

    Raises:
        DataError: no such file, missing columns, missing images (the first are named), no rows.
        InputError: texts without a tokenizer.
    """
    source = Path(path)
    table = _read(source)
    subject = text_column or "path"
    _check_columns(source, table, [subject, label_column])
    labels, class_names = numbered(table[label_column], source, label_column)
    groups, group_names = _groups(table, source)
    rows = _rows(table, source, split)
    common = {
        "groups": None if groups is None else groups[rows],
        "group_names": group_names,
        **options,
    }
    subjects = [str(value) for value in table[subject].iloc[rows]]
    if text_column is None:
        return _images(source, subjects, labels[rows], class_names, strict, common)
    if tokenizer is None:
        raise InputError(
            "Expected a tokenizer for text data, but got none; pass tokenizer= "
            "(on the command line a model of the form hf:PATH brings its own)"
        )
    return Texts(subjects, labels[rows], class_names, tokenizer=tokenizer, **common)


def numbered(column: "pd.Series[Any]", source: Path, name: str) -> tuple[Ints, tuple[str, ...]]:
    """Numbers and names of the values of a column: whole numbers keep their value.

    Raises:
        DataError: a value is missing or a negative number.
    """
    values = column.astype("string").str.strip()
    blank = values.isna() | (values == "")
    if blank.any():
        line = int(np.flatnonzero(blank.to_numpy())[0]) + 2
        raise DataError(
            f"Expected a value in every row of column '{name}' of '{source}', but line {line} has "
            "none; fill it in or remove the row"
        )
    if values.str.fullmatch(r"\d+").all():
        numbers = np.asarray(values.astype(np.int64), dtype=np.int64)
        return numbers, tuple(str(i) for i in range(int(numbers.max()) + 1))
    names = sorted(values.unique())
    place = {value: i for i, value in enumerate(names)}
    return np.array([place[value] for value in values], dtype=np.int64), tuple(map(str, names))


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
        )


def _groups(table: "pd.DataFrame", source: Path) -> tuple[Ints | None, tuple[str, ...]]:
    if "group" not in table.columns:
        return None, ()
    column = table["group"].str.strip()
    known = (column != "").to_numpy()
    numbers = np.full(len(table), -1, np.int64)
    if not known.any():
        return numbers, ()
    numbers[known], names = numbered(column[known], source, "group")
    return numbers, names


def _rows(table: "pd.DataFrame", source: Path, split: str | None) -> Ints:
    if split is None or "split" not in table.columns:
        return np.arange(len(table), dtype=np.int64)
    rows = np.flatnonzero((table["split"].str.strip() == split).to_numpy())
    if not len(rows):
        known = sorted(table["split"].unique())
        raise DataError(
            f"Expected rows of split '{split}' in '{source}', but got only {name_some(known)}; "
            "choose one of them"
        )
    return rows.astype(np.int64)


def _images(
    source: Path,
    names: list[str],
    labels: Ints,
    class_names: Sequence[str],
    strict: bool,
    common: dict[str, Any],
) -> ImageFiles:
    root, paths = source.parent, [Path(name) for name in names]
    missing = [name for name, path in zip(names, paths, strict=True) if not (root / path).is_file()]
    if missing:
        raise DataError(
            f"Expected every file that '{source}' lists to exist, but {len(missing)} do not: "
            f"{name_some(missing)}; paths are relative to the CSV file"
        )
    good, bad = readable(root, paths, strict=strict)
    if common["groups"] is not None:
        common["groups"] = common["groups"][good]
    return ImageFiles(
        [paths[i] for i in good], labels[good], class_names, root=root, skipped=bad, **common
    )
