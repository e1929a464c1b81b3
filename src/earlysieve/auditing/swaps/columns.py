"""Parts of tables: a column, and a direction of all of them."""

import numpy as np
from torch import Tensor

from earlysieve._arrays import Floats, Ints

_BINS = 8


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


def swap_directions(receivers: Tensor, donors: Tensor, projection: Tensor) -> Tensor:
    """Receivers (B, D) with the donors' component on a projection."""
    return receivers + (donors - receivers) @ projection
