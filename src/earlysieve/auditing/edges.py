"""A frame around the images of a class.

As a mark it goes with one class, but it lies all along the edge, so that no place of it tells more
than the next one. What is looked for is a colour, or something light or dark, that every place
along the edge holds, and that nothing inside the image tells as well. A bar along one side alone is
not looked for: classes differ in what reaches the upper edge, say, for reasons of their own.
"""

from dataclasses import dataclass

import numpy as np

from earlysieve._arrays import Bools, Floats, Ints
from earlysieve.auditing.marks import ALONE, CELLS, FEWEST, LEAST, most_telling

_INSIDE = slice(2, CELLS - 2)


@dataclass(frozen=True)
class Band:
    """A frame of one colour.

    Attributes:
        end: which of the brightnesses and colours of `mark_features`.
        threshold: an image holds it where the least of the places along the edge has at least this.
        kind: the class that it goes with.
    """

    end: int
    threshold: float
    kind: int


Bands = tuple[Band, ...]


def bands_held(values: Floats, bands: Bands) -> Bools:
    """Which rows of features of `mark_features`, shape (N, F), hold which frame, shape (N, K)."""
    around = _around(_grid(values))
    return np.stack([around[:, one.end] >= one.threshold for one in bands], 1)


def band_shape(values: Floats, bands: Bands) -> Floats:
    """The same as numbers, for a reader."""
    return bands_held(values, bands).astype(np.float64)


def telling_bands(
    values: Floats,
    labels: Ints,
    classes: int,
    weights: Floats | None = None,
    alone: float = ALONE,
) -> Bands:
    """For each class the frame that it holds more often than the others do; none for most classes.

    Args:
        values: from `mark_features`, shape (N, F).
        labels: shape (N,), values in [0, classes).
        classes: C.
        weights: how many examples each stands for, shape (N,); None: one.
        alone: how much more it must tell than any place inside the image.
    """
    grid = _grid(values)
    inside = grid[:, :, _INSIDE, _INSIDE].reshape(len(grid), -1)
    more, at = most_telling(_around(grid), labels, classes, weights)
    within, _ = most_telling(inside, labels, classes, weights)
    counts = np.bincount(labels, minlength=classes)
    found = []
    for kind in np.flatnonzero(np.minimum(counts, len(labels) - counts) >= FEWEST):
        end = int(more[kind].argmax())
        if more[kind, end] >= max(LEAST, within[kind].max() + alone):
            found.append(Band(end, float(at[kind, end]), int(kind)))
    return tuple(found)


def where_bands_lie(height: int, width: int) -> Bools:
    """The pixels of a frame, shape (height, width): those of the places along the edge."""
    high, wide = (max(1, round(side / CELLS)) for side in (height, width))
    found = np.ones((height, width), bool)
    found[high:-high, wide:-wide] = False
    return found


def _grid(values: Floats) -> Floats:
    """Features of marks by brightness or colour, row and column: (N, E, `CELLS`, `CELLS`)."""
    return values.reshape(len(values), -1, CELLS, CELLS)


def _around(grid: Floats) -> Floats:
    """The least of the places along the edge: (N, E, `CELLS`, `CELLS`) -> (N, E)."""
    ends = grid[:, :, 0], grid[:, :, -1], grid[:, :, :, 0], grid[:, :, :, -1]
    return np.asarray(np.minimum.reduce([one.min(2) for one in ends]))
