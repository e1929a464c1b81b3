"""What the columns of a table have in common that goes with the class: a direction of them.

As in partial least squares, the weights are the covariances of the columns with the classes, here
passed once through those of the columns among themselves, so that what many columns share counts
for more than what each tells by itself. A discriminant would do the opposite: it takes as little
as it can of what varies most.
"""

from dataclasses import dataclass

import numpy as np

from earlysieve._arrays import Floats, Ints

_TINY = 1e-6
_WEAK = 0.3
_MOST = 4


@dataclass(frozen=True)
class Direction:
    """A direction of the columns; with more than two classes a few.

    Attributes:
        mean: of the columns, shape (D,).
        weights: of the columns in each direction's value, shape (D, R).
        loadings: how much the columns change when a direction's value does, shape (R, D).
    """

    mean: Floats
    weights: Floats
    loadings: Floats

    def values(self, rows: Floats) -> Floats:
        """Where rows (N, D) are on it, shape (N, R)."""
        return np.asarray((rows - self.mean) @ self.weights)

    def rest(self, rows: Floats) -> Floats:
        """Rows (N, D) without what goes with it."""
        return np.asarray(rows - self.values(rows) @ self.loadings)

    @property
    def projection(self) -> Floats:
        """Shape (D, D): the difference of two rows times it is their difference in direction."""
        return np.asarray(self.weights @ self.loadings)


def leading_direction(values: Floats, labels: Ints, num_classes: int) -> Direction:
    """The direction in which the classes differ most and the columns vary together.

    Args:
        values: a table, shape (N, D).
        labels: shape (N,).
        num_classes: C; at most C - 1 directions are found, and at most four.
    """
    wide = values.astype(np.float64)
    mean, scale = wide.mean(0), wide.std(0)
    scale = np.where(scale < _TINY, np.inf, scale)
    standard = (wide - mean) / scale
    targets = np.eye(num_classes)[labels]
    shared = standard.T @ (targets - targets.mean(0))
    shared = standard.T @ (standard @ shared)
    basis, strength, _ = np.linalg.svd(shared, full_matrices=False)
    kept = min(num_classes - 1, _MOST, int((strength > _WEAK * strength[0]).sum()))
    basis = basis[:, : max(1, kept)]
    along = standard @ basis
    loadings = np.linalg.lstsq(along, standard, rcond=None)[0]
    finite = np.where(np.isinf(scale), 0.0, scale)
    return Direction(mean, basis / scale[:, None], loadings * finite)
