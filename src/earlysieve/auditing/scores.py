"""Per-example signs of shortcut reliance, as pure functions.

Source: DeDiER (WACV 2024), section 3: an early readout errs more on examples that lack the
shortcut, and is more confident on those errors than on its other errors.
"""

from collections.abc import Mapping

import numpy as np

from earlysieve._arrays import Bools, Floats, Ints
from earlysieve.errors import InputError


def shortcut_scores(prediction: Ints, labels: Ints, margin: Floats) -> Floats:
    """Signed margin, shape (N,), in [-1, 1]: +margin where the readout is wrong, else -margin.

    Args:
        prediction: class the readout says, shape (N,).
        labels: true class, shape (N,).
        margin: difference of the readout's two largest probabilities, shape (N,), in [0, 1].
    """
    return np.where(prediction != labels, margin, -margin)


def flag(scores: Floats, threshold: float = 0.5) -> Bools:
    """Which examples an early readout gets wrong with confidence: score >= threshold.

    Args:
        scores: shape (N,), in [-1, 1].
        threshold: in (0, 1].

    Raises:
        InputError: the threshold lies outside.
    """
    check_threshold(threshold)
    return np.asarray(scores >= threshold)


def check_threshold(threshold: float) -> None:
    """Raise InputError unless the threshold of `flag` lies in (0, 1]."""
    if not 0 < threshold <= 1:
        raise InputError(
            f"Expected flag_margin to lie above 0 and up to 1, but got {threshold}; 0.5 is usual"
        )


def minority(labels: Ints, groups: Ints, shares: Mapping[int, float] | None = None) -> Bools | None:
    """Which examples are in a group that is smaller than the largest of their class.

    Args:
        labels: shape (N,).
        groups: shape (N,), -1 where unknown; unknown examples are never minority.
        shares: sizes of the groups by number, such as those of the training data, where these data
            are balanced; None: as they are here.

    Returns:
        Shape (N,), or None where no class has groups of different size.
    """
    found = np.zeros(len(labels), dtype=bool)
    known = groups >= 0
    for label in np.unique(labels[known]):
        inside = known & (labels == label)
        names, counts = np.unique(groups[inside], return_counts=True)
        sizes = counts if shares is None else np.array([shares.get(int(g), 0.0) for g in names])
        found |= inside & np.isin(groups, names[sizes < sizes.max()])
    return found if found.any() else None


def auroc(scores: Floats, positive: Bools) -> float:
    """Probability that a positive example scores above a negative one; ties count half.

    Returns:
        In [0, 1]; NaN where one of the two kinds is missing.
    """
    positives = int(positive.sum())
    negatives = len(positive) - positives
    if not positives or not negatives:
        return float("nan")
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2
    rank_sum = float(ranks[place][positive].sum())
    return (rank_sum - positives * (positives + 1) / 2) / (positives * negatives)
