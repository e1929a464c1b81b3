"""What a reader makes of the words of one kind: those that surely tell, and how many there are."""

from dataclasses import dataclass

import numpy as np

from earlysieve._arrays import Bools, Floats, Ints
from earlysieve.auditing.class_signs import more_often
from earlysieve.auditing.text_kinds import ENDS, MOST_AT_AN_END, SLOTS

_ERRORS, _FEWEST, _MOST = 3.0, 5, 400


@dataclass(frozen=True)
class KindWords:
    """Words of one kind that tell a class, by where they stand.

    Attributes:
        slots: columns of the features, from where to where, for each group.
        words: token numbers by group.
        counted: whether the last column says how many there are.
    """

    slots: tuple[slice, ...]
    words: tuple[Ints, ...]
    counted: bool

    def __call__(self, features: Floats) -> Floats:
        """Which of the words rows of `kind_features` hold, and how many there are: (N, K)."""
        found = [
            _holds(features[:, part], words).astype(np.float64)
            for part, words in zip(self.slots, self.words, strict=True)
        ]
        return np.concatenate([*found, features[:, -1:]] if self.counted else found, 1)


def telling_words(features: Floats, labels: Ints, classes: int, name: str) -> KindWords:
    """The words of a kind that some class has more or less often than the others, beyond chance.

    By three standard errors of a share, in five texts or more. Of many rare words most tell
    nothing, and a reader of them all would be misled by these.

    Args:
        features: from `kind_features`, shape (N, S).
        labels: shape (N,).
        classes: C.
        name: of the kind.
    """
    ends = (slice(0, MOST_AT_AN_END), slice(MOST_AT_AN_END, 2 * MOST_AT_AN_END))
    slots = ends if name == ENDS else (slice(0, SLOTS),)
    words = tuple(_surely_telling(features[:, part], labels, classes) for part in slots)
    return KindWords(slots, words, counted=name != ENDS)


def _surely_telling(values: Floats, labels: Ints, classes: int) -> Ints:
    words, counts = np.unique(values[values >= 0], return_counts=True)
    words = words[counts >= _FEWEST][np.argsort(-counts[counts >= _FEWEST], kind="stable")[:_MOST]]
    if not len(words):
        return words.astype(np.int64)
    holds = _holds(values, words)
    share, sizes = holds.mean(0), np.bincount(labels, minlength=classes)[:, None]
    rest = np.maximum(len(labels) - sizes, 1)
    spread = np.sqrt(share * (1 - share) * (1 / np.maximum(sizes, 1) + 1 / rest))
    sure = np.abs(more_often(holds, labels, classes)) >= _ERRORS * np.maximum(spread, 1e-9)
    return np.asarray(np.sort(words[sure.any(0)]).astype(np.int64))


def _holds(values: Floats, words: Ints | Floats) -> Bools:
    """Whether rows (N, S) hold words (K,), shape (N, K)."""
    found = np.zeros((len(values), len(words)), bool)
    for column in values.T:
        found |= column[:, None] == words
    return found
