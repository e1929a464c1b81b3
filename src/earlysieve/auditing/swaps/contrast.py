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
    """A column less what is usual for another, in parts of how much it varies there.

    What is usual is a line from bin to bin of the other column, which goes on at the ends.

    Attributes:
        first, second: places of the other column, and of the one that is told by it.
        knots: means of the other column in its bins, ascending, shape (K,).
        usual: what the column is there, shape (K,).
        spread: how much it varies beside that, > 0, shape (K,).
    """

    first: int
    second: int
    knots: Floats
    usual: Floats
    spread: Floats

    def __call__(self, rows: Floats) -> Floats:
        """Of rows (N, D), shape (N,)."""
        other, column = (rows[:, k].astype(np.float64) for k in (self.first, self.second))
        beside = column - _line(other, self.knots, self.usual)
        return np.asarray(beside / np.interp(other, self.knots, self.spread))


def contrasts(rows: Floats, first: int, seconds: Ints) -> list[Contrast]:
    """The contrast of each of some columns to one.

    Args:
        rows: a table, shape (N, D).
        first: place of the other column.
        seconds: places of those that are told by it, shape (S,).
    """
    other = rows[:, first].astype(np.float64)
    bins = max(1, min(_BINS, len(other) // _ROWS_PER_BIN))
    edges = np.unique(np.quantile(other, np.linspace(0, 1, bins + 1)[1:-1]))
    place = np.unique(np.searchsorted(edges, other, side="right"), return_inverse=True)[1]
    sizes = np.bincount(place)
    columns = rows[:, seconds].astype(np.float64)
    knots = np.bincount(place, weights=other) / sizes
    found = []
    for second, column in zip(seconds.tolist(), columns.T, strict=True):
        usual = np.bincount(place, weights=column) / sizes
        beside = np.square(column - _line(other, knots, usual))
        spread = np.sqrt(np.bincount(place, weights=beside) / sizes)
        floor = max(_TINY, _TINY * float(np.abs(column).max()))
        found.append(Contrast(first, second, knots, usual, np.maximum(spread, floor)))
    return found


def _line(other: Floats, knots: Floats, usual: Floats) -> Floats:
    """From knot to knot; beyond the ends it goes on as between the last two."""
    if len(knots) < 2:
        return np.full(len(other), usual[0])
    inside = np.interp(other, knots, usual)
    slopes = (usual[[1, -1]] - usual[[0, -2]]) / (knots[[1, -1]] - knots[[0, -2]])
    below, above = np.minimum(other - knots[0], 0), np.maximum(other - knots[-1], 0)
    return np.asarray(inside + slopes[0] * below + slopes[1] * above)
