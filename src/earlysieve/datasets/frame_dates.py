"""Columns of dates as numbers and their weekday, and the way back to dates."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from earlysieve.datasets.categories import is_text

if TYPE_CHECKING:
    import pandas as pd

WEEKDAY = "weekday"
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# Where a date is missing, so is its weekday.
_NONE = "none"
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
_FEW, _WEEK, _DAY = 50, 7, 86_400_000_000_000


@dataclass(frozen=True)
class Dates:
    """The columns of a frame that are dates, for models that take them as they are.

    Attributes:
        first: of each such column, its first date: what numbers count days from.
        beside: the name of the column of its weekdays.
    """

    first: Mapping[str, "pd.Timestamp"]
    beside: Mapping[str, str]

    def told(self, frame: "pd.DataFrame") -> "pd.DataFrame":
        """A frame with days since the first date for each date; columns of weekdays come last.

        Args:
            frame: of the columns that the dates were found in.
        """
        found = frame.copy()
        for name, first in self.first.items():
            dates = as_dates(frame[name])
            found[name] = (dates - first).to_numpy("timedelta64[ns]").astype(np.int64) / _DAY
            found.loc[dates.isna().to_numpy(), name] = np.nan
            number = dates.dt.day_of_week.fillna(_WEEK).to_numpy(np.int64)
            found[self.beside[name]] = np.array([*WEEKDAYS, _NONE], dtype=object)[number]
        return found

    def back(self, name: str, column: "pd.Series[Any]") -> Callable[[Any, Any], Any]:
        """How days and weekdays become values of a column again.

        Args:
            name: of the column.
            column: its values, as the frame had them.

        Returns:
            A function of days since the first date, shape (B,), float, NaN for none, and numbers
            of weekdays, shape (B,), -1 for none. Dates are moved by three days at most to be of
            their weekday. Texts come back as texts.
        """
        import pandas as pd

        first, texts = self.first[name], is_text(column)

        def values(days: Any, weekdays: Any) -> Any:
            dates = first + pd.to_timedelta(pd.Series(days), unit="D")
            dates = dates.dt.round("s")
            apart = np.asarray(weekdays) - dates.dt.day_of_week.fillna(0).to_numpy()
            moved = np.where(np.asarray(weekdays) < 0, 0, (apart + 3) % _WEEK - 3)
            dates = dates + pd.to_timedelta(moved, unit="D")
            if texts:
                written = dates.dt.strftime("%Y-%m-%d").astype(object)
                return written.where(dates.notna(), None).array
            return dates.astype(column.dtype).array

        return values


def dates_of(frame: "pd.DataFrame") -> Dates:
    """The columns of a frame that are dates: of pandas' own, or texts as 2024-05-17.

    Texts are dates where all are, and too many to be categories.
    """
    first, beside = {}, {}
    taken = set(map(str, frame.columns))
    for name in frame.columns:
        if not _are_dates(frame[name]):
            continue
        first[str(name)] = as_dates(frame[name]).min()
        flag = f"{name} {WEEKDAY}"
        while flag in taken:
            flag += "'"
        taken.add(flag)
        beside[str(name)] = flag
    return Dates(first, beside)


def as_dates(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """The values as dates of pandas; texts are read as 2024-05-17."""
    import pandas as pd

    return pd.to_datetime(column, format="%Y-%m-%d") if is_text(column) else column


def _are_dates(column: "pd.Series[Any]") -> bool:
    from pandas.api.types import is_datetime64_any_dtype

    if is_datetime64_any_dtype(column.dtype):
        return bool(column.notna().any())
    if not is_text(column) or column.dtype == "category" or column.nunique() <= _FEW:
        return False
    known = column.dropna()
    if not all(isinstance(one, str) and _ISO.fullmatch(one) for one in known):
        return False
    try:
        as_dates(column)
    except ValueError:
        return False
    return True
