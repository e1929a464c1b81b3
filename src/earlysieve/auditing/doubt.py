"""Which labels are in doubt, and to which pile a suspicious example belongs.

A label is in doubt where the model and the readers, all out of sample, agree on another class.
The least of the two contradictions counts, so that a mistake of one of them raises no doubt.
Where a simple feature misleads, they agree on another class, too. What tells the two apart is the
rest of the example, where a reader sees nothing else (all words but the telling ones); else,
whether views that are refitted with suspects weighted up come to prefer the label.
"""

from collections.abc import Mapping
from typing import Literal

import numpy as np

from earlysieve._arrays import Bools, Floats, Ints
from earlysieve.auditing.readers import Reader, contradiction
from earlysieve.groups.accuracy import wilson_bounds

Pile = Literal["", "shortcut fails", "misled", "label doubtful", "rare or hard"]
PILES: tuple[Pile, ...] = ("", "shortcut fails", "misled", "label doubtful", "rare or hard")
DOUBTFUL, SURE = 0.5, 0.3
L2 = 30.0
# Of 147 wrong labels of ten classes half are contradicted by more than 0.92, nine of ten by more
# than 0.65; labels beside which nothing but the cue can be read, mostly by 0.4 to 0.6.
_SURELY = 0.75


def label_doubt(probabilities: Floats, readers: Mapping[str, Reader], labels: Ints) -> Floats:
    """How much the model and the readers agree that the label is wrong, (N,), in [-1, 1].

    Args:
        probabilities: of the model, calibrated, shape (N, C).
        readers: of layers, out of fold; at least one.
        labels: shape (N,).
    """
    own = contradiction(probabilities, labels)
    read = np.mean([reader.score for reader in readers.values()], axis=0)
    return np.asarray(np.minimum(own, read))


def contrary(preference: Floats, recovered: float, explained: int, enough: float) -> Floats:
    """How much the rest contradicts labels on which a feature fails; above 0: it does, shape (N,).

    Where the rest of most of these examples speaks for the label, none is in doubt, however much
    the model and its layers agree on the feature's class. Where it surely does not, wrong labels
    are among them, and each is judged by itself. Between lie features beside which hardly anything
    can be read, and few examples: only labels that are surely contradicted are in doubt.

    Args:
        preference: how much readers contradict the label once suspects weigh more, shape (N,).
        recovered: share of the explained errors on which another property prefers the label; NaN:
            unknown.
        explained: how many these are.
        enough: the share that is most.
    """
    if recovered >= enough:
        return np.full(len(preference), -1.0)
    unsure = explained > 0 and wilson_bounds(recovered, explained)[1] >= enough
    return preference - _SURELY if unsure else preference


def piles(
    errors: Bools,
    failing: Floats,
    doubt: Floats,
    preference: Floats,
    misleading: Floats | None = None,
    rest: Floats | None = None,
) -> list[Pile]:
    """The pile of each example.

    Args:
        errors: of the model, shape (N,).
        failing: how much what the model leans on contradicts the label, shape (N,), in [-1, 1];
            nowhere above 0 where it leans on nothing.
        doubt: from `label_doubt`.
        preference: how much readers contradict the label once suspects weigh more, shape (N,).
        misleading: how much what the label goes with contradicts it, where it is only a risk that
            the model leans on that, likewise; a label that is doubtful stays so, unless the rest
            surely speaks for it.
        rest: how much all else in an example contradicts the label, likewise; None: no reader sees
            just that.
    """
    misled = np.zeros(len(errors), bool) if misleading is None else misleading >= SURE
    doubtful = doubt > DOUBTFUL
    speaks = np.zeros(len(errors)) if rest is None else rest
    against = (speaks >= DOUBTFUL) | ((speaks > -SURE) & (preference > 0))
    fails = (failing >= SURE) & ~(doubtful & against)
    found = np.select(
        [fails, doubtful & ~(misled & (speaks <= -SURE)), misled, errors],
        ["shortcut fails", "label doubtful", "misled", "rare or hard"],
        "",
    )
    return [str(name) for name in found]  # type: ignore[misc]
