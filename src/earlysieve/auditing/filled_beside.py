"""Columns that were filled in where a flag says so: without the flag they still tell it."""

from collections.abc import Mapping

import numpy as np

from earlysieve._arrays import Bools, Floats

_NEARLY_ALL, _HARDLY, _FEWEST, _LISTED = 0.95, 0.05, 20, 3


def filled_beside(flag: Floats, others: Mapping[str, Floats]) -> tuple[str, ...]:
    """Columns that hold one value in at least 95% of a flag's rows, and in at most 5% of others.

    Args:
        flag: a column of two values, shape (N,); any other has none. Either may be what is "on".
        others: by name, shape (N,) each; those of two values are flags themselves.
    """
    kinds = np.unique(flag)
    if len(kinds) != 2:
        return ()
    sides = [flag == kind for kind in kinds]
    sides = [on for on in sides if min(on.sum(), (~on).sum()) >= _FEWEST]
    return tuple(
        name
        for name, column in others.items()
        if len(np.unique(column)) > 2 and any(_is_filled(column, on) for on in sides)
    )


def _is_filled(column: Floats, on: Bools) -> bool:
    values, sizes = np.unique(column[on], return_counts=True)
    same = column == values[sizes.argmax()]
    return bool(same[on].mean() >= _NEARLY_ALL and same[~on].mean() <= _HARDLY)


def left_out_too(names: tuple[str, ...]) -> str:
    """A sentence that goes on from leaving the flag out; empty without names."""
    if not names:
        return ""
    shown = [f"'{name}'" for name in names[:_LISTED]]
    more = len(names) - _LISTED
    listed = ", ".join(shown) + (f" and {more:,} more" if more > 0 else "")
    word, hold, these = (
        ("column", "holds", "it") if len(names) == 1 else ("columns", "hold", "them")
    )
    return (
        f" Where this flag says so, {word} {listed} {hold} one single value and hardly elsewhere, "
        f"as if gaps were filled in with it: leave {these} out, too, or fill the gaps otherwise, "
        f"since a network without the flag reads the same from {these}."
    )
