"""Two variables of a table that tell the class together and hardly by themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from earlysieve._arrays import Floats, Ints
from earlysieve.auditing.swaps.columns import (
    column_strength,
    told_by_others,
    variable_of,
    variable_strength,
)
from earlysieve.datasets.variables import Variable, codes_of

_TINY = 1e-6
_MOST_PAIRED = 20
_TELLS_MORE = 0.1
_FEW_VALUES, _BINS = 8, 6
_ROWS_PER_CELL = 5


@dataclass(frozen=True)
class Pair:
    """Two variables that tell the class together.

    Attributes:
        variables: in the order of their columns.
        is_product: whether the product of two columns tells it; else the number, another way for
            each category of the other.
    """

    variables: tuple[Variable, Variable]
    is_product: bool

    @property
    def columns(self) -> list[int]:
        """Places of all their columns."""
        return [column for one in self.variables for column in one.columns]


def telling_pair(
    values: Floats, labels: Ints, num_classes: int, variables: Sequence[Variable]
) -> Pair | None:
    """Two variables that tell the class by 0.1 of accuracy more than they do one by one.

    First the two columns whose product goes with the class most: where it tells more than either.
    Else a category, or up to eight values, with another: where most of the other rows of both tell
    more than both do if each speaks for itself (naive Bayes).

    Args:
        values: a table, shape (N, D); of more than 20 columns no products, of more than 20
            variables no categories are looked at.
        labels: shape (N,).
        num_classes: C.
        variables: of the table; columns of one are no pair.
    """
    return _by_product(values, labels, num_classes, variables) or _by_category(
        values, labels, num_classes, variables
    )


def product_of(values: Floats, first: Ints, second: Ints, centre: Floats) -> Floats:
    """Products of columns, after `centre` (D,) is taken from each, shape (N, number of pairs)."""
    centred = values.astype(np.float64) - centre
    return np.asarray(centred[:, first] * centred[:, second])


def levels_of(values: Floats, variable: Variable) -> Floats | None:
    """The up to eight values of a column, (L,); None of a category, or where it has more."""
    if variable.is_category:
        return None
    found = np.unique(values[:, variable.columns[0]])
    return found if len(found) <= _FEW_VALUES else None


def _by_product(
    values: Floats, labels: Ints, num_classes: int, variables: Sequence[Variable]
) -> Pair | None:
    if not 2 <= values.shape[1] <= _MOST_PAIRED:
        return None
    of = variable_of(variables, values.shape[1])
    first, second = np.triu_indices(values.shape[1], 1)
    apart = of[first] != of[second]
    first, second = first[apart], second[apart]
    if not len(first):
        return None
    products = product_of(values, first, second, values.mean(0))
    standard = (products - products.mean(0)) / np.maximum(products.std(0), _TINY)
    targets = np.eye(num_classes)[labels]
    place = int(np.square(standard.T @ (targets - targets.mean(0))).sum(1).argmax())
    pair = variables[of[first[place]]], variables[of[second[place]]]
    product = column_strength(products[:, [place]], labels, num_classes)[0]
    each = variable_strength(values, labels, num_classes, pair)
    plain = not any(one.is_category for one in pair)
    return Pair(pair, True) if plain and product >= each.max() + _TELLS_MORE else None


def _by_category(
    values: Floats, labels: Ints, num_classes: int, variables: Sequence[Variable]
) -> Pair | None:
    if len(variables) > _MOST_PAIRED:
        return None
    cells = [_cells(values, one) for one in variables]
    gains: dict[tuple[int, int], float] = {}
    for i, j in combinations(range(len(variables)), 2):
        if not (cells[i][1] or cells[j][1]):
            continue
        one, other = cells[i][0], cells[j][0]
        crossed = one * (int(other.max()) + 1) + other
        if (int(crossed.max()) + 1) * _ROWS_PER_CELL <= len(labels):
            together = told_by_others(crossed, labels, num_classes)
            gains[i, j] = together - _told_apart(one, other, labels, num_classes)
    most = max(gains, key=lambda pair: gains[pair], default=None)
    if most is None or gains[most] < _TELLS_MORE:
        return None
    return Pair((variables[most[0]], variables[most[1]]), False)


def _cells(values: Floats, variable: Variable) -> tuple[Ints, bool]:
    """Which of few each row has, (N,), and whether these are categories; else they are bins."""
    column = values[:, variable.columns[0]]
    if variable.is_category:
        return codes_of(values, variable).astype(np.int64), True
    found = levels_of(values, variable)
    if found is not None:
        return np.searchsorted(found, column).astype(np.int64), True
    edges = np.unique(np.quantile(column, np.linspace(0, 1, _BINS + 1)[1:-1]))
    return np.searchsorted(edges, column).astype(np.int64), False


def _told_apart(one: Ints, other: Ints, labels: Ints, num_classes: int) -> float:
    """Accuracy of naive Bayes on two variables."""
    prior = np.bincount(labels, minlength=num_classes) + 1.0
    scores = np.tile(-np.log(prior / prior.sum()), (len(labels), 1))
    for codes in (one, other):
        counts = np.ones((int(codes.max()) + 1, num_classes))
        np.add.at(counts, (codes, labels), 1)
        scores += np.log(counts / counts.sum(1, keepdims=True))[codes]
    return float((scores.argmax(1) == labels).mean())
