"""Token numbers that a network has no embedding of, as another model's tokenizer gives them."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from earlysieve.errors import InputError


class TokenError(InputError):
    """Texts are cut into tokens that a network does not know."""


def check_tokens(model: Any, inputs: Any, error: Exception | None = None) -> None:
    """Say that the tokenizer is another model's, where token numbers show it.

    Args:
        model: any network.
        inputs: that it gets; only a mapping with `input_ids`, shape (B, tokens), is looked at.
        error: that it raised on them, if it ran.

    Raises:
        TokenError: a token has a number for which the network's embedding of tokens has no row.
    """
    rows, highest = known_tokens(model), _highest(inputs)
    if rows is None or highest is None or highest < rows:
        return
    raise TokenError(
        f"Expected tokens of numbers below {rows:,}, as many as the model's embedding knows, but "
        f"got {highest:,}: the texts were cut by the tokenizer of another model; pass the one that "
        "this model was trained with (on the command line --tokenizer FOLDER)"
    ) from error


def known_tokens(model: Any) -> int | None:
    """How many tokens the network's embedding knows; None where that cannot be told.

    Of a network that does not say which embedding is that of tokens it is the largest.
    """
    if not isinstance(model, nn.Module):
        return None
    named = getattr(model, "get_input_embeddings", None)
    try:
        found = named() if callable(named) else None
    except (NotImplementedError, AttributeError):
        found = None
    if isinstance(found, nn.Embedding):
        return found.num_embeddings
    sizes = [part.num_embeddings for part in model.modules() if isinstance(part, nn.Embedding)]
    return max(sizes, default=None)


def _highest(inputs: Any) -> int | None:
    tokens = inputs.get("input_ids") if isinstance(inputs, Mapping) else None
    if not isinstance(tokens, Tensor) or tokens.is_floating_point() or not tokens.numel():
        return None
    return int(tokens.max())
