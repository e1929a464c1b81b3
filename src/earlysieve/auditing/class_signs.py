"""Signs of a class in its texts: a word or a phrase that it has, or that it alone has not.

What marks are to images: of one class among several a word may tell nearly all and of the others
nothing, and a phrase may tell though each of its words stands anywhere. A reader of single telling
words reads neither. Their readers are reserved, see `earlysieve.auditing.marks`.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from earlysieve._arrays import Bools, Floats, Ints
from earlysieve.auditing.marks import ALONE, LEAST, kinds_to_tell
from earlysieve.auditing.together import with_companions

_BUCKETS, _FACTOR = 512, 311
BETTER = 0.1


@dataclass(frozen=True)
class Sign:
    """One column of which words or pairs of words a text holds.

    Attributes:
        column: of the features.
        kind: the class that it goes with.
        absent: whether that class is told by its absence.
    """

    column: int
    kind: int
    absent: bool = False

    def held_by(self, values: Floats) -> Bools:
        """Which rows of features (N, V) speak for the class, shape (N,)."""
        found: Bools = (values[:, self.column] > 0) != self.absent
        return found


Signs = tuple[Sign, ...]


def pairs_held(tokens: Tensor, mask: Tensor) -> Tensor:
    """Which pairs of neighbours a text holds, in buckets: (B, 512) of token numbers (B, T)."""
    both = mask[:, 1:] & mask[:, :-1]
    buckets = (tokens[:, :-1] * _FACTOR + tokens[:, 1:]) % _BUCKETS
    found = torch.zeros(len(tokens), _BUCKETS, device=tokens.device)
    found.scatter_add_(1, buckets, both.to(found.dtype))
    return found.clamp_max(1)


def shape(values: Floats, signs: Signs) -> Floats:
    """Which signs rows of features (N, V) hold, as numbers for a reader, shape (N, K)."""
    return np.stack([one.held_by(values) for one in signs], 1).astype(np.float64)


def more_often(holds: Bools | Floats, labels: Ints, classes: int) -> Floats:
    """Share of each class's texts that hold a column minus that of the others, shape (C, V).

    Args:
        holds: shape (N, V).
        labels: shape (N,).
        classes: C.
    """
    mine = np.eye(classes, dtype=np.float32)[labels]
    sizes = mine.sum(0)[:, None]
    sums = mine.T @ np.asarray(holds, np.float32)
    rest = (sums.sum(0) - sums) / np.maximum(len(labels) - sizes, 1)
    return np.asarray(sums / np.maximum(sizes, 1) - rest)


def word_signs(values: Floats, labels: Ints, classes: int) -> Signs:
    """Words of single classes among three or more; none where nearly every class has its own.

    Two classes are told by any word of one of them, and classes that all have theirs by the words
    together: a reader of telling words sees that.

    Args:
        values: how often texts hold words, shape (N, V).
        labels: shape (N,).
        classes: C.
    """
    if classes < 3:
        return ()
    found = _signs(values, labels, classes, np.zeros(classes), alone=True)
    return found if len(found) < classes - 1 else ()


def phrase_signs(pairs: Floats, words: Floats | None, labels: Ints, classes: int) -> Signs:
    """Pairs of neighbours that tell a class better than any word does, by a tenth.

    Args:
        pairs: from `pairs_held`, shape (N, V).
        words: how often texts hold words, shape (N, W); None: not known.
        labels: shape (N,).
        classes: C.
    """
    best = np.zeros(classes)
    if words is not None:
        telling = more_often(words > 0, labels, classes)
        best = np.abs(telling if classes > 2 else np.maximum(telling, 0)).max(1)
    # The pairs of one phrase tell alike: none of them is alone.
    return _signs(pairs, labels, classes, best + BETTER, alone=False)


def _signs(values: Floats, labels: Ints, classes: int, least: Floats, *, alone: bool) -> Signs:
    holds = values > 0
    more = more_often(holds, labels, classes)
    found: list[Sign] = []
    for kind in kinds_to_tell(labels, classes):
        # Of two classes each is told by what the other one has.
        ways = more[kind] if classes == 2 else np.abs(more[kind])
        column = int(ways.argmax())
        if ways[column] < max(LEAST, least[kind]):
            continue
        if not alone or ways[column] >= _elsewhere(holds, labels, ways, column) + ALONE:
            found.append(Sign(column, int(kind), absent=bool(more[kind, column] < 0)))
    return tuple(found)


def _elsewhere(holds: Bools, labels: Ints, ways: Floats, column: int) -> float:
    """How much a column tells that does not come and go with this one, nor stands for it."""
    apart = np.ones(len(ways), bool)
    classes = int(labels.max()) + 1
    alike = with_companions(
        holds.astype(np.float32), labels, classes, np.array([column]), or_others=True
    )
    apart[alike] = False
    return float(ways[apart].max(initial=0.0))
