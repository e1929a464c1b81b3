"""A table of numbers and categories in a CSV or Parquet file: a label and features in each row."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earlysieve._imports import need
from earlysieve.datasets.arrays import numbering_of
from earlysieve.datasets.categories import categories_of, with_dummies
from earlysieve.datasets.checks import name_some
from earlysieve.datasets.csv_rows import (
    check_columns,
    check_names,
    group_columns,
    groups_in,
    listed_splits,
    read_rows,
    rows_of_split,
)
from earlysieve.datasets.frames import frame_values
from earlysieve.datasets.numbering import numbered
from earlysieve.datasets.source import Source
from earlysieve.datasets.table import Table
from earlysieve.errors import DataError, one_line

if TYPE_CHECKING:
    import pandas as pd

_PARQUET = (".parquet", ".pq")
_GAPS = ("", "na", "n/a", "nan", "null", "none")
_TRUTHS = {"true": True, "false": False}
_TOLD = 20


def table_file(
    path: str | os.PathLike[str],
    *,
    split: str | None = None,
    label_column: str = "label",
    group_column: str | Sequence[str] = "group",
    drop_column: str | Sequence[str] = (),
    categories: Mapping[str, Sequence[str]] | None = None,
    columns: Sequence[str] | None = None,
) -> Table:
    """A table in a file: every column that is not named as something else is a feature.

    Labels and groups are names, numbered in sorted order over the whole file, or whole numbers,
    which keep their value. A column `split` divides the rows, a column `id` names them, and one
    without a name, as pandas writes its index, is left out. Features are numbers, or true and
    false, which go to a model as they are; a column of texts becomes one of 0 and 1 for each
    category, as `pandas.get_dummies(frame, columns=[...], dtype=float)` makes them: after all
    others, in sorted order.

    Args:
        path: a CSV file, with commas, semicolons or tabs, or one that ends in ".parquet".
        split: rows of this split only; "all" takes every row. By default "train" where the file
            has a column `split`.
        label_column: the column that holds the label.
        group_column: the column that holds the group, or several, which are crossed; any but
            "group" has to be there.
        drop_column: one or several columns that are no features, as the model was not given them.
        categories: by column, in the order of the model's inputs; all columns of a category that is
            not among them are 0. By default those that occur in the file, at most 50.
        columns: the features, in the order of the model's inputs; all others are left out. By
            default all, as they stand in the file.

    Raises:
        DataError: no such file or rows, a column is missing or named twice, or a feature is not a
            finite number or a category in every row.
        MissingDependencyError: a Parquet file without pyarrow.
    """
    source = Path(path)
    table = read_table(source)
    of_groups = group_columns(group_column, table.columns)
    dropped = [drop_column] if isinstance(drop_column, str) else list(drop_column)
    check_columns(table, source, [label_column, *of_groups], "--label-column and --group-column")
    check_columns(table, source, dropped, "--drop-column")
    labels, names = numbered(list(table[label_column]), f"column '{label_column}' of '{source}'")
    groups, group_names = groups_in(table, source, of_groups)
    rows = rows_of_split(table, source, split)
    others = {label_column, *of_groups, *dropped, "split", "id"}
    features = _features(_in_order(table, source, columns, label_column), others)
    features, notes = _encoded(features, source, categories)
    features = features.iloc[rows]
    found = Table(
        frame_values(features, f" in '{source}'", option="--drop-column"),
        labels[rows],
        names,
        columns=[str(name) for name in features.columns],
        ids=[str(i) for i in table["id"].iloc[rows]] if "id" in table.columns else (),
        groups=groups[rows],
        group_names=group_names,
    )
    found.notes = (_told(found.columns), *notes, *numbering_of(names))
    return found


def _encoded(
    features: "pd.DataFrame", source: Path, given: Mapping[str, Sequence[str]] | None
) -> tuple["pd.DataFrame", tuple[str, ...]]:
    known = dict(given or {})
    check_columns(features, source, list(known), "--categories")
    found = categories_of(features.drop(columns=list(known)), f" in '{source}'")
    known |= found
    return with_dummies(features, known) if known else (features, ())


def _in_order(
    table: "pd.DataFrame", source: Path, columns: Sequence[str] | None, label_column: str
) -> "pd.DataFrame":
    """The table with the columns that are named, as they are named; all of it where none is."""
    if columns is None:
        return table
    check_columns(table, source, columns, "--columns")
    twice = [name for name, count in Counter(columns).items() if count > 1]
    if twice or label_column in columns:
        raise DataError(
            f"Expected columns of '{source}' to be named once each, and not the label, but got "
            f"{name_some(twice or [label_column])}; correct --columns"
        )
    return table[list(columns)]


def learned_options(
    path: str | os.PathLike[str], options: Mapping[str, Any]
) -> dict[str, dict[str, list[str]] | list[str]]:
    """The options `columns` and `categories` of a file, with which others give the same inputs.

    Args:
        path: of the file.
        options: of the data; of columns that are named, all others are no features.

    Raises:
        DataError: see `table_file`.
    """
    table = read_table(Path(path))
    named = [options.get("drop_column") or (), options.get("group_column") or "group"]
    others = {name for one in named for name in ([one] if isinstance(one, str) else one)}
    others |= {options.get("label_column") or "label", "split", "id"}
    given = options.get("columns")
    known = table if given is None else table[[one for one in given if one in table.columns]]
    features = _features(known, others)
    found = categories_of(features, f" in '{path}'")
    columns = [str(name) for name in features.columns]
    return {"columns": columns, **({"categories": found} if found else {})}


def read_table(source: Path) -> "pd.DataFrame":
    """All columns of a table: cells of a CSV file as texts, those of a Parquet file as they are.

    Raises:
        DataError: see `table_file`.
        MissingDependencyError: see `table_file`.
    """
    if source.suffix.lower() not in _PARQUET:
        table = read_rows(source)
        check_names(source, list(map(str, table.columns)))
        return table
    import pandas as pd

    need("pyarrow", extra="parquet")
    try:
        table = pd.read_parquet(source, engine="pyarrow")
    except (OSError, ValueError) as error:
        raise DataError(
            f"Expected a Parquet file at '{source}', but it cannot be read ({one_line(error)}); "
            "check the path"
        ) from error
    if not len(table):
        raise DataError(f"Expected rows in '{source}', but it has none; check the file")
    return table


def _features(table: "pd.DataFrame", others: set[str]) -> "pd.DataFrame":
    """The columns that are not something else, those of text as numbers where they are such."""
    import pandas as pd

    kept = [c for c in table.columns if c not in others and not str(c).startswith("Unnamed: ")]
    return pd.DataFrame({name: _parsed(table[name]) for name in kept}, index=table.index)


def _parsed(column: "pd.Series[Any]") -> "pd.Series[Any]":
    import pandas as pd

    if not pd.api.types.is_string_dtype(column.dtype):
        return column
    texts = column.astype(str).str.strip()
    lower = texts.str.lower()
    if lower.isin(list(_TRUTHS)).all():
        return lower.map(_TRUTHS).astype(bool)
    known = texts.where(~lower.isin(_GAPS))
    numbers = pd.to_numeric(known, errors="coerce")
    return column if bool((numbers.isna() & known.notna()).any()) else numbers


def _told(columns: Sequence[str]) -> str:
    more = f" and {len(columns) - _TOLD} more" if len(columns) > _TOLD else ""
    return (
        f"Features are the columns {', '.join(columns[:_TOLD])}{more}, as they stand in the file."
    )


def splits_in_table(path: str | os.PathLike[str]) -> list[str]:
    """The splits of the rows of a table; none where it has no such column.

    Raises:
        DataError: the file cannot be read.
    """
    return listed_splits(read_table(Path(path)))


def columns_in_table(path: str | os.PathLike[str]) -> list[str]:
    """The names of all columns of a table.

    Raises:
        DataError: the file cannot be read.
    """
    return [str(name) for name in read_table(Path(path)).columns]


SOURCE = Source(
    "table",
    "a CSV or Parquet file of numbers and categories with a label in each row",
    table_file,
    ("split", "label_column", "group_column", "drop_column", "categories", "columns"),
    splits=lambda path: splits_in_table(str(path)),
    learned=lambda path, options: learned_options(str(path), options),
    columns=columns_in_table,
)
