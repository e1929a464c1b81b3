"""Words that tell a class by how often they are said, not by whether they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from earlysieve._arrays import Bools, Floats
from earlysieve.auditing.swaps.spans import Told, fitted, often, replaced
from earlysieve.auditing.swaps.tokens import refitted

_TIMES = (2, 3, 4, 5)
_LEAST, _MORE = 0.5, 0.2


@dataclass(frozen=True)
class Repeat:
    """A word that the texts of a class say often.

    Attributes:
        token: its number.
        times: how often at least.
        kind: the class.
        holds: which texts say it so often, shape (N,).
    """

    token: int
    times: int
    kind: int
    holds: Bools


def repeats(texts: Told, classes: int) -> list[Repeat]:
    """For each class the word that tells it best by being said twice to five times at least.

    By half or more, and by a fifth more than its being said at all does.

    Args:
        texts: that are counted.
        classes: C.
    """
    mask = often(texts, _TIMES[0])
    size = int(texts.tokens.max()) + 1
    rows = torch.arange(len(mask))[:, None].expand_as(mask)
    codes, counts = np.unique((rows * size + texts.tokens)[mask].numpy(), return_counts=True)
    row, token = codes // size, codes % size
    numbers, place = np.unique(token, return_inverse=True)
    telling = {}
    for times in (1, *_TIMES):
        enough = counts >= times
        telling[times] = texts.shares(row[enough], place[enough], len(numbers), classes)
    found = []
    for kind in range(classes if len(numbers) else 0):
        best = _repeat(telling, kind)
        if best is not None:
            times, at = best
            holds = np.zeros(len(mask), bool)
            holds[row[(place == at) & (counts >= times)]] = True
            found.append(Repeat(int(numbers[at]), times, kind, holds))
    return found


def with_counts(
    tokens: Tensor, mask: Tensor, others: Tensor, again: Sequence[int]
) -> tuple[Tensor, Tensor]:
    """A text that says some words as often as another one does, and its new mask.

    What is too much goes from the end; what is missing comes where the other text has it.

    Args:
        tokens, mask: of the text, shape (T,).
        others: words of the other one, shape (W,).
        again: tokens whose number is made the same.
    """
    if not again:
        return tokens, mask
    words, given = tokens[mask.bool()].numpy(), others.numpy()
    for token in again:
        mine, theirs = np.flatnonzero(words == token), np.flatnonzero(given == token)
        if len(mine) > len(theirs):
            words = np.delete(words, mine[len(theirs) :])
        for place in theirs[len(mine) :]:
            at = int(min(place, max(0, len(words) - 1)))
            words = fitted(replaced(words, at, 0, (token,)), at + 1, len(tokens))
    return refitted(tokens, mask, torch.as_tensor(words))


def _repeat(telling: Mapping[int, Floats], kind: int) -> tuple[int, int] | None:
    """How often, and the column of the word; None where none tells a class so."""
    times = max(_TIMES, key=lambda count: (telling[count][kind].max(), -count))
    at = int(telling[times][kind].argmax())
    enough = telling[times][kind][at] >= max(_LEAST, telling[1][kind][at] + _MORE)
    return (times, at) if enough else None
