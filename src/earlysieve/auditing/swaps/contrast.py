"""What a number is for what another one is: a ratio, a difference, a weight for a height.

Two columns that vary together, as what was billed and what was paid, may each tell nothing of the
class, and the one for the other nearly all.
"""

from dataclasses import dataclass

import numpy as np

from earlysieve._arrays import Floats, Ints

_TINY = 1e-9
_BINS, _ROWS_PER_BIN = 20, 25


@dataclass(frozen=True)
class Contrast:
    """Columns less what is usual for another, in parts of how much they vary there.

    What is usual is a line from bin to bin of the other column, which goes on at the ends.

    Attributes:
        first: place of the other column.
        seconds: places of the S columns that are told by it.
        knots: means of the other column in its bins, ascending, shape (K,).
        usual: what the columns are there, shape (K, S).
        spread: how much they vary beside that, > 0, shape (K, S).
    """

    first: int
    seconds: Ints
    knots: Floats
    usual: Floats
    spread: Floats

    def __call__(self, rows: Floats) -> Floats:
        """Of rows (N, D), shape (N, S)."""
        place, part = _between(rows[:, self.first].astype(np.float64), self.knots)
        beside = rows[:, self.seconds].astype(np.float64) - _line(place, part, self.usual)
        return np.asarray(beside / _line(place, part.clip(0, 1), self.spread))


def contrast_of(rows: Floats, first: int, seconds: Ints) -> Contrast:
    """The contrast of some columns to one.

    Args:
        rows: a table, shape (N, D).
        first: place of the other column.
        seconds: places of those that are told by it, shape (S,).
    """
    other, columns = rows[:, first].astype(np.float64), rows[:, seconds].astype(np.float64)
    bins = max(1, min(_BINS, len(other) // _ROWS_PER_BIN))
    edges = np.unique(np.quantile(other, np.linspace(0, 1, bins + 1)[1:-1]))
    place = np.unique(np.searchsorted(edges, other, side="right"), return_inverse=True)[1]
    knots = _means(place, other[:, None])[:, 0]
    usual = _means(place, columns)
    beside = columns - _line(*_between(other, knots), usual)
    floor = np.maximum(_TINY, _TINY * np.abs(columns).max(0))
    spread = np.maximum(np.sqrt(_means(place, np.square(beside))), floor)
    return Contrast(first, seconds, knots, usual, spread)


def _means(place: Ints, columns: Floats) -> Floats:
    """Means of columns (N, S) in each bin, shape (K, S)."""
    sums = [np.bincount(place, weights=column) for column in columns.T]
    return np.asarray(np.stack(sums, 1) / np.bincount(place)[:, None])


def _between(other: Floats, knots: Floats) -> tuple[Ints, Floats]:
    """The knot before each number, and which part of the way to the next it lies, both (N,).

    Below 0 or above 1 where it lies beyond the ends.
    """
    if len(knots) < 2:
        return np.zeros(len(other), np.int64), np.zeros(len(other))
    place = (np.searchsorted(knots, other, side="right") - 1).clip(0, len(knots) - 2)
    return place, (other - knots[place]) / (knots[place + 1] - knots[place])


def _line(place: Ints, part: Floats, at_knots: Floats) -> Floats:
    """Numbers (K, S) between knots, shape (N, S)."""
    after = np.minimum(place + 1, len(at_knots) - 1)
    return np.asarray(at_knots[place] + part[:, None] * (at_knots[after] - at_knots[place]))
