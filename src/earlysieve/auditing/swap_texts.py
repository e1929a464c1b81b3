"""Swaps of texts as words, for the page and the document of an audit."""

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from earlysieve.auditing.pair_texts import between_by
from earlysieve.auditing.swap_pictures import MOST_OF_A_PART, MOST_PARTS
from earlysieve.auditing.swaps.found import SwapPicture, Swaps
from earlysieve.auditing.swaps.text_parts import NAMES
from earlysieve.auditing.token_words import Piece, differences, pieces

_LENGTH = NAMES[1]


@dataclass(frozen=True)
class SwapText:
    """One swap between two texts.

    Attributes:
        part: the part that was swapped, as "token" or "length".
        receiver, donor: rows of the data set.
        receiver_label, donor_label: their classes, both read correctly.
        answer: the model's class for what was swapped.
        before, given, after: the receiver, the donor, and the receiver with the donor's part; what
            was taken, given and put in is marked.
    """

    part: str
    receiver: int
    donor: int
    receiver_label: int
    donor_label: int
    answer: int
    before: list[Piece]
    given: list[Piece]
    after: list[Piece]


def swap_texts(swaps: Swaps, tokenizer: Any = None, first: str | None = None) -> list[SwapText]:
    """Some swaps of texts: at most 3 parts, those that answers follow most, and 4 of each.

    Args:
        swaps: what was found; swaps of images and tables are not shown.
        tokenizer: tells what tokens are; without one, their numbers are shown.
        first: a part to show before the others.
    """
    parts = [part for part in swaps.parts if any(_is_text(swap.before) for swap in part.pictures)]
    parts.sort(key=lambda part: part.part != first)
    return [
        _shown(part.part, swap, swap.after, tokenizer)
        for part in parts[:MOST_PARTS]
        for swap in part.pictures[:MOST_OF_A_PART]
        if swap.after is not None
    ]


def _shown(part: str, swap: SwapPicture, swapped: Tensor, tokenizer: Any) -> SwapText:
    before, given, after = (text.tolist() for text in (swap.before, swap.given, swapped))
    gone, new = differences(before, after)
    put_in = {token for token, mark in zip(after, new, strict=True) if mark}
    # A text gets another length by words of its own.
    source = [part != _LENGTH and token in put_in for token in given]
    between = between_by(tokenizer)

    def shown(text: list[int], marked: list[bool]) -> list[Piece]:
        second = None if between is None else between.starts(text)
        return pieces(text, marked, tokenizer, second)

    return SwapText(
        part=part,
        receiver=swap.receiver,
        donor=swap.donor,
        receiver_label=swap.receiver_label,
        donor_label=swap.donor_label,
        answer=swap.answer,
        before=shown(before, gone),
        given=shown(given, source),
        after=shown(after, new),
    )


def _is_text(values: Tensor) -> bool:
    return values.ndim == 1 and not values.is_floating_point()
