"""The examples of one class with one value of a cue that a model reads worst."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from earlysieve._arrays import Bools, Ints
from earlysieve.groups.accuracy import wilson_bounds
from earlysieve.groups.classes import class_name
from earlysieve.reliance.figures import UNKNOWN, all_but

FEWEST = 10


@dataclass(frozen=True)
class WorstCell:
    """Examples of one class of which the cue says one thing.

    Attributes:
        label: name of the class.
        says: name of the class that the cue says there, or speaks against.
        against: whether it speaks against that.
        accuracy: of the model there, in [0, 1]; `low`, `high`: its 95% Wilson interval.
        examples: how many there are.
    """

    label: str
    says: str
    against: bool
    accuracy: float
    low: float
    high: float
    examples: int


def worst_cell(
    right: Bools, labels: Ints, values: Ints, class_names: Sequence[str]
) -> WorstCell | None:
    """The cell of class and cue with the lowest accuracy; of equal ones the largest.

    A mean over classes hides one that is never right where the cue conflicts.

    Args:
        right: whether the model is right, shape (N,).
        labels: shape (N,).
        values: see `agrees_with`, shape (N,); unknown ones are left out.
        class_names: empty where unknown.

    Returns:
        None where no cell has 10 examples.
    """
    known = values != UNKNOWN
    pairs, counts = np.unique(
        np.stack([labels[known], values[known]], 1), axis=0, return_counts=True
    )
    found = [
        (float(right[(labels == label) & (values == value)].mean()), -count, label, value)
        for (label, value), count in zip(pairs.tolist(), counts.tolist(), strict=True)
        if count >= FEWEST
    ]
    if not found:
        return None
    accuracy, less, label, value = min(found)
    against = value < UNKNOWN
    said = int(all_but(value)) if against else value  # it is its own inverse
    low, high = wilson_bounds(accuracy, -less)
    return WorstCell(
        label=class_name(label, class_names),
        says=class_name(said, class_names),
        against=against,
        accuracy=accuracy,
        low=low,
        high=high,
        examples=-less,
    )
