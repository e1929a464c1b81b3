"""Parts of tables: a column, and a direction of all of them."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from earlysieve._arrays import Floats, Ints
from earlysieve.datasets.variables import Variable, codes_of

_BINS = 8
# Values of a column that each may be read as something of its own.
MOST_CODES = 32


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


def variable_strength(
    values: Floats, labels: Ints, num_classes: int, variables: Sequence[Variable]
) -> Floats:
    """How well each variable by itself tells the class: (V,), accuracy above chance.

    That of a column in eight bins, see `column_strength`; of a category each row's is told by the
    other rows of the same category, so that rare ones tell nothing. So is that of more whole
    numbers than bins, but at most 32: neighbours among them may be codes of something else.
    """
    of_columns = column_strength(values, labels, num_classes)
    chance = np.bincount(labels, minlength=num_classes).max() / len(labels)

    def strength(one: Variable) -> float:
        codes = codes_of(values, one) if one.is_category else _whole(values[:, one.columns[0]])
        if codes is None:
            return float(of_columns[one.columns[0]])
        return told_by_others(codes, labels, num_classes) - float(chance)

    return np.array([strength(one) for one in variables])


def _whole(column: Floats) -> Ints | None:
    """The place of each row's value among a column's; None where these may not be codes."""
    if np.any(column != np.round(column)):
        return None
    found, codes = np.unique(column, return_inverse=True)
    return codes.astype(np.int64) if _BINS < len(found) <= MOST_CODES else None


def told_by_others(codes: Ints, labels: Ints, num_classes: int) -> float:
    """Share of rows whose class most of the other rows with their code have."""
    counts = np.zeros((int(codes.max()) + 1, num_classes), np.int64)
    np.add.at(counts, (codes, labels), 1)
    most = counts.max(1, keepdims=True)
    next_most = np.sort(counts, 1)[:, [-2]] if num_classes > 1 else np.zeros_like(most)
    return float((counts * ((counts == most) & (counts - 1 > next_most))).sum() / len(labels))


def variable_of(variables: Sequence[Variable], columns: int) -> Ints:
    """Which variable each column belongs to, (D,)."""
    found = np.zeros(columns, np.int64)
    for place, one in enumerate(variables):
        found[list(one.columns)] = place
    return found


def swap_columns(receivers: Tensor, donors: Tensor, columns: Sequence[int]) -> Tensor:
    """Receivers (B, D) with some columns of the donors."""
    swapped = receivers.clone()
    swapped[:, list(columns)] = donors[:, list(columns)]
    return swapped


def swap_directions(receivers: Tensor, donors: Tensor, projection: Tensor) -> Tensor:
    """Receivers (B, D) with the donors' component on a projection."""
    return receivers + (donors - receivers) @ projection


def within(values: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Rows (B, D) whose columns stay where they are known: a number may be the place of a code."""
    return torch.minimum(torch.maximum(values, low), high)
