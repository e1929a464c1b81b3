"""Pairs of texts among token numbers: which tokens are of which text, and what the two share.

What a model of pairs should judge lies between the two. The second text by itself tells the class
where its writers went by the class (Gururangan et al., NAACL 2018), and so does how many of its
words the first one holds (McCoy et al., ACL 2019).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from earlysieve._arrays import Floats
from earlysieve.auditing.swaps.carrier import Carrier
from earlysieve.model.batch import Inputs

FIRST, SECOND, SHARED = "first text", "second text", "shared words"
OF_PAIRS = (FIRST, SECOND, SHARED)
_MOST, _LONGEST_RUN = 0.5, 3
_COUNTS, _BUCKETS, _LEAST_RARE = 5, 250, 1e-3


@dataclass(frozen=True)
class Between:
    """What parts the two texts.

    Attributes:
        token: that stands between them.
        special: tokens that are no words.
    """

    token: int
    special: tuple[int, ...] = ()

    def parts(self, tokens: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Which tokens are words of the first text and of the second, bool, (B, T) each."""
        met = ((tokens == self.token) & mask.bool()).long()
        behind = met.cumsum(1) - met > 0
        marks = torch.tensor([self.token, *self.special], device=tokens.device)
        words = mask.bool() & ~torch.isin(tokens, marks)
        return words & ~behind, words & behind

    def starts(self, tokens: Sequence[int] | Tensor) -> int | None:
        """Where the second of two texts begins among tokens without padding; None: nowhere."""
        row = torch.as_tensor(tokens, dtype=torch.int64)[None]
        first, second = self.parts(row, torch.ones_like(row, dtype=torch.bool))
        return int(second[0].int().argmax()) if bool(first.any() and second.any()) else None

    def holds_pairs(self, tokens: Tensor, mask: Tensor) -> bool:
        """Whether most of these texts (B, T) are two, and none of them more."""
        first, second = self.parts(tokens, mask)
        two = first.any(1) & second.any(1)
        met = (tokens == self.token) & mask.bool()
        before, after = second.long().cumsum(1) > 0, second.flip(1).long().cumsum(1).flip(1) > 0
        return bool(two.float().mean() > _MOST) and not bool((met & before & after).any())


def between_by(tokenizer: Any) -> Between | None:
    """What a tokenizer puts between two texts; None where it has no token for that."""
    token = getattr(tokenizer, "sep_token_id", None)
    token = getattr(tokenizer, "eos_token_id", None) if token is None else token
    if not isinstance(token, int):
        return None
    unknown = getattr(tokenizer, "unk_token_id", None)  # a word, though which one is not known
    every = (int(one) for one in getattr(tokenizer, "all_special_ids", ()))
    return Between(token, tuple(one for one in every if one != unknown))


def second_starts(tokens: Tensor, used: Tensor, between: Between | None) -> list[int | None]:
    """Where the second text of each pair begins among the tokens that are used.

    Args:
        tokens: shape (B, T).
        used: which tokens are words, shape (B, T).
        between: what parts the texts; None: they are no pairs.
    """
    if between is None:
        return [None] * len(tokens)
    first, second = between.parts(tokens, torch.ones_like(used))
    counts = (first & used).sum(1).tolist()
    pairs = ((first & used).any(1) & (second & used).any(1)).tolist()
    return [count if two else None for count, two in zip(counts, pairs, strict=True)]


def both_vary(first: Tensor, second: Tensor) -> bool:
    """Whether neither text is the same in most pairs, as one question that all are asked.

    The other one is then all that there is to judge. Rows stand for texts, (N, F) each.
    """
    counts = (torch.unique(one, dim=0, return_counts=True)[1] for one in (first, second))
    return all(int(count.max()) <= _MOST * len(first) for count in counts)


def between_in(inputs: Inputs, carrier: Carrier | None, tokenizer: Any = None) -> Between | None:
    """What parts the two texts of each of these examples; None where they are no pairs.

    Args:
        inputs: of a batch.
        carrier: of texts; None: there are none.
        tokenizer: of these; without one, token types tell it.
    """
    if carrier is None or carrier.kind != "text":
        return None
    found = between_by(tokenizer)
    if found is None:
        token = carrier.separator(inputs)
        found = None if token is None else Between(token)
    tokens, mask = carrier.get(inputs).long(), carrier.mask_of(inputs)
    return found if found is not None and found.holds_pairs(tokens, mask) else None


def shared_features(tokens: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """How much of each text the other one holds, shape (B, 505).

    The shares of the second text's words, and of its runs of two and three, that are in the first;
    of the first one's words that are in the second; log2(1 + how many of the second are); and, in
    250 buckets each, which words of the second are, and which it has.

    Args:
        tokens: shape (B, T).
        first, second: which are words of either text, shape (B, T).
    """
    alike = (tokens[:, :, None] == tokens[:, None, :]) & second[:, :, None] & first[:, None, :]
    run, own, found = alike, second, []
    for length in range(1, _LONGEST_RUN + 1):
        found.append(_share(run.any(2), own))
        if length < _LONGEST_RUN:
            run = run[:, :-1, :-1] & alike[:, length:, length:]
            own = own[:, :-1] & second[:, length:]
    count = alike.any(2).sum(1, keepdim=True).float().add(1).log2()
    held = [_held(tokens, mine) for mine in (alike.any(2), second)]
    return torch.cat([*found, _share(alike.any(1), first), count, *held], 1)


def shared_by_rarity(features: Floats, rarity: Floats) -> Floats:
    """What is shared, with the share and the number of words that few texts have, (N, 7).

    Args:
        features: from `shared_features`, shape (N, 505).
        rarity: from `rarity_of`, shape (250,).
    """
    counts, held = features[:, :_COUNTS], features[:, _COUNTS:]
    mine, every = held[:, :_BUCKETS] @ rarity, held[:, _BUCKETS:] @ rarity
    share = mine / np.maximum(every, _LEAST_RARE)
    return np.concatenate([counts, share[:, None], np.log2(1 + mine)[:, None]], 1)


def rarity_of(features: Floats) -> Floats:
    """How rare words are in second texts: the logarithm of one in how many has it, (250,)."""
    share = features[:, _COUNTS + _BUCKETS :].mean(0)
    return np.asarray(-np.log(np.clip(share, 1 / len(features), 1)))


def _held(tokens: Tensor, mine: Tensor) -> Tensor:
    found = torch.zeros(len(tokens), _BUCKETS, device=tokens.device)
    found.scatter_add_(1, tokens % _BUCKETS, mine.to(found.dtype))
    return found.clamp_max(1)


def _share(held: Tensor, of: Tensor) -> Tensor:
    return held.sum(1, keepdim=True) / of.sum(1, keepdim=True).clamp_min(1)
