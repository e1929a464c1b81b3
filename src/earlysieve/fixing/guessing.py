"""Candidates that gain where the shortcut misleads because they guess there."""

from collections.abc import Mapping

import numpy as np
from torch import Tensor

from earlysieve.fixing.basis import Basis, must_change
from earlysieve.groups.accuracy import wilson_bounds
from earlysieve.report.fix_view import HARDLY_HELD

# Accuracy over all examples that a guess has to cost before it is left out: below, the headline
# names what guessing gives, and people decide.
MOST_FOR_A_GUESS = 0.05
LEFT_OUT = (
    "Left out, since it costs more than 5 points of accuracy over all and guesses where the "
    "shortcut misleads, or elsewhere"
)
_TRAINING = "Training the whole network again may help, or other training data."
_OTHER_DATA = (
    "Training the whole network again was tried, too; other training data may help, above all "
    "examples in which the shortcut fails."
)


def chance_of(basis: Basis) -> float:
    """How often a guess among the classes that occur is right."""
    return 1 / max(1, len(np.unique(basis.labels)))


def surely_above(share: float, count: int, chance: float) -> bool:
    """Whether Wilson's interval of a share, 95%, lies above chance."""
    return count > 0 and wilson_bounds(share, count)[0] > chance


def knows_both(basis: Basis, logits: Tensor) -> bool:
    """Whether answers are surely better than a guess on those who are misled, and on the others.

    True where nobody is known to be misled. Answers that turned the shortcut around are better on
    the former alone.

    Args:
        basis: with groups to judge by.
        logits: shape (N, C), of its examples.
    """
    suspects = None if basis.judged_by is None else basis.judged_by.suspects
    if suspects is None or not bool(suspects.any()):
        return True
    right = logits.argmax(1) == basis.features.labels
    chance = chance_of(basis)
    return all(
        surely_above(float(right[rows].double().mean()), int(rows.sum()), chance)
        for rows in (suspects, ~suspects)
        if bool(rows.any())
    )


def guesses(basis: Basis, tried: Mapping[str, Tensor]) -> tuple[str, ...]:
    """Candidates that cost more than 5 points of accuracy over all, and do not know both.

    With two classes a coin is right on half of the misled, of whom the given model may be right on
    none: a gain of 50 points that is no repair.

    Args:
        basis: what they are judged by.
        tried: logits (N, C) by name, each of examples that it was not fitted to.
    """
    before = accuracy_of(basis, basis.features.logits)
    return tuple(
        name
        for name, logits in tried.items()
        if accuracy_of(basis, logits) < before - MOST_FOR_A_GUESS and not knows_both(basis, logits)
    )


def accuracy_of(basis: Basis, logits: Tensor) -> float:
    """Over all held-out examples; `logits`: shape (N, C)."""
    return float((logits.argmax(1) == basis.features.labels).double().mean())


def notes_on_guesses(
    basis: Basis, tried: Mapping[str, Tensor], about: str, *, retrained: bool = False
) -> list[str]:
    """Which candidates were left out, and that none knows the task without the shortcut.

    Args:
        basis, tried: as for `guesses`.
        about: what the reader sees that tells who is misled; empty: not known.
        retrained: whether trainings of the whole network are among them.
    """
    chance, where = f"{chance_of(basis):.0%}", f"a reader of {about} is" if about else "they are"
    found, left = [], guesses(basis, tried)
    if left:
        one = len(left) == 1
        count = "1 candidate was" if one else f"{len(left)} candidates were"
        found.append(
            f"{count} left out: {'it' if one else 'each'} loses more than "
            f"{100 * MOST_FOR_A_GUESS:.0f} points of accuracy over all, and where {where} misled, "
            f"or elsewhere, is not surely better than guessing ({chance})."
        )
    if (
        must_change(basis)
        and tried
        and not any(
            knows_both(basis, logits) for logits in (basis.features.logits, *tried.values())
        )
    ):
        found.append(
            f"No candidate is surely better than guessing ({chance}) both where {where} misled and "
            f"elsewhere: {HARDLY_HELD}. {_OTHER_DATA if retrained else _TRAINING}"
        )
    return found
