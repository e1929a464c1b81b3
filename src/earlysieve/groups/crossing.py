"""Whether groups tell classes apart, without which they hardly tell whom a cue misleads."""

from collections.abc import Sequence

import numpy as np

from earlysieve._arrays import Ints
from earlysieve.groups.classes import class_name, listed

# Of a few examples some group holds one class by chance, and says nothing of how groups were made.
FEWEST = 10
NEARLY_ALL = 0.9


def not_crossed(
    groups: Ints, labels: Ints, names: Sequence[str] = (), *, label_column: str | None = None
) -> str:
    """A note that groups are of a cue alone; empty where they tell classes apart.

    A cue that goes with one class is right beside it and misleads beside the others. A group of all
    who have it holds both, mostly those whom it serves, so that a method that weighs such groups,
    or a rule that compares them, hardly sees whom it misleads.

    Args:
        groups: of the examples, shape (N,), -1 where unknown.
        labels: their classes, shape (N,).
        names: of group 0, 1, ...
        label_column: where the labels stand, for the option that the note names; None: "label".

    Returns:
        A sentence where there are at least two groups of ten examples or more, and at least 90%
        of them hold several classes.
    """
    numbers, sizes = np.unique(groups[groups >= 0], return_counts=True)
    large = [int(k) for k in numbers[sizes >= FEWEST]]
    mixed = [k for k in large if len(np.unique(labels[groups == k])) > 1]
    if len(large) < 2 or len(mixed) < NEARLY_ALL * len(large):
        return ""
    return (
        f"Each of the groups {listed([class_name(k, names) for k in mixed], 3)} holds several "
        "classes. A cue misleads only beside some classes, so that groups of the cue alone hardly "
        "show whom it misleads: cross them with the class, with --group-column "
        f"{label_column or 'label'} beside the column of the cue, or with groups of class and cue."
    )
