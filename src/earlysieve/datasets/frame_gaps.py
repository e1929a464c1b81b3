"""Frames with gaps as frames without: a column of 0 and 1 beside says where there was none."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from earlysieve.datasets.categories import is_text, texts_of
from earlysieve.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

MISSING = "missing"


@dataclass(frozen=True)
class Gaps:
    """Where a frame has no value, for models that take such rows.

    Attributes:
        numbers: of each column of numbers with gaps, what stands in for them, its median: the
            column beside tells them, and so no value has to.
        beside: the name of that column.
        texts: of each column of texts with gaps, the category that stands for them.
    """

    numbers: Mapping[str, float]
    beside: Mapping[str, str]
    texts: Mapping[str, str]

    def filled(self, frame: "pd.DataFrame") -> "pd.DataFrame":
        """A frame without gaps; the columns that tell them come last.

        Args:
            frame: of the columns that the gaps were found in.
        """
        found = frame.copy()
        for name, category in self.texts.items():
            texts = texts_of(frame[name])
            found[name] = texts.where(texts != "", category).astype("category")
        for name, median in self.numbers.items():
            values = frame[name].to_numpy(np.float64, na_value=np.nan)
            gaps = np.isnan(values)
            found[name] = np.where(gaps, median, values)
            found[self.beside[name]] = gaps.astype(np.float64)
        return found


def gaps_of(frame: "pd.DataFrame") -> Gaps:
    """Where the columns of a frame have no value.

    Args:
        frame: with names of columns that are texts.

    Raises:
        DataError: a column has no value at all.
    """
    numbers, beside, texts = {}, {}, {}
    taken = set(frame.columns)
    for name in frame.columns:
        if is_text(frame[name]):
            values = texts_of(frame[name])
            if (values == "").any():
                texts[name] = _free(MISSING, set(values))
        elif frame[name].isna().any():
            _check_any(frame[name], name)
            numbers[name] = float(np.median(frame[name].dropna().to_numpy(np.float64)))
            beside[name] = _free(f"{name} {MISSING}", taken)
            taken.add(beside[name])
    return Gaps(numbers, beside, texts)


def _check_any(column: "pd.Series[Any]", name: str) -> None:
    if column.isna().all():
        raise DataError(
            f"Expected a value in some row of column '{name}', but got none in {len(column)} rows; "
            "leave the column out, of the model, too"
        )


def _free(name: str, taken: set[str]) -> str:
    """The name, or with strokes after it where another has it."""
    while name in taken:
        name += "'"
    return name
