"""A frame around the images of a class, or a bar along one side of them.

As a mark it goes with one class, but it lies all along the edge, so that no place of it tells more
than the next one. What is looked for is a colour, or something light or dark, that every place
along the edge holds, and that nothing inside the image tells as well. Classes differ in what
reaches the upper edge, say, for reasons of their own: a bar along one side has to tell far more
than the same line inside the image and than the opposite side. What a spot would be but that it
always lies along one side is a bar, too, as a caption that is written there: some place of the line
holds it.
"""

from dataclasses import dataclass

import numpy as np

from earlysieve._arrays import Bools, Floats, Ints
from earlysieve.auditing.marks import (
    ALONE,
    CELLS,
    LEAST,
    grid_of,
    kinds_to_tell,
    most_telling,
)
from earlysieve.auditing.spots import SIDES, spots_and_sides

_INSIDE = slice(2, CELLS - 2)
AROUND = "around"
_OPPOSITE = dict(zip(SIDES, ("bottom", "top", "right", "left"), strict=True))
_LEAST_OF_BAR, _ALONE_OF_BAR = 0.65, 1.5


@dataclass(frozen=True)
class Band:
    """A frame or bar of one colour.

    Attributes:
        end: which of the brightnesses and colours of `mark_features`.
        threshold: an image holds it where the least of the places along the edge has at least this.
        kind: the class that it goes with.
        side: along which it lies, or `AROUND`.
        whole: whether every place of it has to be so; else one of them.
    """

    end: int
    threshold: float
    kind: int
    side: str = AROUND
    whole: bool = True


Bands = tuple[Band, ...]


def bands_held(values: Floats, bands: Bands) -> Bools:
    """Which rows of features of `mark_features`, shape (N, F), hold which band, shape (N, K)."""
    grid = grid_of(values)
    return np.stack([_of_line(grid, one)[:, one.end] >= one.threshold for one in bands], 1)


def _of_line(grid: Floats, band: Band) -> Floats:
    """The least of the places along its side, or the strongest, (N, E)."""
    if band.whole:
        return _least(grid, band.side)
    return -_least(-grid, band.side)


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
    """For each class the band that it holds more often than the others do; none for most classes.

    Args:
        values: from `mark_features`, shape (N, F).
        labels: shape (N,), values in [0, classes).
        classes: C.
        weights: how many examples each stands for, shape (N,); None: one.
        alone: how much more a frame must tell than any place inside the image; a bar half as much
            again, and also than the same line inside and than the opposite side.
    """
    grid = grid_of(values)
    inside = grid[:, :, _INSIDE, _INSIDE].reshape(len(grid), -1)

    def tells(numbers: Floats) -> tuple[Floats, Floats]:
        return most_telling(numbers, labels, classes, weights)

    within = tells(inside)[0].max(1)
    lines = {side: tells(_least(grid, side)) for side in (AROUND, *SIDES)}
    within_lines = {side: tells(_least(grid, side, 2))[0].max(1) for side in SIDES}
    found = []
    for kind in kinds_to_tell(labels, classes):
        best = {side: float(more[kind].max()) for side, (more, _) in lines.items()}
        bars = [
            side
            for side in SIDES
            if best[side]
            >= max(
                _LEAST_OF_BAR,
                max(within[kind], within_lines[side][kind], best[_OPPOSITE[side]])
                + _ALONE_OF_BAR * alone,
            )
        ]
        framed = best[AROUND] >= max(LEAST, within[kind] + alone)
        for side in [AROUND] if framed else sorted(bars, key=lambda one: -best[one])[:1]:
            end = int(lines[side][0][kind].argmax())
            found.append(Band(end, float(lines[side][1][kind, end]), kind, side))
    known = {one.kind for one in found}
    found += [
        Band(one.end, one.threshold, one.kind, side, whole=False)
        for one, side in spots_and_sides(values, labels, classes, weights, alone)
        if side is not None and one.kind not in known
    ]
    return tuple(found)


def where_bands_lie(height: int, width: int, side: str = AROUND) -> Bools:
    """The pixels of a band, shape (height, width): those of the places along the edge."""
    high, wide = (max(1, round(pixels / CELLS)) for pixels in (height, width))
    found = np.zeros((height, width), bool)
    for name in SIDES if side == AROUND else (side,):
        found[_place(name, high, wide)] = True
    return found


def lying_words(bands: Bands) -> str:
    """Where they lie, as "along the right edge"."""
    sides = sorted({one.side for one in bands})
    if AROUND in sides:
        return "along the edge"
    return f"along the {' and the '.join(sides)} edge{'s' if len(sides) > 1 else ''}"


def _place(side: str, high: int, wide: int) -> tuple[slice, slice]:
    """Rows and columns of a band along one side."""
    everything = slice(None)
    return {
        "top": (slice(high), everything),
        "bottom": (slice(-high, None), everything),
        "left": (everything, slice(wide)),
        "right": (everything, slice(-wide, None)),
    }[side]


def _least(grid: Floats, side: str, depth: int = 0) -> Floats:
    """The least of the places along a side: (N, E, `CELLS`, `CELLS`) -> (N, E).

    Args:
        grid: of `_grid`.
        side: one of `SIDES`; or `AROUND`, for all of them.
        depth: of the line, in places from the side.
    """
    if side == AROUND:
        return np.asarray(np.minimum.reduce([_least(grid, one) for one in SIDES]))
    at = depth if side in ("top", "left") else -1 - depth
    line = grid[:, :, at] if side in ("top", "bottom") else grid[:, :, :, at]
    return np.asarray(line.min(2))
