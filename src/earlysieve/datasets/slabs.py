"""Slabs: coordinates on which the label is a line of alternating intervals.

The data of Shah et al., "The Pitfalls of Simplicity Bias in Neural Networks", NeurIPS 2020: one
linear coordinate beside many of five or seven slabs, all of which tell the label alone; networks
use the linear one only. LMS-5 is one linear coordinate and 49 of five slabs.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from earlysieve._arrays import Ints
from earlysieve.datasets.checks import class_ids
from earlysieve.errors import InputError

Floats = NDArray[np.float64]

HALF_RANGE = 1.0
HALF_GAP = 0.1
# Which slab within a class: probabilities for k = 0, 1, 2, ... of the paper's code.
_WITHIN = {
    3: {0: {0: 1.0}, 1: {1: 1.0}},
    5: {0: {0: 0.75, 2: 0.25}, 1: {1: 1.0}},
    7: {0: {0: 0.5, 2: 0.5}, 1: {1: 0.875, 3: 0.125}},
}


def linear_coordinate(labels: ArrayLike, *, seed: int = 0) -> Floats:
    """(2y - 1) (gap + (1 - gap) u) with u uniform in [0, 1] and a half gap of 0.1; shape (N,).

    u depends on the seed and the row, not on the label.
    """
    array = class_ids(labels, 2)
    sizes = HALF_GAP + (HALF_RANGE - HALF_GAP) * np.random.default_rng(seed).random(len(array))
    return (2 * array - 1) * sizes


def slab_coordinates(labels: ArrayLike, *, slabs: int = 5, count: int = 1, seed: int = 0) -> Floats:
    """Coordinates in [-1, 1] of `slabs` intervals in turn of class 0 and 1, class 0 in the middle.

    With half gaps m = 0.1, all slabs are w = (2 - 2 (S - 1) m) / S wide: slab 0 is |x| <= w / 2,
    slab k >= 1 is |x| in [(k - 1/2) w + 2 k m, (k + 1/2) w + 2 k m] on a random side. Slab k
    belongs to class k modulo 2. The coordinates are independent given the label.

    Args:
        labels: shape (N,), 0 or 1.
        slabs: S, 3, 5 or 7.
        count: how many coordinates.
        seed: of a generator of its own.

    Returns:
        Shape (N, count).

    Raises:
        InputError: another number of slabs.
    """
    if slabs not in _WITHIN:
        raise InputError(f"Expected 3, 5 or 7 slabs, but got {slabs}; choose one of these")
    array = class_ids(labels, 2)
    rng = np.random.default_rng(seed)
    shape = (len(array), count)
    chosen: Ints = np.empty(shape, np.int64)
    for label, shares in _WITHIN[slabs].items():
        rows = np.flatnonzero(array == label)
        draws = rng.choice(list(shares), (len(rows), count), p=list(shares.values()))
        chosen[rows] = draws
    width = slab_width(slabs)
    within = rng.uniform(-width / 2, width / 2, shape)
    sides = rng.choice([-1, 1], shape)
    return sides * (chosen * (width + 2 * HALF_GAP) + within)


def slab_width(slabs: int) -> float:
    """Width of every slab."""
    return (2 * HALF_RANGE - 2 * (slabs - 1) * HALF_GAP) / slabs


def random_rotation(size: int, *, seed: int = 0) -> Floats:
    """An orthogonal matrix (D, D), uniform over all of them."""
    normal = np.random.default_rng(seed).standard_normal((size, size))
    rotation, upper = np.linalg.qr(normal)
    return np.asarray(rotation * np.sign(np.diag(upper)))
