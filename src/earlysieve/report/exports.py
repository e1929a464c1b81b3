"""What an audit says of each example, for programs that show and filter data."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from earlysieve._cells import csv_bytes
from earlysieve._files import is_there
from earlysieve.errors import DataError, InputError
from earlysieve.groups.classes import class_name
from earlysieve.report.audit_view import ReportData
from earlysieve.report.named_examples import named_table

if TYPE_CHECKING:
    import pandas as pd

PREFIX = "audit_"
_LABEL_COLUMNS = ("label", "labels")


def fiftyone_csv(data: ReportData, root: Path | None) -> str:
    """A CSV file that FiftyOne's CSVDataset opens: `filepath`, absolute, and a field per column.

    Args:
        data: an audit whose examples are files.
        root: the folder that their ids are relative to; None: the one that the audit read.

    Raises:
        InputError: the examples are no files, or nothing says in which folder they lie.
        DataError: a file is missing.
    """
    table = named_table(data)
    place = root if root is not None else _recorded(data)
    paths = [(place / one).absolute() for one in table["example"]]
    missing = [path for path in paths if not (is_there(path) and path.is_file())]
    if missing:
        raise DataError(
            f"Expected the file of each example below '{place}', but {len(missing):,} of "
            f"{len(paths):,} are missing, '{missing[0]}' for one; pass the folder that the ids in "
            "scores.csv are relative to as root (--root)"
        )
    table.insert(0, "filepath", [str(path) for path in paths])
    return csv_bytes(table).decode("utf-8")


def _recorded(data: ReportData) -> Path:
    found = data.config.get("root")
    names = data.examples["id"].astype(str)
    if not isinstance(found, str) and all(Path(name).is_absolute() for name in names):
        return Path(names.iloc[0]).parent  # which no whole path needs
    if not isinstance(found, str) and not any(Path(name).suffix for name in names):
        raise InputError(
            "Expected an audit of files, such as images, but the examples of this one are rows, "
            f"such as '{names.iloc[0]}': texts and tables have no files that FiftyOne could show, "
            "and a data set of images has to name them: let its identify(i) return the path, and "
            "audit again"
        )
    if not isinstance(found, str):
        raise InputError(
            "Expected an audit of files, but this one does not say where its examples lie; pass "
            "the folder that the ids in scores.csv are relative to as root (--root)"
        )
    return Path(found)


def with_columns(dataset: Any, data: ReportData) -> Any:
    """A HuggingFace data set with what the audit says of each row, in columns named audit_*.

    Args:
        dataset: the `datasets.Dataset` that was audited, in the same order; it stays as it is.
        data: the audit. Rows that were not audited hold None.

    Returns:
        A new data set.

    Raises:
        InputError: it is no table of HuggingFace, has too few rows, labels others than those that
            were audited, or has such columns already.
    """
    table = named_table(data)
    if not hasattr(dataset, "add_column") or not hasattr(dataset, "column_names"):
        raise InputError(
            f"Expected a datasets.Dataset, but got {type(dataset).__name__}; pass one split of the "
            "data set that was audited"
        )
    rows = _rows_of(table)
    if max(rows, default=-1) >= len(dataset):
        raise InputError(
            f"Expected the data set that was audited, with at least {max(rows) + 1:,} rows, but "
            f"got {len(dataset):,}; pass the same split, unfiltered and in the same order"
        )
    _check_labels(dataset, data, rows)
    added = {
        f"{PREFIX}{name}": _cells(table[name].tolist(), rows, len(dataset))
        for name in _shown(table)
    }
    there = [name for name in added if name in dataset.column_names]
    if there:
        raise InputError(
            f"Expected a data set without a column '{there[0]}', but it has one; remove the "
            "columns of a former audit first"
        )
    for name, cells in added.items():
        dataset = dataset.add_column(name, cells)
    return dataset


def _check_labels(dataset: Any, data: ReportData, rows: list[int]) -> None:
    """Other data, or the same in another order, would get the scores of other rows."""
    features = getattr(dataset, "features", None) or {}
    named = {name: getattr(kind, "names", None) for name, kind in features.items()}
    known = [name for name, names in named.items() if names] + [*_LABEL_COLUMNS]
    column = next((name for name in known if name in dataset.column_names), None)
    if column is None:
        return
    values, names = dataset[column][:], named.get(column) or ()
    for row, number in zip(rows, data.examples["label"].tolist(), strict=True):
        there = {str(values[row])}
        if isinstance(values[row], int) and 0 <= values[row] < len(names):
            there.add(str(names[values[row]]))
        mine = {str(number), class_name(number, data.class_names)}
        if not there & mine:
            raise InputError(
                f"Expected the data set that was audited, but in row {row} its column '{column}' "
                f"holds '{max(there, key=len)}', and the audit '{max(mine, key=len)}'; pass the "
                "same split, unfiltered and in the same order"
            )


def _shown(table: "pd.DataFrame") -> list[str]:
    return [name for name in table.columns if name not in ("example", "index", "label")]


def _rows_of(table: "pd.DataFrame") -> list[int]:
    """The row of each example: its name where that is a number, which holds for samples, too."""
    names = table["example"].tolist()
    numbered = all(name.isascii() and name.isdigit() for name in names)
    return [int(name) for name in names] if numbered else [int(i) for i in table["index"]]


def _cells(values: list[Any], rows: list[int], size: int) -> list[Any]:
    """The values by row of the data set."""
    cells: list[Any] = [None] * size
    for row, value in zip(rows, values, strict=True):
        cells[row] = value
    return cells
