"""Columns of a table that belong together: the 0/1 columns that stand for one variable."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from earlysieve._arrays import Bools, Floats, Ints

_SEPARATOR = re.compile(r"[_.:=|/\-\s\[(]+")
_UNNAMED = re.compile(r"(column )?[0-9]+")
_BY_CHANCE = np.log(1000.0)
_WRITTEN_OUT = 3


@dataclass(frozen=True)
class Variable:
    """What a table says of each row: one column, or several of which at most one is on.

    Attributes:
        name: of the column, or of what its columns stand for, as "city".
        columns: their places, ascending.
        categories: what each column stands for, as "Bern" for city_Bern; empty for one column.
    """

    name: str
    columns: tuple[int, ...]
    categories: tuple[str, ...] = ()

    @property
    def is_category(self) -> bool:
        """Whether several columns stand for it."""
        return len(self.columns) > 1


def variables_of(values: Floats, names: Sequence[str] = ()) -> tuple[Variable, ...]:
    """The variables of a table, in the order of their first columns.

    Columns of two values are one variable where they are never both on (the larger value) in a
    row, and one of these holds: their names begin alike, up to a separator, as those that
    `pandas.get_dummies` makes; or they are two, one of them on where the other is off; or nobody
    named them, they are neighbours, and one of them is on in every row. Columns that have nothing
    to do with each other would look so in less than one table of a thousand. All others stand by
    themselves.

    Args:
        values: shape (N, D).
        names: one per column; without them numbers.
    """
    named = [names[k] if k < len(names) else str(k) for k in range(values.shape[1])]
    on, able, never = _switches(values)
    found = list(_families(on, named, dict.fromkeys(able)))
    for k in never:
        _join(k, found, named)
    taken = {k for run in found for k in run}
    single = [[k] for k in range(len(named)) if k not in taken]
    return _called(sorted([*found, *single]), named)


def codes_of(values: Floats, variable: Variable) -> Ints:
    """Which of a variable's columns is on, (N,); as many as it has columns where none is."""
    columns = values[:, list(variable.columns)]
    on = columns > (columns.min(0) + columns.max(0)) / 2
    return np.where(on.any(1), on.argmax(1), len(variable.columns))


def _switches(values: Floats) -> tuple[Bools, list[int], list[int]]:
    """Where columns have the larger of two values, (N, D); which have two, which are never on."""
    low, high = values.min(0), values.max(0)
    two = ((values == low) | (values == high)).all(0)
    varies = low < high
    never = np.flatnonzero(~varies & (low <= 0))
    return (values == high) & varies, np.flatnonzero(two & varies).tolist(), never.tolist()


def _join(column: int, runs: Sequence[list[int]], names: Sequence[str]) -> None:
    """Put a category without rows to the run whose names begin like its own, if there is one."""
    alike = [(_beginning([names[k] for k in run]), run) for run in runs]
    mine = [(len(start), run) for start, run in alike if start and _goes_on(names[column], start)]
    if mine:
        max(mine, key=lambda pair: pair[0])[1].append(column)


def _goes_on(name: str, beginning: str) -> bool:
    return name.startswith(beginning) and bool(_SEPARATOR.match(name, len(beginning)))


def _families(on: Bools, names: Sequence[str], left: dict[int, None]) -> Iterator[list[int]]:
    """Runs of columns that belong together; each is taken out of `left`."""
    alike = _by_beginning(names, left)
    for beginning in sorted(alike, key=len):
        yield from _taken(_runs(on, [k for k in alike[beginning] if k in left]), left)
    yield from _taken(_opposites(on, left), left)
    unnamed = [k for k in left if _UNNAMED.fullmatch(names[k])]
    whole = [run for run in _runs(on, unnamed) if on[:, run].any(1).all()]
    yield from _taken(whole, left)


def _taken(runs: Sequence[list[int]], left: dict[int, None]) -> Iterator[list[int]]:
    for run in runs:
        for column in run:
            del left[column]
        yield run


def _by_beginning(names: Sequence[str], columns: dict[int, None]) -> dict[str, list[int]]:
    """Columns by what stands before each separator of their names."""
    found = defaultdict(list)
    for k in columns:
        if not _UNNAMED.fullmatch(names[k]):
            for separator in _SEPARATOR.finditer(names[k]):
                if separator.start() > 0 and separator.end() < len(names[k]):
                    found[names[k][: separator.end()]].append(k)
    return found


def _runs(on: Bools, columns: Sequence[int]) -> list[list[int]]:
    """Columns one after the other of which at most one is on in a row, two or more of them."""
    runs: list[list[int]] = []
    covered = np.ones(len(on), bool)
    for k in columns:
        if not runs or bool((covered & on[:, k]).any()):
            runs.append([])
            covered = np.zeros(len(on), bool)
        runs[-1].append(k)
        covered |= on[:, k]
    return [run for run in runs if len(run) > 1 and _no_chance(on[:, run])]


def _opposites(on: Bools, columns: dict[int, None]) -> list[list[int]]:
    """Pairs of columns, one of them on where the other is off."""
    seen: dict[bytes, int] = {}
    found = []
    for k in columns:
        other = seen.pop(np.packbits(~on[:, k]).tobytes(), None)
        if other is None:
            seen[np.packbits(on[:, k]).tobytes()] = k
        elif _no_chance(on[:, [other, k]]):
            found.append([other, k])
    return found


def _no_chance(on: Bools) -> bool:
    """Whether columns (N, K) would hardly exclude each other in all rows if they did not belong.

    Independent ones with the same shares p do so with probability P^N, where P, for one row, is
    prod(1 - p) (1 + sum p / (1 - p)), without the 1 where one is on in every row.
    """
    share = (on.sum(0) + 0.5) / (len(on) + 1)
    odds = float((share / (1 - share)).sum())
    at_most = float(np.log1p(-share).sum()) + np.log(odds + (not on.any(1).all()))
    return bool(-len(on) * at_most > _BY_CHANCE)


def _called(runs: Sequence[list[int]], names: Sequence[str]) -> tuple[Variable, ...]:
    """The variables with names of which no two are alike."""
    wanted = [_beginning([names[k] for k in run]) for run in runs]
    found = []
    for run, name in zip(runs, wanted, strict=True):
        mine = [names[k] for k in run]
        if len(run) == 1:
            found.append(Variable(mine[0], (run[0],)))
        elif not name or wanted.count(name) > 1 or name in names:
            found.append(Variable(_written_out(mine), tuple(run), tuple(mine)))
        else:
            rest = tuple(_SEPARATOR.sub("", one[len(name) :], count=1) for one in mine)
            found.append(Variable(name, tuple(run), rest))
    return tuple(found)


def _beginning(names: Sequence[str]) -> str:
    """What stands before the last separator that names share; nothing where they share none."""
    if len(names) == 1:
        return names[0]
    first, last = min(names), max(names)
    same = next(
        (k for k, pair in enumerate(zip(first, last, strict=False)) if len(set(pair)) > 1),
        len(first),
    )
    shared = first[:same]
    ends = [one.start() for one in _SEPARATOR.finditer(shared)]
    return "" if _UNNAMED.fullmatch(names[0]) or not ends else shared[: ends[-1]]


def _written_out(names: Sequence[str]) -> str:
    short = [name.removeprefix("column ") for name in names]
    return "/".join(short) if len(short) <= _WRITTEN_OUT else f"{short[0]} to {short[-1]}"
