"""Accuracy by groups of which an example may be in several, or in none."""

import numpy as np

from earlysieve._arrays import Bools
from earlysieve.errors import InputError
from earlysieve.groups.accuracy import GroupAccuracy, worst_group


def accuracy_by_overlapping_group(correct: Bools, members: Bools) -> dict[int, GroupAccuracy]:
    """The accuracy in each group that has an example, by ascending number.

    Args:
        correct: whether the model is right, shape (N,).
        members: whether each example is in each group, shape (N, K).

    Raises:
        InputError: `members` is no boolean matrix with a row per example.
    """
    table = np.asarray(members)
    if table.ndim != 2 or len(table) != len(correct) or table.dtype != np.bool_:
        raise InputError(
            f"Expected which groups each of {len(correct)} examples is in, booleans of shape "
            f"({len(correct)}, K), but got {table.dtype} of shape {table.shape}; pass one row per "
            "example"
        )
    sizes = table.sum(0)
    right = (table & np.asarray(correct, bool)[:, None]).sum(0)
    return {
        group: GroupAccuracy(int(sizes[group]), int(right[group]))
        for group in np.flatnonzero(sizes).tolist()
    }


def worst_overlapping_group(correct: Bools, members: Bools) -> tuple[int, float] | None:
    """The group with the lowest accuracy, the first of equals, and that accuracy.

    Args:
        correct: whether the model is right, shape (N,).
        members: whether each example is in each group, shape (N, K).

    Returns:
        None where no example is in a group.

    Raises:
        InputError: `members` is no boolean matrix with a row per example.
    """
    found = accuracy_by_overlapping_group(correct, members)
    worst = worst_group(found)
    return None if worst is None else (worst, found[worst].accuracy)
