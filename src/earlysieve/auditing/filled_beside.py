"""Columns that still tell what a flag, or a value, tells when its own column is left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from earlysieve._arrays import Bools, Floats

_NEARLY_ALL, _HARDLY, _FEWEST, _LISTED = 0.95, 0.05, 20, 3


@dataclass(frozen=True)
class Beside:
    """Names of such columns.

    Attributes:
        filled: that hold one single value in these rows and hardly elsewhere.
        same: of two values, one of them in these rows and hardly elsewhere: flags themselves.
    """

    filled: tuple[str, ...] = ()
    same: tuple[str, ...] = ()

    @property
    def every(self) -> tuple[str, ...]:
        """Both."""
        return self.filled + self.same


def filled_beside(flag: Floats | Bools, others: Mapping[str, Floats]) -> Beside:
    """Columns that hold one value in at least 95% of a flag's rows, and in at most 5% of others.

    Args:
        flag: a column of two values, shape (N,); any other has none. Either may be what is "on".
        others: by name, shape (N,) each.
    """
    kinds = np.unique(flag)
    if len(kinds) != 2:
        return Beside()
    sides = [flag == kind for kind in kinds]
    sides = [on for on in sides if min(on.sum(), (~on).sum()) >= _FEWEST]
    found = {
        name: len(np.unique(column))
        for name, column in others.items()
        if any(_is_filled(column, on) for on in sides)
    }
    return Beside(
        tuple(name for name, values in found.items() if values > 2),
        tuple(name for name, values in found.items() if values == 2),
    )


def _is_filled(column: Floats, on: Bools) -> bool:
    values, sizes = np.unique(column[on], return_counts=True)
    same = column == values[sizes.argmax()]
    return bool(same[on].mean() >= _NEARLY_ALL and same[~on].mean() <= _HARDLY)


def left_out_too(beside: Beside) -> str:
    """Sentences that go on from leaving a column out; empty where no other tells the same."""
    return _too_filled(beside.filled) + _too_same(beside.same)


def _too_filled(names: Sequence[str]) -> str:
    if not names:
        return ""
    word, hold, these = (
        ("column", "holds", "it") if len(names) == 1 else ("columns", "hold", "them")
    )
    return (
        f" In the rows that this marks, {word} {_listed(names)} {hold} one single value and "
        f"hardly elsewhere, as if gaps were filled in with it: leave {these} out, too, or fill "
        f"the gaps otherwise, since a network without the other reads the same from {these}."
    )


def _too_same(names: Sequence[str]) -> str:
    if not names:
        return ""
    word, says, these = ("Column", "says", "it") if len(names) == 1 else ("Columns", "say", "them")
    return (
        f" {word} {_listed(names)} {says} nearly the same: leave {these} out, too, since a network "
        f"without the other reads it from {these}."
    )


def _listed(names: Sequence[str]) -> str:
    shown = [f"'{name}'" for name in names[:_LISTED]]
    more = len(names) - _LISTED
    return ", ".join(shown) + (f" and {more:,} more" if more > 0 else "")
