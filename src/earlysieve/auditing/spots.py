"""Something small of one colour that lies anywhere in the images of a class, as a stamp does.

A mark that moves: no place of it tells more than the next one, but the strongest of all places
does. What fills many places is the object, or its ground, what one place tells as well is a mark,
and what always lies along one side of the image, as words of a caption do, is a bar (see `edges`).
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from earlysieve._arrays import Bools, Floats, Ints
from earlysieve.auditing.marks import (
    ALONE,
    CELLS,
    LEAST,
    grid_of,
    kinds_to_tell,
    most_telling,
)

_LARGE = 10
_ALONG = 0.9
SIDES = ("top", "bottom", "left", "right")


@dataclass(frozen=True)
class Spot:
    """Something of one colour.

    Attributes:
        end: which of the brightnesses and colours of `mark_features`.
        threshold: an image holds it where the strongest of all places has at least this.
        kind: the class that it goes with.
    """

    end: int
    threshold: float
    kind: int


Spots = tuple[Spot, ...]


def spots_held(values: Floats, spots: Spots) -> Bools:
    """Which rows of features of `mark_features`, shape (N, F), hold which spot, shape (N, K)."""
    strongest = grid_of(values).max((2, 3))
    return np.stack([strongest[:, one.end] >= one.threshold for one in spots], 1)


def spot_shape(values: Floats, spots: Spots) -> Floats:
    """The same as numbers, for a reader."""
    return spots_held(values, spots).astype(np.float64)


def telling_spots(
    values: Floats,
    labels: Ints,
    classes: int,
    weights: Floats | None = None,
    alone: float = ALONE,
) -> Spots:
    """For each class the spot that it holds more often than the others do; none for most classes.

    Args:
        values: from `mark_features`, shape (N, F).
        labels: shape (N,), values in [0, classes).
        classes: C.
        weights: how many examples each stands for, shape (N,); None: one.
        alone: how much more it must tell anywhere than in the place where it tells most.
    """
    found = spots_and_sides(values, labels, classes, weights, alone)
    return tuple(one for one, side in found if side is None)


def spots_and_sides(
    values: Floats,
    labels: Ints,
    classes: int,
    weights: Floats | None = None,
    alone: float = ALONE,
) -> list[tuple[Spot, str | None]]:
    """Spots, and along which side of the image each lies in nine of ten images; None: anywhere.

    Args:
        values, labels, classes, weights, alone: as for `telling_spots`.
    """
    grid = grid_of(values)
    strongest = grid.max((2, 3))
    more, at = most_telling(strongest, labels, classes, weights)
    in_place = most_telling(grid.reshape(len(grid), -1), labels, classes, weights)[0].max(1)
    found: list[tuple[Spot, str | None]] = []
    for kind in kinds_to_tell(labels, classes):
        end = int(more[kind].argmax())
        one = Spot(end, float(at[kind, end]), kind)
        holders = (labels == kind) & (strongest[:, end] >= one.threshold)
        tells = more[kind, end] >= max(LEAST, in_place[kind] + alone)
        if tells and _is_small(grid[holders, end], one.threshold):
            found.append((one, _along(grid[holders, end])))
    return found


def _along(places: Floats) -> str | None:
    """The side along which the strongest of the places (N, `CELLS`, `CELLS`) lies; None: none."""
    rows, columns = np.divmod(places.reshape(len(places), -1).argmax(1), CELLS)
    last = CELLS - 1
    shares = {
        "top": (rows == 0).mean(),
        "bottom": (rows == last).mean(),
        "left": (columns == 0).mean(),
        "right": (columns == last).mean(),
    }
    side = max(SIDES, key=lambda one: shares[one])
    return side if shares[side] >= _ALONG else None


def where_spots_lie(features: Tensor, spots: Spots, height: int, width: int) -> Tensor:
    """The pixels of the spot that each image holds and around it, bool, (B, 1, height, width).

    Args:
        features: of `mark_features`, shape (B, F).
        spots: of which the first that an image holds counts; none: nothing of it.
        height, width: of the images.
    """
    grid = features.reshape(len(features), -1, CELLS, CELLS)
    found = torch.zeros(len(features), CELLS, CELLS, device=features.device)
    for one in reversed(spots):
        places = grid[:, one.end]
        strongest = places.flatten(1).max(1)
        lies = functional.one_hot(strongest.indices, CELLS**2).reshape(-1, CELLS, CELLS).float()
        holds = (strongest.values >= one.threshold)[:, None, None]
        found = torch.where(holds, lies, found)
    around = functional.max_pool2d(found[:, None], 3, stride=1, padding=1)
    return functional.interpolate(around, (height, width)) > 0


def _is_small(places: Floats, threshold: float) -> bool:
    """It fills few places of most images that hold it."""
    return float(np.median((places >= threshold).sum((1, 2)))) <= _LARGE
