"""Parts of tables: a column, and a direction of all of them."""

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from earlysieve._arrays import Floats, Ints

_BINS = 8
_TINY = 1e-6
_MOST_PAIRED = 20
_TELLS_MORE = 0.1


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


def telling_pair(values: Floats, labels: Ints, num_classes: int) -> tuple[int, int] | None:
    """Two columns whose product tells the class more than either does, by 0.1 of accuracy.

    Args:
        values: a table, shape (N, D); of more than 20 columns none is looked for.
        labels: shape (N,).
        num_classes: C.

    Returns:
        Their places, ascending, or None where no product does.
    """
    if not 2 <= values.shape[1] <= _MOST_PAIRED:
        return None
    first, second = np.triu_indices(values.shape[1], 1)
    products = product_of(values, first, second, values.mean(0))
    standard = (products - products.mean(0)) / np.maximum(products.std(0), _TINY)
    targets = np.eye(num_classes)[labels]
    place = int(np.square(standard.T @ (targets - targets.mean(0))).sum(1).argmax())
    pair = [int(first[place]), int(second[place])]
    both = np.column_stack([products[:, place], values[:, pair]])
    tells = column_strength(both, labels, num_classes)
    return (pair[0], pair[1]) if tells[0] >= tells[1:].max() + _TELLS_MORE else None


def product_of(values: Floats, first: Ints, second: Ints, centre: Floats) -> Floats:
    """Products of columns, after `centre` (D,) is taken from each, shape (N, number of pairs)."""
    centred = values.astype(np.float64) - centre
    return np.asarray(centred[:, first] * centred[:, second])


def swap_columns(receivers: Tensor, donors: Tensor, columns: Sequence[int]) -> Tensor:
    """Receivers (B, D) with some columns of the donors."""
    swapped = receivers.clone()
    swapped[:, list(columns)] = donors[:, list(columns)]
    return swapped


def swap_directions(receivers: Tensor, donors: Tensor, projection: Tensor) -> Tensor:
    """Receivers (B, D) with the donors' component on a projection."""
    return receivers + (donors - receivers) @ projection
