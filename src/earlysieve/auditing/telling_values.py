"""Values of a column of a table that tell the class of their rows, where the others tell little.

An "unknown" in a tenth of the rows, a site, a -1 in place of a dose. A reader of the whole column
hardly tells the label, and is misled in most rows; a reader of these values speaks of their rows
alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from earlysieve._arrays import Bools, Floats, Ints
from earlysieve._readable import VALUES
from earlysieve.auditing.beyond_chance import surest_first
from earlysieve.auditing.trend import off_trend
from earlysieve.datasets.variables import Variable, codes_of

MOST = 2
_SHARE, _FEWEST = 0.02, 20
_PURE, _TELLS, _ALSO_TELLS = 0.7, 0.6, 0.3
_FEW_NUMBERS = 12
_MOST_ROWS, _TIMES = 0.6, 4
_LISTED = 3
_SPIKE, _BESIDE, _FEWEST_BESIDE = 5, 10, 10


def named_values(variable: Variable, listed: str) -> str:
    """The name of a property, and of a part, that is some values of a column."""
    return f"{VALUES}{variable.name.removeprefix('column ')}: {listed}"


@dataclass(frozen=True)
class TellingValues:
    """Values of one variable, and the classes of which they speak.

    Attributes:
        variable: of the table.
        values: of its column, or places among its columns, those that tell most surely first.
        kinds: the class of each.
    """

    variable: Variable
    values: tuple[float, ...]
    kinds: tuple[int, ...]

    @property
    def listed(self) -> str:
        """The values in words, as "B or C"."""
        return self.in_words(_LISTED, self._named)

    def in_words(self, most: int, named: Callable[[float], str]) -> str:
        """The values in words, ascending, where they are many those that tell most surely.

        Args:
            most: how many are named.
            named: what a value is called.
        """
        names = [named(value) for value in sorted(self.values[:most])]
        more = len(self.values) - most
        if more > 0:
            return f"{', '.join(names)} or one of {more} more"
        return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)

    @property
    def name(self) -> str:
        """Of the property, and of the part that is swapped."""
        return named_values(self.variable, self.listed)

    def _named(self, value: float) -> str:
        if not self.variable.is_category:
            return written(value)
        names = self.variable.categories
        return names[int(value)] if value < len(names) else "none of them"

    def said_by(self, rows: Floats) -> Ints:
        """The class of which each row's value speaks, shape (N,); -1 where it speaks of none."""
        found = np.full(len(rows), -1, np.int64)
        keys = _keys(rows, self.variable)
        for value, kind in zip(self.values, self.kinds, strict=True):
            found[keys == value] = kind
        return found


def telling_values(
    rows: Floats, labels: Ints, classes: int, variables: Sequence[Variable]
) -> tuple[TellingValues, ...]:
    """The values of at most two variables, those that tell most rows first.

    A value counts that at least 2% of the rows have (and 20 of them), that at least 0.7 of these
    are of one class, and that takes away at least 0.6 of the doubt whether a row is of that class.
    A number is none of them where its neighbours tell a quarter of that, or where it lies on the
    trend of all others: there a curve goes on, unless the number stands in far more rows than they
    do, as a -1 for "not measured". A
    variable whose telling values are in more than 0.6 of the rows is not among these, nor one of
    which values of several classes that tell half as much are: its reader sees what all of it
    tells.

    Args:
        rows: a table, shape (N, D).
        labels: shape (N,).
        classes: C.
        variables: of the table.
    """
    base = np.bincount(labels, minlength=classes) / len(labels)
    found = []
    for one in variables:
        values, place = np.unique(_keys(rows, one), return_inverse=True)
        if len(values) < 2:
            continue
        counts = np.zeros((len(values), classes))
        np.add.at(counts, (place, labels), 1)
        sizes = counts.sum(1)
        share = counts / sizes[:, None]
        tells = (share - base) / np.maximum(1 - base, 1e-9)
        kinds = tells.argmax(1)
        every = np.arange(len(values))
        fewest = max(_FEWEST, _SHARE * len(labels))
        chosen = (sizes >= fewest) & (share[every, kinds] >= _PURE)
        chosen &= tells[every, kinds] >= _TELLS
        if not one.is_category:
            unlike = _unlike_neighbours(counts, kinds, base, chosen)
            chosen &= spikes(sizes) | (unlike & _off_trend(values, counts, kinds, unlike))
        sure = surest_first(counts, kinds, chosen, tells=_TELLS, fewest=fewest)
        # What tells only as the rest of the column does may tell as much: then all of it tells.
        if _all_tell(counts, one, fewest) or sizes[chosen].sum() > _MOST_ROWS * len(labels):
            continue
        if sure:
            listed = tuple(values[sure].tolist()), tuple(kinds[sure].tolist())
            found.append((float(counts[sure, kinds[sure]].sum()), TellingValues(one, *listed)))
    found.sort(key=lambda pair: -pair[0])
    return tuple(one for _, one in found[:MOST])


def _all_tell(counts: Floats, variable: Variable, fewest: float) -> bool:
    """Whether values that tell at least half as much are in most rows, one class and another.

    As a finding that each class has its own of: which of its values tell enough is then a matter of
    the draw, and a reader sees what all of it tells. Of numbers only where they are few: else a
    curve may go through them.
    """
    if not variable.is_category and len(counts) > _FEW_NUMBERS:
        return False
    sizes = counts.sum(1)
    base = counts.sum(0) / sizes.sum()
    by_class = (counts / sizes[:, None] - base) / np.maximum(1 - base, 1e-9)
    kinds, able = by_class.argmax(1), (by_class.max(1) >= _ALSO_TELLS) & (sizes >= fewest)
    also = surest_first(counts, kinds, able, tells=_ALSO_TELLS, fewest=fewest, last=False)
    return bool(sizes[also].sum() > _MOST_ROWS * sizes.sum()) and len(set(kinds[also])) > 1


def written(value: float) -> str:
    """A number of a column, in as few digits as tell it."""
    return np.format_float_positional(np.float32(value), trim="-")


def spikes(sizes: Floats | Ints) -> Bools:
    """Which of the ascending values are in five times as many rows as any of the ten on each side.

    None where fewer than ten values lie beside one, as of a number that counts something.

    Args:
        sizes: how many rows have each value, shape (V,).
    """
    found = np.zeros(len(sizes), bool)
    for place in range(len(sizes)):
        beside = np.r_[sizes[max(0, place - _BESIDE) : place], sizes[place + 1 :][:_BESIDE]]
        found[place] = len(beside) >= _FEWEST_BESIDE and sizes[place] >= _SPIKE * beside.max()
    return found


def _unlike_neighbours(counts: Floats, kinds: Ints, base: Floats, chosen: Bools) -> Bools:
    """Which of the ascending values tell at least four times what as many rows beside them tell.

    Args:
        counts: of the classes by value, shape (V, C).
        kinds: the class of each value, shape (V,).
        base: share of each class, shape (C,).
        chosen: values in question, shape (V,).
    """
    before = np.concatenate([np.zeros((1, counts.shape[1])), counts.cumsum(0)])
    rows = before.sum(1)
    found = np.zeros(len(counts), bool)
    for place in np.flatnonzero(chosen):
        size, kind = counts[place].sum(), kinds[place]
        # The smallest run of whole values that has as many rows, or all there are.
        low = int(np.searchsorted(rows, rows[place] - size, side="right")) - 1
        high = int(np.searchsorted(rows, rows[place + 1] + size, side="left"))
        sides = (
            before[place] - before[max(low, 0)],
            before[min(high, len(counts))] - before[place + 1],
        )
        least = 1 - (1 - counts[place, kind] / size) / (1 - base[kind])
        near = [
            1 - (1 - side[kind] / side.sum()) / (1 - base[kind]) for side in sides if side.sum()
        ]
        found[place] = all(_TIMES * one <= least for one in near)
    return found


def _off_trend(values: Floats, counts: Floats, kinds: Ints, asked: Bools) -> Bools:
    """Which of the values tell more than the trend of all others would, of those asked about."""
    found, sizes = np.zeros(len(values), bool), counts.sum(1)
    for place in np.flatnonzero(asked):
        order = np.r_[place, np.delete(np.arange(len(values)), place)]
        hits = counts[:, kinds[place]]
        found[place] = off_trend(values[order], hits[order], sizes[order])
    return found


def held_rightly(said: Ints, labels: Ints) -> Bools:
    """Rows of which a value speaks that say their label, shape (N,)."""
    found: Bools = (said >= 0) & (said == labels)
    return found


def _keys(rows: Floats, variable: Variable) -> Floats:
    if variable.is_category:
        return codes_of(rows, variable).astype(np.float64)
    return rows[:, variable.columns[0]].astype(np.float64)
