"""Which labels are in doubt, and to which pile a suspicious example belongs.

A label is in doubt where the model and the readers, all out of sample, agree on another class.
The least of the two contradictions counts, so that a mistake of one of them raises no doubt.
Where a simple feature misleads, they agree on another class, too; what tells the two apart is
whether views that are refitted with suspects weighted up come to prefer the label.
"""

from collections.abc import Mapping
from typing import Literal

import numpy as np

from earlysieve._arrays import Bools, Floats, Ints
from earlysieve.auditing.readers import Reader, calibrated, contradiction, ridge_scores
from earlysieve.auditing.recover import own_calibration, suspect_weights

Pile = Literal["", "shortcut fails", "label doubtful", "rare or hard"]
PILES: tuple[Pile, ...] = ("", "shortcut fails", "label doubtful", "rare or hard")
DOUBTFUL = 0.5
_L2 = 30.0


def label_doubt(probabilities: Floats, readers: Mapping[str, Reader], labels: Ints) -> Floats:
    """How much the model and the readers agree that the label is wrong, (N,), in [-1, 1].

    Args:
        probabilities: of the model, shape (N, C).
        readers: of layers, out of fold; at least one.
        labels: shape (N,).
    """
    own = contradiction(own_calibration(probabilities, labels), labels)
    read = np.mean([reader.score for reader in readers.values()], axis=0)
    return np.asarray(np.minimum(own, read))


def refitted_preference(
    views: Mapping[str, Floats], suspects: Bools, labels: Ints, fold_of: Ints, classes: int
) -> Floats:
    """Mean over views of their contradiction of the label once suspects are weighted up, (N,).

    Args:
        views: columns as from `standardised`, by name.
        suspects, labels, fold_of: shape (N,).
        classes: C.
    """
    weights = suspect_weights(suspects, labels)
    found = [
        contradiction(
            calibrated(ridge_scores(x, labels, fold_of, classes, l2=_L2, weights=weights), labels),
            labels,
        )
        for x in views.values()
    ]
    return np.asarray(np.mean(found, axis=0))


def failing(score: Floats, preference: Floats | None) -> Floats:
    """How likely it is that a simple feature fails on an example, (N,), in [-1, 1].

    Where the readers contradict the label, their score is cut down as far as the refitted views
    contradict it, too (half where these are undecided).

    Args:
        score: of all readers, shape (N,), in [-1, 1].
        preference: from `refitted_preference`, or None where it is not known.
    """
    if preference is None:
        return score
    return np.where(score > 0, score * (1 - np.clip(preference, -1, 1)) / 2, score)


def piles(
    errors: Bools, suspects: Bools, doubt: Floats, preference: Floats | None, shortcut: bool
) -> list[Pile]:
    """The pile of each example.

    Args:
        errors: of the model, shape (N,).
        suspects: where a reader or the model contradicts the label with confidence, shape (N,).
        doubt: from `label_doubt`.
        preference: from `refitted_preference`; None where it is not known.
        shortcut: whether the model leans on something simple, as the verdict says; if not, nothing
            is said to fail.
    """
    found: list[Pile] = [""] * len(errors)
    for i in np.flatnonzero(errors | suspects):
        contradicted = doubt[i] > DOUBTFUL
        mended = shortcut and suspects[i] and (preference is None or preference[i] < DOUBTFUL)
        if mended:
            found[i] = "shortcut fails"
        elif contradicted:
            found[i] = "label doubtful"
        elif errors[i]:
            found[i] = "rare or hard"
    return found
