"""The columns of a pandas frame as numbers, checked by name."""

import shlex
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from earlysieve.datasets.checks import name_some
from earlysieve.errors import DataError

_TOLD = 10
_NUMBERS = (bool, int, float, np.number, np.bool_)

if TYPE_CHECKING:
    import pandas as pd


def frame_values(
    frame: "pd.DataFrame", where: str = "", *, option: str = ""
) -> NDArray[np.float32]:
    """All columns as float32, shape (N, D); true is 1.

    Args:
        frame: of booleans, whole numbers and floats.
        where: for messages, such as " in 'x.csv'".
        option: of the command line that leaves a column out, for messages; empty: there is none.

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
    _check_numbers(frame, where)
    _check_gaps(frame, where, option)
    columns = [_column(frame[name], str(name), where) for name in frame.columns]
    return np.stack(columns, 1)


def number_array(values: NDArray[Any], what: str) -> NDArray[Any]:
    """An array of numbers as it is, one of objects that are numbers or booleans as float32.

    Args:
        values: any array.
        what: it is, for messages, such as "activations of layer 'first'".

    Raises:
        DataError: it holds something else.
    """
    if values.dtype.kind in "biuf":
        return values
    try:
        return values.astype(np.float32) if values.dtype.kind == "O" else _refused(values, what)
    except (TypeError, ValueError):
        return _refused(values, what)


def _refused(values: NDArray[Any], what: str) -> NDArray[Any]:
    odd = next((k for k, one in enumerate(values.flat) if not isinstance(one, _NUMBERS)), 0)
    column = f" in column {odd % values.shape[-1]}" if values.ndim == 2 else ""
    example = f"{str(values.flat[odd])[:40]!r}{column}" if values.size else str(values.dtype)
    raise DataError(
        f"Expected numbers as {what}, but got {example}; turn categories into numbers, for example "
        "with pandas.get_dummies(frame, columns=[...], dtype=float), or leave the column out"
    )


def _check_numbers(frame: "pd.DataFrame", where: str) -> None:
    """Check that all columns hold numbers; those that do not are named together."""
    wrong = [str(name) for name in frame.columns if not _is_number(frame[name])]
    if wrong:
        told = ", ".join(f"'{name}' holds {_kind(frame[name])}" for name in wrong[:_TOLD])
        more = f" and {len(wrong) - _TOLD} more" if len(wrong) > _TOLD else ""
        raise DataError(
            f"Expected columns of numbers{where}, but {told}{more}; turn them into numbers, for "
            f"example categories with pandas.get_dummies(frame, columns={wrong[:_TOLD]}, "
            "dtype=float), or leave them out"
        )


def _is_number(column: "pd.Series[Any]") -> bool:
    from pandas.api.types import is_bool_dtype, is_complex_dtype, is_numeric_dtype

    number = is_bool_dtype(column.dtype) or is_numeric_dtype(column.dtype)
    return bool(number) and not is_complex_dtype(column.dtype)


def _check_gaps(frame: "pd.DataFrame", where: str, option: str) -> None:
    """Check that there is a value in every row; columns without are named together."""
    wrong = {str(name): told for name in frame.columns if (told := gaps(frame[name]))}
    if not wrong:
        return
    told = ", ".join(f"column '{name}' has none {rows}" for name, rows in wrong.items())
    columns = "column" if len(wrong) == 1 else "columns"
    leave = f" ({leaving_out(option, wrong)})" if option else ""
    raise DataError(
        f"Expected a value in every row{where}, but {told}; fill them in as for training, or leave "
        f"the {columns} out{leave}"
    )


def gaps(column: "pd.Series[Any]") -> str:
    """In how many rows a column has no value, and in which first; empty where it has all."""
    missing = column.isna().to_numpy()
    if not missing.any():
        return ""
    first = int(missing.argmax()) + 1
    return f"in {int(missing.sum())} of {len(column)} rows (the first is row {first})"


def leaving_out(option: str, names: Iterable[str]) -> str:
    """The option of the command line that leaves out each of these columns."""
    return " ".join(shlex.join((option, name)) for name in names)


def _column(column: "pd.Series[Any]", name: str, where: str) -> NDArray[np.float32]:
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
