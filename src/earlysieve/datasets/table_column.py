"""The values of one column of a table, whatever else the column is."""

import os
from pathlib import Path

import numpy as np

from earlysieve._arrays import Ints
from earlysieve.datasets.csv_rows import check_columns, rows_of_split
from earlysieve.datasets.table_file import read_table

_GAPS = ("", "nan")


def column_values(
    path: str | os.PathLike[str], column: str, *, split: str | None = None
) -> tuple[Ints, tuple[str, ...]]:
    """Which value of a column each row has.

    The column may be a feature, be left out as one, or hold groups. Numbers are compared as such
    and written in their shortest form ("1" for 1.0, "-0.5"); all else is compared as text.

    Args:
        path: a file, as `table_file` takes it.
        column: its name.
        split: rows of this split only, as `table_file` takes them.

    Returns:
        int64 of shape (N,), -1 where there is none; and the values, sorted.

    Raises:
        DataError: no such file, column or rows.
    """
    source = Path(path)
    table = read_table(source)
    check_columns(table, source, [column], "--cue-column")
    cells = table[column].astype(object).where(table[column].notna(), "")
    rows = rows_of_split(table, source, split)
    texts = [str(cell).strip() for cell in cells.iloc[rows]]
    known = np.array([text.lower() not in _GAPS for text in texts], bool)
    chosen = [text for text, is_known in zip(texts, known, strict=True) if is_known]
    names, numbers = _numbered(chosen)
    found = np.full(len(texts), -1, np.int64)
    found[known] = numbers
    return found, names


def _numbered(texts: list[str]) -> tuple[tuple[str, ...], Ints]:
    try:
        values = np.array([float(text) for text in texts])
    except ValueError:
        names, numbers = np.unique(np.array(texts, dtype=object), return_inverse=True)
        return tuple(map(str, names)), numbers.astype(np.int64)
    distinct, numbers = np.unique(values, return_inverse=True)
    return tuple(str(one).removesuffix(".0") for one in distinct.tolist()), numbers.astype(np.int64)
