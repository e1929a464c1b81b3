"""Which values of a column it is that tell, where a verdict is about the column."""

from collections.abc import Sequence
from functools import partial

from earlysieve._arrays import Ints
from earlysieve._readable import readable
from earlysieve.auditing.telling_ranges import Telling, TellingRange
from earlysieve.auditing.telling_values import TellingValues, written
from earlysieve.groups.classes import class_name

_LISTED = 6


def values_inside(telling: Telling, said: Ints, labels: Ints, class_names: Sequence[str]) -> str:
    """A sentence: which values tell their class, and how many of their rows are of it.

    Args:
        telling: values of the column.
        said: the class of which each row's value speaks, shape (N,); -1: of none.
        labels: shape (N,).
        class_names: of class 0, 1, ...

    Returns:
        Empty where no row holds one of the values, or every row does.
    """
    held = said >= 0
    if held.all() or not held.any():
        return ""
    kinds = sorted(set(telling.kinds))
    right = float((said == labels)[held].mean())
    count = f"{right:.0%} of the {int(held.sum()):,} rows"
    told = f"{count} that hold"
    name = readable(f"column {telling.variable.name.removeprefix('column ')}")
    if isinstance(telling, TellingRange):
        others = float((labels == telling.kind)[~held].mean())
        return (
            f"What tells is above all {name} where it is {telling.listed}: {count} like that are "
            f"of class '{class_name(telling.kind, class_names)}', and {others:.0%} of all others."
        )
    which = f"{_listed(telling)} in {name}"
    if len(kinds) > 1:
        return (
            f"What tells is above all {which}: {told} one of these are of the class it goes with."
        )
    others = float((labels == kinds[0])[~held].mean())
    one = "it" if len(telling.values) == 1 else "one of these"
    return (
        f"What tells is above all {which}: {told} {one} are of class "
        f"'{class_name(kinds[0], class_names)}', and {others:.0%} of all others."
    )


def _listed(telling: TellingValues) -> str:
    return telling.in_words(_LISTED, partial(_written, telling))


def _written(telling: TellingValues, value: float) -> str:
    if not telling.variable.is_category:
        return written(value)
    names = telling.variable.categories
    return f"'{names[int(value)]}'" if value < len(names) else "none of its categories"
