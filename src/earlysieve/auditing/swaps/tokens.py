"""Parts of texts: the tokens that tell the class most, and the length.

Token numbers are (B, T) with a mask (B, T). What the mask leaves out is padding and is never
swapped; nor is what stands in every text, as the tokens that open and close it.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from earlysieve._arrays import Bools, Floats, Ints

TELLING, MOST_TELLING = 3, 24
_FAR, _ERRORS, _BESIDE, _A_FEW, _TELLS_ALONE = 1.4, 2.0, 3, 2.5, 0.4
_EVERYWHERE = 0.98


@dataclass(frozen=True)
class Telling:
    """Which tokens tell which class.

    Attributes:
        score: share of the class's texts that hold the token, minus that of the other texts;
            (C, V), 0 for tokens that are in every text.
        top: the tokens with the largest score of each class, see `standing_out`, (C, K); -1 where
            there are no more.
        special: tokens in every text, (V,).
    """

    score: Tensor
    top: Tensor
    special: Tensor

    def place(self, tokens: Tensor, mask: Tensor, classes: Tensor) -> Tensor:
        """Where each text has its most telling token for `classes` (B,): (B,), -1: nowhere."""
        chosen = self.top[classes]
        wanted = (tokens[:, :, None] == chosen[:, None, :]).any(2) & mask.bool()
        value = self.score[classes[:, None], tokens].masked_fill(~wanted, -1)
        best = value.argmax(1)
        return torch.where(wanted.any(1), best, -1)


def telling_tokens(tokens: Tensor, mask: Tensor, labels: Ints, num_classes: int) -> Telling:
    """Count in how many texts of each class each token stands."""
    size = int(tokens.max()) + 1
    holds = torch.zeros(len(tokens), size)
    holds.scatter_reduce_(1, tokens.where(mask.bool(), 0), mask.float(), "sum")
    holds = (holds > 0).float()
    one_hot = torch.nn.functional.one_hot(torch.as_tensor(labels), num_classes).float()
    inside = one_hot.T @ holds / one_hot.sum(0).clamp_min(1)[:, None]
    outside = (1 - one_hot).T @ holds / (1 - one_hot).sum(0).clamp_min(1)[:, None]
    special = holds.mean(0) >= _EVERYWHERE
    score = (inside - outside).masked_fill(special, 0)
    count = torch.as_tensor(standing_out(score.numpy(), holds.numpy() > 0, labels))
    best = score.topk(min(int(count.max()), size), 1)
    there = (best.values > 0) & (torch.arange(best.values.shape[1]) < count[:, None])
    return Telling(score, best.indices.where(there, -1), special)


def standing_out(more: Floats, holds: Bools, labels: Ints) -> Ints:
    """How many words of each class tell it far better than the next ones, int64, shape (C,).

    Where the names of ten cities share what tells a class, each tells a tenth of it, and three of
    them hardly anything. They stand out from the words of the task: the last three of them are on
    the mean in 1.4 times as many texts as the next three, and in more by two standard errors. Of
    several such gaps the widest counts, of 5 to 24 words. Where there is none, as between the words
    of most tasks, three are taken; and where the first tells the class by itself, or texts that
    hold one of them mostly hold several, as of a topic, which has a reader of its own.

    Args:
        more: by how much more often a class says each word than the others do, shape (C, V).
        holds: which texts hold which words, shape (N, V).
        labels: shape (N,), values in [0, C).
    """
    sizes = np.bincount(labels, minlength=len(more))
    ordered = np.maximum(-np.sort(-more, 1)[:, : MOST_TELLING + _BESIDE], 0)
    ordered = np.pad(ordered, ((0, 0), (0, MOST_TELLING + _BESIDE - ordered.shape[1])))
    means = np.stack([ordered[:, k : k + _BESIDE].mean(1) for k in range(MOST_TELLING + 1)], 1)
    last, following = means[:, TELLING + 1 - _BESIDE : -_BESIDE], means[:, TELLING + 1 :]
    each = 1 / np.maximum(sizes, 1) + 1 / np.maximum(sizes.sum() - sizes, 1)
    # Of a mean of three words in other texts.
    error = np.sqrt(last * (1 - np.minimum(last, 1)) * each[:, None] / _BESIDE)
    ratio = last / np.maximum(np.maximum(following, error), 1e-9)
    wide = (ratio >= _FAR) & (last - following >= _ERRORS * error) & (last > 0)
    wide[:, 0] = False  # one word more is no other cue
    widest = np.where(wide, ratio, 0).argmax(1)
    counts = np.where(wide.any(1), widest + TELLING + 1, TELLING).astype(np.int64)
    together = np.array(
        [_together(more[kind], holds[labels == kind], one) for kind, one in enumerate(counts)]
    )
    return np.where(together | (ordered[:, 0] >= _TELLS_ALONE), TELLING, counts)


def _together(more: Floats, holds: Bools, count: int) -> bool:
    """Whether texts (N, V) that hold one of the first words (V,) hold about three of them."""
    held = holds[:, np.argsort(-more, kind="stable")[:count]].sum(1)
    return bool(held.any()) and float(held[held > 0].mean()) > _A_FEW


def swap_tokens(tokens: Tensor, donors: Tensor, places: Tensor, donor_places: Tensor) -> Tensor:
    """Receivers (B, T) with one token of the donors (B, T') in place of one of theirs."""
    rows = torch.arange(len(tokens))
    swapped = tokens.clone()
    swapped[rows, places] = donors[rows, donor_places].to(tokens.dtype)
    return swapped


def with_length(
    tokens: Tensor, mask: Tensor, lengths: Tensor, telling: Telling
) -> tuple[Tensor, Tensor]:
    """Each text with as many tokens as `lengths` (B,) says, and its new mask.

    Tokens that tell least are taken away, or said again after where they stand.
    """
    swapped, masks = tokens.clone(), mask.clone()
    weight = telling.score.abs().amax(0)
    for row in range(len(tokens)):
        kept = mask[row].bool().nonzero()[:, 0]
        words = _fitted(tokens[row, kept], min(int(lengths[row]), tokens.shape[1]), weight, telling)
        swapped[row], masks[row] = refitted(tokens[row], mask[row], words)
    return swapped, masks


def refitted(
    tokens: Tensor, mask: Tensor, words: Tensor, filler: Tensor | int = 0
) -> tuple[Tensor, Tensor]:
    """A text (T,) with its mask (T,), made of other words (W,), W <= T; padding keeps its side.

    What it is padded with is copied from the text itself, or else `filler`.
    """
    kept = mask.bool().nonzero()[:, 0]
    room = len(tokens) - len(words)
    left = bool(len(kept)) and len(kept) < len(tokens) and int(kept[0]) > 0
    place = slice(room, None) if left else slice(0, len(words))
    padding = tokens[~mask.bool()]
    found, masks = torch.empty_like(tokens), torch.zeros_like(mask)
    found[:] = padding[0] if len(padding) else filler
    found[place] = words
    masks[place] = 1
    return found, masks


def _fitted(words: Tensor, length: int, weight: Tensor, telling: Telling) -> Tensor:
    movable = (~telling.special[words]).nonzero()[:, 0]
    ordered = movable[weight[words[movable]].argsort(stable=True)]
    if length <= len(words):
        gone = ordered[: len(words) - length]
        keep = torch.ones(len(words), dtype=torch.bool)
        keep[gone] = False
        return words[keep]
    if not len(ordered):
        return words
    times = torch.ones(len(words), dtype=torch.int64)
    plain = ordered[: max(1, len(ordered) // 2)]  # said again in turn, the least telling half
    for step in range(length - len(words)):
        times[plain[step % len(plain)]] += 1
    return words.repeat_interleave(times)
