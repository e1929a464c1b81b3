"""Parts of tables: a column, and the directions that a straight line reads the class off."""

import numpy as np
import torch
from torch import Tensor

from earlysieve._arrays import Floats, Ints

_BINS = 8
_RIDGE = 1e-2
_TINY = 1e-6


def column_strength(values: Floats, labels: Ints, num_classes: int) -> Floats:
    """How well each column by itself tells the class: (D,), accuracy in eight bins above chance."""
    chance = np.bincount(labels, minlength=num_classes).max() / len(labels)
    found = np.zeros(values.shape[1])
    for column in range(values.shape[1]):
        edges = np.quantile(values[:, column], np.linspace(0, 1, _BINS + 1)[1:-1])
        bins = np.searchsorted(edges, values[:, column])
        counts = np.zeros((_BINS, num_classes), np.int64)
        np.add.at(counts, (bins, labels), 1)
        found[column] = counts.max(1).sum() / len(labels) - chance
    return found


def swap_column(receivers: Tensor, donors: Tensor, column: int) -> Tensor:
    """Receivers (B, D) with one column of the donors."""
    swapped = receivers.clone()
    swapped[:, column] = donors[:, column]
    return swapped


def linear_directions(values: Tensor, labels: Ints, num_classes: int) -> Tensor:
    """A projection (D, D) on what a ridge regression reads the class off.

    `donor - receiver` times it is the part to put in.
    """
    scale = values.std(0) + _TINY
    standard = ((values - values.mean(0)) / scale).double()
    targets = torch.nn.functional.one_hot(torch.as_tensor(labels), num_classes).double()
    targets -= targets.mean(0)
    gram = standard.T @ standard
    gram += _RIDGE * len(values) * torch.eye(len(gram), dtype=gram.dtype)
    weights = torch.linalg.solve(gram, standard.T @ targets)
    basis, strength, _ = torch.linalg.svd(weights, full_matrices=False)
    basis = basis[:, strength > 1e-3 * strength.max()][:, : num_classes - 1]
    projection = (basis @ basis.T).to(values.dtype)
    found: Tensor = projection / scale[:, None] * scale[None, :]
    return found


def swap_directions(receivers: Tensor, donors: Tensor, projection: Tensor) -> Tensor:
    """Receivers (B, D) with the donors' component on a projection."""
    return receivers + (donors - receivers) @ projection
