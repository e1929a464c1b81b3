"""Token types of pairs of texts, which a separator tells, so that pairs may change their length."""

import torch
from torch import Tensor


def separator(types: Tensor, tokens: Tensor, mask: Tensor) -> int | None:
    """The token after which every text is of type 1, and 0 up to it; None where none is.

    Args:
        types: a field beside the tokens.
        tokens: shape (B, T).
        mask: which tokens are no padding, bool, (B, T).
    """
    if types.is_floating_point() or types.shape != tokens.shape or not types.numel():
        return None
    second = (types == 1) & mask
    starts = second.long().argmax(1)
    if not bool(second.any(1).all()) or not bool((starts > 0).all()):
        return None
    ends = tokens.gather(1, starts[:, None] - 1)
    found = int(ends[0, 0])
    fits = bool((ends == found).all()) and torch.equal(
        types * mask, types_of(tokens, mask, found, types)
    )
    return found if fits else None


def types_of(tokens: Tensor, mask: Tensor, after: int, like: Tensor) -> Tensor:
    """1 behind the first token `after` of each text, else 0, of the type of `like`, (B, T)."""
    met = ((tokens == after) & mask).long()
    return ((met.cumsum(1) - met > 0) & mask).to(like.dtype)
