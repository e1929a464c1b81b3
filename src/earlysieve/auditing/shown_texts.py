"""Texts that a page shows, as tokens, so that other words of them can be marked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from earlysieve.auditing.pair_texts import between_in, second_starts
from earlysieve.auditing.saved_pictures import Picture
from earlysieve.auditing.speaking_words import used_tokens
from earlysieve.auditing.swaps.carrier import carrier_of
from earlysieve.auditing.token_words import pieces
from earlysieve.datasets.opened_data import OpenedData


@dataclass(frozen=True)
class ShownTexts:
    """Texts among pictures, with their tokens.

    Attributes:
        tokens, mask: int64 and bool, shape (B, T).
        used: which tokens are words of the text, bool, shape (B, T).
    """

    tokens: Tensor
    mask: Tensor
    used: Tensor


def with_marks(
    data: OpenedData, pictures: Sequence[Picture], marks: Callable[[ShownTexts], Tensor]
) -> list[Picture]:
    """The pictures, those of texts with the tokens marked that `marks` says, bool, shape (B, T).

    Args:
        data: what was audited; it has random access.
        pictures: of some examples.
        marks: which tokens of the texts.

    Returns:
        The pictures as they are where there are no texts, or none of tokens.
    """
    texts = [one for one in pictures if one.kind == "text"]
    if not texts:
        return list(pictures)
    inputs = data.examples([one.index for one in texts]).inputs
    carrier, _ = carrier_of(inputs)
    if carrier is None or carrier.kind != "text":
        return list(pictures)
    tokens, mask = carrier.get(inputs).long(), carrier.mask_of(inputs)
    used = used_tokens(tokens, mask, data.tokenizer)
    rows = {one.index: row for row, one in enumerate(texts)}
    marked = marks(ShownTexts(tokens, mask, used))
    seconds = second_starts(tokens, used, between_in(inputs, carrier, data.tokenizer))

    def shown(one: Picture) -> Picture:
        row = rows[one.index]
        kept = used[row]
        found = pieces(
            tokens[row][kept].tolist(), marked[row][kept].tolist(), data.tokenizer, seconds[row]
        )
        return replace(one, pieces=found)

    return [shown(one) if one.kind == "text" else one for one in pictures]
