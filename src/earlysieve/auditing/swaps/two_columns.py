"""Two variables of a table that tell the class together and hardly by themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np

from earlysieve._arrays import Floats, Ints
from earlysieve.auditing.swaps.columns import (
    column_strength,
    told_by_others,
    variable_of,
    variable_strength,
)
from earlysieve.auditing.swaps.contrast import Contrast, contrast_of
from earlysieve.datasets.variables import Variable, codes_of

PAIR = "columns "
_TINY = 1e-6
_MOST_PAIRED = 20
_TELLS_MORE = 0.1
_FEW_VALUES, _BINS, _BINS_APART = 8, 6, 12
_ROWS_PER_CELL = 5


@dataclass(frozen=True)
class Pair:
    """Two variables that tell the class together.

    Attributes:
        variables: in the order of their columns.
        form: "product" where the product of two columns tells it; "contrast" where one tells it for
            its other, as a ratio or a difference does; "crossed" where a number tells it another
            way for each category of the other; "asked" where a user named the two.
        contrast: of that form.
    """

    variables: tuple[Variable, Variable]
    form: Literal["product", "contrast", "crossed", "asked"]
    contrast: Contrast | None = None

    @property
    def columns(self) -> list[int]:
        """Places of all their columns."""
        return [column for one in self.variables for column in one.columns]


def telling_pair(
    values: Floats, labels: Ints, num_classes: int, variables: Sequence[Variable]
) -> Pair | None:
    """Two variables that tell the class by 0.1 of accuracy more than they do one by one.

    First the two columns whose product goes with the class most: where it tells more than either.
    Else the number that goes with the class most for what another is, see `Contrast`, where it
    tells more than both do if each speaks for itself (naive Bayes). Else a category, or up to eight
    values, with another: where most of the other rows of both tell more than both do so.

    Args:
        values: a table, shape (N, D); of more than 20 columns no products, of more than 20
            variables no categories are looked at.
        labels: shape (N,).
        num_classes: C.
        variables: of the table; columns of one are no pair.
    """
    ways = (_by_product, _by_contrast, _by_category)
    found = (way(values, labels, num_classes, variables) for way in ways)
    return next((pair for pair in found if pair is not None), None)


def named_pair(first: str, second: str) -> str:
    """The name of a part that is two columns, by the names of both without "column "."""
    return f"{PAIR}{first} and {second}"


def asked_pair(names: Sequence[str], variables: Sequence[Variable]) -> Pair | None:
    """The two variables that a user named together; None where they named no two.

    Args:
        names: of parts, "columns A and B" in either order.
        variables: of the table.
    """
    own = [(one.name.removeprefix("column "), one) for one in variables]
    for (one, first), (other, second) in combinations(own, 2):
        if {named_pair(one, other), named_pair(other, one)} & set(names):
            return Pair((first, second), "asked")
    return None


def named_together(names: Sequence[str]) -> tuple[str, ...]:
    """The name of two columns together, where exactly two columns are named; else nothing."""
    own = [name.removeprefix("column ") for name in names if name.startswith("column ")]
    return (named_pair(*own),) if len(own) == 2 else ()


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
    return Pair(pair, "product") if plain and product >= each.max() + _TELLS_MORE else None


def _by_contrast(
    values: Floats, labels: Ints, num_classes: int, variables: Sequence[Variable]
) -> Pair | None:
    numbers = [k for k, one in enumerate(variables) if _is_number(values, one)]
    if not 2 <= len(numbers) <= _MOST_PAIRED:
        return None
    columns = np.array([variables[k].columns[0] for k in numbers])
    targets = np.eye(num_classes)[labels]
    targets = targets - targets.mean(0)
    best = (0.0, 0, 0)
    for place, first in enumerate(columns):
        residual = contrast_of(values, int(first), columns)(values)
        residual = (residual - residual.mean(0)) / np.maximum(residual.std(0), _TINY)
        telling = np.square(residual.T @ targets).sum(1)
        telling[place] = 0.0
        second = int(telling.argmax())
        best = max(best, (float(telling[second]), place, second))
    _, first, second = best
    if first == second:
        return None
    contrast = contrast_of(values, int(columns[first]), columns[[second]])
    told = column_strength(contrast(values), labels, num_classes)[0]
    chance = np.bincount(labels, minlength=num_classes).max() / len(labels)
    one, other = (_binned(values[:, columns[k]]) for k in (first, second))
    if told < _told_apart(one, other, labels, num_classes) - chance + _TELLS_MORE:
        return None
    low, high = sorted((numbers[first], numbers[second]))
    return Pair((variables[low], variables[high]), "contrast", contrast)


def _is_number(values: Floats, variable: Variable) -> bool:
    return not variable.is_category and levels_of(values, variable) is None


def _binned(column: Floats) -> Ints:
    edges = np.unique(np.quantile(column, np.linspace(0, 1, _BINS_APART + 1)[1:-1]))
    return np.searchsorted(edges, column).astype(np.int64)


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
    return Pair((variables[most[0]], variables[most[1]]), "crossed")


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
