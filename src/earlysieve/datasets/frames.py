"""The columns of a pandas frame as numbers, checked by name."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from earlysieve.datasets.checks import name_some
from earlysieve.errors import DataError

if TYPE_CHECKING:
    import pandas as pd


def frame_values(frame: "pd.DataFrame", where: str = "") -> NDArray[np.float32]:
    """All columns as float32, shape (N, D); true is 1.

    Args:
        frame: of booleans, whole numbers and floats.
        where: for messages, such as " in 'x.csv'".

    Raises:
        DataError: two columns of one name, or one that holds something else, or nothing in a row.
    """
    names = [str(name) for name in frame.columns]
    if not names:
        raise DataError(f"Expected columns{where}, but there is none; pass at least one")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(
            f"Expected columns of different names{where}, but {name_some(twice)} is there more "
            "than once; rename or remove one"
        )
    columns = [_column(frame[name], str(name), where) for name in frame.columns]
    return np.stack(columns, 1)


def _column(column: "pd.Series[Any]", name: str, where: str) -> NDArray[np.float32]:
    from pandas.api.types import is_bool_dtype, is_complex_dtype, is_numeric_dtype

    number = is_bool_dtype(column.dtype) or is_numeric_dtype(column.dtype)
    if not number or is_complex_dtype(column.dtype):
        raise DataError(
            f"Expected columns of numbers{where}, but '{name}' holds {_kind(column)}; leave it "
            f"out{' (--drop-column)' if where else ''}, or turn it into numbers, for example with "
            f"pandas.get_dummies(frame, columns=['{name}'])"
        )
    missing = column.isna().to_numpy()
    if missing.any():
        raise DataError(
            f"Expected a value in every row{where}, but column '{name}' has none in "
            f"{int(missing.sum())} of {len(column)} rows (the first is row "
            f"{int(missing.argmax()) + 1}); fill them in as for training, or leave the column out"
        )
    values = column.to_numpy(np.float64)
    with np.errstate(over="ignore"):
        kept = values.astype(np.float32)
    if not np.isfinite(kept).all():
        raise DataError(
            f"Expected finite values that float32 can hold{where}, but column '{name}' has "
            f"{values[~np.isfinite(kept)][0]}; clip it, or leave the column out"
        )
    return kept


def _kind(column: "pd.Series[Any]") -> str:
    known = column.dropna()
    example = f", as {str(known.iloc[0])[:40]!r}" if len(known) else ""
    return f"{column.dtype}{example}"
