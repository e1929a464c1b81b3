"""What is taken from texts: the order of their words, a half of them, their punctuation.

As where parts are swapped, padding and special tokens keep their places; what is special is what
the tokenizer says, or, without one, what stands in nearly every text.
"""

import unicodedata
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from earlysieve._arrays import Ints
from earlysieve.auditing.survival.change import Change
from earlysieve.auditing.swaps.pool import Pool
from earlysieve.auditing.swaps.tokens import refitted, telling_tokens
from earlysieve.model.batch import Inputs

ORDER, FIRST_HALF, LAST_HALF = "word order shuffled", "first half only", "last half only"
NO_PUNCTUATION = "without punctuation"
_PIECE = "##"


def shuffled_words(tokens: Tensor, movable: Tensor, rng: np.random.Generator) -> Tensor:
    """Movable tokens in another order, in the places of movable tokens; both (B, T)."""
    found = tokens.clone()
    for row, mine in enumerate(movable):
        places = mine.nonzero()[:, 0]
        found[row, places] = tokens[row, places[torch.as_tensor(rng.permutation(len(places)))]]
    return found


def half(movable: Tensor, *, first: bool) -> Tensor:
    """The movable tokens of a half of each text, (B, T); of an odd number, one more in the first.

    Of a single one, it is in both.
    """
    rank = movable.long().cumsum(1)
    count = rank[:, -1:]
    middle = (count + 1) // 2
    return movable & ((rank <= middle) if first else (rank > middle) | (count == 1))


def without(tokens: Tensor, mask: Tensor, gone: Tensor) -> tuple[Tensor, Tensor]:
    """Texts without some tokens, and their masks; a text of which nothing would stay keeps one.

    Args:
        tokens, mask: (B, T).
        gone: which tokens go, (B, T).
    """
    padding = tokens[~mask.bool()]
    filler = padding[0] if len(padding) else tokens.new_zeros(())
    found, masks = tokens.clone(), mask.clone()
    for row in range(len(tokens)):
        own = mask[row].bool()
        kept = own & ~gone[row]
        words = tokens[row, kept] if kept.any() else tokens[row, own][:1]
        found[row], masks[row] = refitted(tokens[row], mask[row], words, filler)
    return found, masks


def is_punctuation(text: str) -> bool:
    """Whether a token is nothing but punctuation marks, of whatever script."""
    marks = text.strip().removeprefix(_PIECE)
    return bool(marks) and all(unicodedata.category(mark)[0] == "P" for mark in marks)


def text_changes(
    sample: Pool, tokenizer: Any, rng: np.random.Generator
) -> tuple[list[Change], dict[str, str]]:
    """The changes that these texts allow, and why others do not apply.

    Args:
        sample: the texts.
        tokenizer: of the data, as those of HuggingFace; None where they have none.
        rng: of the order.
    """
    inputs, carrier = sample.inputs, sample.carrier
    tokens, mask = sample.values, carrier.mask_of(inputs)
    extra = carrier.others(inputs)
    if extra:
        reason = f"the fields {', '.join(extra)} would not fit other places of the tokens"
        return [], dict.fromkeys((ORDER, FIRST_HALF, LAST_HALF, NO_PUNCTUATION), reason)
    special = _special(sample, tokens, mask, tokenizer)
    movable = mask.bool() & ~torch.isin(tokens, special)

    def cut(keep: Tensor) -> Callable[[], Inputs]:
        def made() -> Inputs:
            found, masks = without(tokens, mask, movable & ~keep)
            return carrier.put_text(inputs, found, masks)

        return made

    changes = [
        Change(ORDER, lambda: carrier.put(inputs, shuffled_words(tokens, movable, rng))),
        Change(FIRST_HALF, cut(half(movable, first=True))),
        Change(LAST_HALF, cut(half(movable, first=False))),
    ]
    if not hasattr(tokenizer, "decode"):
        reason = "the data have no tokenizer that tells which tokens are punctuation"
        return changes, {NO_PUNCTUATION: reason}
    numbers = torch.unique(tokens[movable]).tolist()
    marks = [number for number in numbers if is_punctuation(tokenizer.decode([number]))]
    if not marks:
        return changes, {NO_PUNCTUATION: "no text of the sample has any"}
    punctuation = torch.isin(tokens, torch.tensor(marks))
    return [*changes, Change(NO_PUNCTUATION, cut(~punctuation))], {}


def _special(sample: Pool, tokens: Tensor, mask: Tensor, tokenizer: Any) -> Tensor:
    """Numbers of the tokens that are never moved or taken away."""
    said = getattr(tokenizer, "all_special_ids", None)
    if said is not None:
        unknown: Ints = np.array([getattr(tokenizer, "unk_token_id", None) or -1])
        return torch.as_tensor(np.setdiff1d(np.array(list(said), np.int64), unknown))
    telling = telling_tokens(tokens, mask, sample.labels, sample.num_classes)
    return telling.special.nonzero()[:, 0]
