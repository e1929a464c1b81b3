"""scores.csv: the example table of an audit."""

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from earlysieve._cells import restored
from earlysieve.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

_COLUMN_TYPES: dict[str, Any] = {
    "index": np.int64,
    "id": str,
    "label": np.int64,
    "prediction": np.int64,
    "confidence": np.float32,
    "group": "Int64",
    "readout_prediction": np.int64,
    "margin": np.float32,
    "shortcut_score": np.float32,
    "flagged": bool,
}
_OF_A_READER = "score of "
_TRUTH = {"True": True, "False": False}


def examples_from(path: Path, content: bytes, *, defused: bool) -> "pd.DataFrame":
    """The example table.

    Args:
        path: for messages.
        content: of the file.
        defused: whether texts were written so that no spreadsheet takes them for formulas.

    Raises:
        DataError: a column is missing, or a value is not of its kind.
    """
    import pandas as pd

    try:
        cells = pd.read_csv(
            io.BytesIO(content), dtype=str, keep_default_na=False, lineterminator="\n"
        )
    except (ValueError, OverflowError) as error:
        raise _broken(path, str(error)) from error
    missing = [name for name in _COLUMN_TYPES if name not in cells.columns]
    if missing:
        raise _broken(path, f"the column '{missing[0]}' is missing")
    if not len(cells) or cells.isna().any(axis=None) or not isinstance(cells.index, pd.RangeIndex):
        raise _broken(path, "it has no rows, or rows that are too short or too long")
    columns = {name: _column(path, cells[name], _type_of(name)) for name in cells.columns}
    table = pd.DataFrame(columns)
    return table.assign(id=cells["id"].map(restored)) if defused else table


def _type_of(column: str) -> Any:
    is_score = column.startswith(_OF_A_READER) or column == "label_doubt"
    return np.float32 if is_score else _COLUMN_TYPES.get(column)


def _column(path: Path, cells: "pd.Series[str]", kind: Any) -> Any:
    import pandas as pd

    if kind in (str, None):
        return cells
    try:
        if kind is bool:
            return cells.map(_TRUTH).astype(int).astype(bool)
        if kind == "Int64":
            numbers = cells.where(cells != "", "0").astype(np.int64).astype("Int64")
            return numbers.mask(cells == "")
        values = cells.to_numpy(dtype=object).astype(kind)
    except (ValueError, OverflowError) as error:
        raise _broken(path, f"column '{cells.name}': {error}") from error
    if kind is np.float32 and not np.isfinite(values).all():
        raise _broken(path, f"column '{cells.name}' holds NaN or infinity")
    return pd.Series(values)


def _broken(path: Path, problem: str) -> DataError:
    return DataError(
        f"Expected the example table of an audit in '{path}', but got another content "
        f"({' '.join(problem.split())}); run the audit again, or copy its folder again"
    )
