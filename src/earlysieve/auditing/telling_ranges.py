"""A range of a number that tells one class, where the rest of the number tells little.

Another unit at one site, an age above which all are of one class, a stretch of record numbers. A
reader of the whole column hardly tells the label, and is misled in most rows; a reader of the range
speaks of its rows alone, as one of telling values does.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from earlysieve._arrays import Bools, Floats, Ints
from earlysieve.auditing.telling_values import (
    MOST,
    TellingValues,
    named_values,
    telling_values,
    written,
)
from earlysieve.auditing.trend import off_trend
from earlysieve.datasets.variables import Variable

_MOST_BINS, _ROWS_PER_BIN = 40, 25
_PURE, _TELLS = 0.7, 0.6
_SHARE, _MOST_ROWS, _TIMES = 0.02, 0.6, 4
_FEWEST_BINS = 20
_FEWEST_DIGITS, _MOST_DIGITS = 3, 9


@dataclass(frozen=True)
class TellingRange:
    """From where to where a number tells a class.

    Attributes:
        variable: of the table; one column.
        low, high: the first and the last number; infinite where there is no end.
        kind: the class.
    """

    variable: Variable
    low: float
    high: float
    kind: int

    @property
    def kinds(self) -> tuple[int, ...]:
        """The class."""
        return (self.kind,)

    @property
    def listed(self) -> str:
        """The range in words, as "58 to 77"."""
        if np.isinf(self.low):
            return f"at most {written(self.high)}"
        if np.isinf(self.high):
            return f"at least {written(self.low)}"
        return f"{written(self.low)} to {written(self.high)}"

    @property
    def name(self) -> str:
        """Of the property, and of the part that is swapped."""
        return named_values(self.variable, self.listed)

    def place_in(self, column: Floats) -> str:
        """Which rows of the column (N,) these are: of a scaled one a number itself says nothing."""
        name = self.variable.name.removeprefix("column ")
        share = ((column >= self.low) & (column <= self.high)).mean()
        if np.isinf(self.low) or np.isinf(self.high):
            end = "lowest" if np.isinf(self.low) else "highest"
            return f"These are the {end} {share:.0%} of the rows by column '{name}'."
        below = (column < self.low).mean()
        return (
            f"These are {share:.0%} of the rows; {below:.0%} of them lie below by column '{name}'."
        )

    def said_by(self, rows: Floats) -> Ints:
        """The class where a row lies in the range, else -1, shape (N,)."""
        column = rows[:, self.variable.columns[0]].astype(np.float64)
        return np.where((column >= self.low) & (column <= self.high), self.kind, -1)


Telling = TellingValues | TellingRange


def all_telling(
    rows: Floats, labels: Ints, classes: int, variables: Sequence[Variable]
) -> tuple[Telling, ...]:
    """Single values and ranges of at most two variables, values first.

    Args:
        rows: a table, shape (N, D).
        labels: shape (N,).
        classes: C.
        variables: of the table.
    """
    found: list[Telling] = [*telling_values(rows, labels, classes, variables)]
    for one in telling_ranges(rows, labels, classes, variables):
        if all(one.variable != other.variable for other in found):
            found.append(one)
    return tuple(found[:MOST])


def telling_ranges(
    rows: Floats, labels: Ints, classes: int, variables: Sequence[Variable]
) -> tuple[TellingRange, ...]:
    """Ranges of numbers that tell one class, those with most rows of it first.

    Each number is cut into 20 to 40 bins of as many rows (at least 25). Those bins count of which
    at least 0.7 are of one class, and which take away at least 0.6 of the doubt whether a row is of
    it. Neighbours of one class are a range, where they are 2% of the rows or more and end sharply:
    beyond at most one bin that they share with what lies there, a row tells a quarter of that or
    less, and less than the trend of all other bins would say of the range (see `off_trend`). A
    class that fades in step by step has no such end. Where bins that count hold more than
    0.6 of all rows the reader of the column sees what it tells.

    Args:
        rows: a table, shape (N, D).
        labels: shape (N,).
        classes: C.
        variables: of the table; categories have no ranges.
    """
    found = []
    for one in variables:
        if one.is_category:
            continue
        column = rows[:, one.columns[0]].astype(np.float64)
        place = _binned(column)
        if place.max() + 1 < min(_FEWEST_BINS, len(np.unique(column))):
            continue
        counts = np.zeros((int(place.max()) + 1, classes))
        np.add.at(counts, (place, labels), 1)
        for kind, first, last in _runs(counts):
            inside = (place >= first - 1) & (place <= last + 1)
            low, high = _ends(column, labels == kind, inside, (place >= first) & (place <= last))
            part = TellingRange(one, low, high, kind)
            hits = int((labels[part.said_by(rows) >= 0] == kind).sum())
            found.append((hits, part))
    found.sort(key=lambda pair: -pair[0])
    return tuple(part for _, part in found)


def _binned(column: Floats) -> Ints:
    """Which of up to 40 bins of as many rows each row is in, ascending without gaps, (N,)."""
    bins = max(1, min(_MOST_BINS, len(column) // _ROWS_PER_BIN))
    edges = np.unique(np.quantile(column, np.linspace(0, 1, bins + 1)[1:-1]))
    place = np.searchsorted(edges, column, side="right")
    return np.unique(place, return_inverse=True)[1].astype(np.int64)


def _runs(counts: Floats) -> list[tuple[int, int, int]]:
    """The class, first and last bin of each range, of counts (B, C) of the classes by bin."""
    sizes = counts.sum(1)
    base = counts.sum(0) / sizes.sum()
    tells = (counts / sizes[:, None] - base) / np.maximum(1 - base, 1e-9)
    kinds = tells.argmax(1)
    every = np.arange(len(counts))
    pure = counts[every, kinds] / sizes >= _PURE
    able = pure & (tells[every, kinds] >= _TELLS)
    if not able.any() or sizes[able].sum() > _MOST_ROWS * sizes.sum():
        return []
    found, start = [], 0
    for place in range(1, len(counts) + 1):
        same = place < len(counts) and able[place] == able[start] and kinds[place] == kinds[start]
        if same:
            continue
        large = sizes[start:place].sum() >= _SHARE * sizes.sum()
        ends = able[start] and large and _ends_sharply(tells[:, kinds[start]], start, place - 1)
        if ends and _off_trend(counts, int(kinds[start]), start, place - 1):
            found.append((int(kinds[start]), start, place - 1))
        start = place
    return found


def _ends_sharply(tells: Floats, first: int, last: int) -> bool:
    """Whether a class is told little on both sides, beyond one bin each."""
    least = float(tells[first : last + 1].mean()) / _TIMES
    sides = [tells[max(first - 2, 0) : max(first - 1, 0)], tells[last + 2 : last + 3]]
    beyond = np.concatenate(sides)
    return len(beyond) > 0 and bool((beyond <= least).all())


def _off_trend(counts: Floats, kind: int, first: int, last: int) -> bool:
    """Whether a range tells more than the trend of the bins that share nothing with it would.

    Of a number that tells a class step by step a bin of a few dozen rows may look like a sharp end.

    Args:
        counts: of the classes by bin, shape (B, C).
        kind: the class.
        first, last: bins of the range.
    """
    sizes, hits = counts.sum(1), counts[:, kind]
    others = np.r_[0 : max(0, first - 1), min(last + 2, len(counts)) : len(counts)]
    return off_trend(
        np.r_[(first + last) / 2, others],
        # One row more each, of all classes in part: a bin without the class has finite odds.
        np.r_[hits[first : last + 1].sum(), hits[others] + hits.sum() / sizes.sum()],
        np.r_[sizes[first : last + 1].sum(), sizes[others] + 1],
    )


def _ends(column: Floats, mine: Bools, near: Bools, sure: Bools) -> tuple[float, float]:
    """Where a class begins and ends best: of cuts in the bins beside those that are surely its."""
    inner_low, inner_high = column[sure].min(), column[sure].max()
    low = _best_cut(column, mine, near & (column < inner_low), inner_low, downwards=True)
    high = _best_cut(column, mine, near & (column > inner_high), inner_high, downwards=False)
    below, above = column[column < low], column[column > high]
    return (
        short_of(low, float(below.max()), downwards=True) if len(below) else -np.inf,
        short_of(high, float(above.min()), downwards=False) if len(above) else np.inf,
    )


def short_of(last: float, beyond: float, *, downwards: bool) -> float:
    """The number of fewest digits (at least three) from the last of a range to what lies beyond."""
    towards = math.floor if downwards else math.ceil
    for digits in range(_FEWEST_DIGITS, _MOST_DIGITS):
        power = digits - 1 - math.floor(math.log10(abs(last))) if last else 0
        found = towards(last * 10.0**power) / 10.0**power
        if beyond < found <= last or last <= found < beyond:
            return found
    return last


def _best_cut(
    column: Floats, mine: Bools, beside: Bools, start: float, *, downwards: bool
) -> float:
    """The last number that still is of the class, going outwards from where it surely is."""
    values, place = np.unique(column[beside], return_inverse=True)
    if not len(values):
        return float(start)
    gain = np.bincount(place, weights=np.where(mine[beside], 1.0, -1.0), minlength=len(values))
    if downwards:
        values, gain = values[::-1], gain[::-1]
    total = gain.cumsum()
    best = int(total.argmax())
    return float(values[best]) if total[best] > 0 else float(start)
