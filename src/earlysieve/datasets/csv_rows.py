"""Rows of a CSV file as text, and what the columns for labels, groups and splits say."""

import csv
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from earlysieve._arrays import Ints
from earlysieve._names import near_names
from earlysieve.datasets.checks import name_some
from earlysieve.datasets.numbering import crossed_groups, numbered_groups
from earlysieve.errors import DataError, one_line

if TYPE_CHECKING:
    import pandas as pd

_SEPARATORS = (",", ";", "\t")
_LONGEST_HEADER = 1 << 20


def read_rows(source: Path) -> "pd.DataFrame":
    """All cells of a CSV file as text; commas, semicolons or tabs part them, as in its first line.

    Raises:
        DataError: the file cannot be read, or has no rows.
    """
    import pandas as pd

    try:
        separator = separator_of(source)
        table = pd.read_csv(source, sep=separator, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise DataError(
            f"Expected a CSV file at '{source}', but it cannot be read ({one_line(error)}); check "
            "the path"
        ) from error
    if not len(table):
        raise DataError(f"Expected rows in '{source}', but it has none; check the file")
    return table


def separator_of(source: Path) -> str:
    """The one that parts the first line into most columns; a comma where none does better."""
    with source.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        header = stream.readline(_LONGEST_HEADER)
    return max(_SEPARATORS, key=lambda sign: len(next(csv.reader([header], delimiter=sign), [])))


def check_columns(table: "pd.DataFrame", source: Path, wanted: Sequence[str], more: str) -> None:
    """Check that columns are there.

    Raises:
        DataError: they are not; `more` ends the message.
    """
    missing = [name for name in wanted if name not in table.columns]
    if missing:
        raise DataError(
            f"Expected the columns {', '.join(wanted)} in '{source}', but got "
            f"{', '.join(map(str, table.columns))}; add or rename {name_some(missing)}"
            f"{_near(missing, list(map(str, table.columns)))}, or name others with {more}"
        )


def _near(missing: Sequence[str], columns: Sequence[str]) -> str:
    near = dict.fromkeys(name for one in missing for name in near_names(one, columns))
    return f" (near names are {name_some(list(near))})" if near else ""


def check_names(source: Path, used: Sequence[str]) -> None:
    """Check that no column that is used has a namesake, which pandas would rename.

    Raises:
        DataError: one has.
    """
    import pandas as pd

    rows = pd.read_csv(
        source,
        sep=separator_of(source),
        header=None,
        nrows=1,
        dtype=str,
        keep_default_na=False,
    )
    header = rows.iloc[0]
    twice = [name for name in used if (header == name).sum() > 1]
    if twice:
        raise DataError(
            f"Expected columns of different names in '{source}', but {name_some(twice)} is there "
            "more than once; rename or remove one"
        )


def groups_in(
    table: "pd.DataFrame", source: Path, columns: Sequence[str]
) -> tuple[Ints, tuple[str, ...]]:
    """Groups of rows, int64 of shape (N,), -1 where unknown, and their names.

    Several columns are crossed: a group is a combination that occurs, "first x second", in sorted
    order, and unknown where one of them is.

    Args:
        table: of the file.
        source: the file, for messages.
        columns: that hold groups; none: no group is known.

    Raises:
        DataError: see `numbered_groups`.
    """
    found = [numbered_groups(list(table[c]), f"column '{c}' of '{source}'") for c in columns]
    if not found:
        return np.full(len(table), -1, np.int64), ()
    return crossed_groups(found)


def group_columns(given: str | Sequence[str], columns: Collection[str]) -> list[str]:
    """Which of the `columns` hold groups; "group" is taken only where it is there."""
    names = [given] if isinstance(given, str) else list(given)
    return [name for name in names if name in columns or name != "group"]


def rows_of_split(table: "pd.DataFrame", source: Path, split: str | None) -> Ints:
    """Which rows belong to a split, int64; by default "train" where there is a column "split".

    Raises:
        DataError: there are none, or no such column.
    """
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
    column = splits_of_rows(table)
    rows = np.flatnonzero((column == (split or "train")).to_numpy())
    if not len(rows):
        raise DataError(
            f"Expected rows of split '{split or 'train'}' in '{source}', but got only "
            f"{name_some(sorted(column.unique()))}; choose one of them, or 'all'"
        )
    return rows.astype(np.int64)


def listed_splits(table: "pd.DataFrame") -> list[str]:
    """The splits that rows belong to, sorted; none where there is no such column."""
    return sorted(splits_of_rows(table).unique()) if "split" in table.columns else []


def splits_of_rows(table: "pd.DataFrame") -> "pd.Series[str]":
    """The split of each row."""
    return table["split"].astype(str).str.strip()
