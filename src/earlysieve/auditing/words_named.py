"""Texts with the words or phrases of classes marked that a verdict is about."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from earlysieve.auditing.marks import ONE_WORD, PHRASE
from earlysieve.auditing.saved_pictures import Picture
from earlysieve.auditing.speaking_words import used_tokens
from earlysieve.auditing.swaps.carrier import carrier_of
from earlysieve.auditing.swaps.found import Swaps
from earlysieve.auditing.token_words import pieces, words_of
from earlysieve.datasets.opened_data import OpenedData

_PIECE = "##"


def named_words(leans_on: str | None, swaps: Swaps) -> tuple[str, ...]:
    """The words or phrases of classes that a verdict is about; none where it is about others."""
    part = swaps.of(leans_on) if leans_on in (ONE_WORD, PHRASE) else None
    return () if part is None else tuple(one.word for one in part.words)


def with_named_words(
    data: OpenedData, pictures: Sequence[Picture], words: Sequence[str]
) -> list[Picture]:
    """The pictures, those of texts with these words marked wherever they stand, and no others.

    Args:
        data: what was audited; it has random access.
        pictures: of some examples.
        words: or phrases, as the tokenizer writes them.

    Returns:
        The pictures as they are where no tokenizer tells what tokens say.
    """
    texts = [one for one in pictures if one.kind == "text"]
    if not texts or not words or not hasattr(data.tokenizer, "decode"):
        return list(pictures)
    inputs = data.examples([one.index for one in texts]).inputs
    carrier, _ = carrier_of(inputs)
    if carrier is None or carrier.kind != "text":
        return list(pictures)
    tokens, mask = carrier.get(inputs).long(), carrier.mask_of(inputs)
    shown = used_tokens(tokens, mask, data.tokenizer)
    found = {}
    for one, row, kept in zip(texts, tokens, shown, strict=True):
        numbers = row[kept].tolist()
        found[one.index] = pieces(numbers, _held(numbers, words, data.tokenizer), data.tokenizer)
    return [
        replace(one, pieces=found[one.index]) if one.index in found else one for one in pictures
    ]


def _held(tokens: Sequence[int], words: Sequence[str], tokenizer: Any) -> list[bool]:
    """Which tokens belong to one of the words, told by what they say without blanks."""
    said = [_plain(words_of([token], tokenizer)) for token in tokens]
    sought = [_plain(word) for word in words]
    marked = [False] * len(tokens)
    for start in range(len(tokens)):
        for stop in _ends(said, start, sought):
            marked[start:stop] = [True] * (stop - start)
    return marked


def _ends(said: Sequence[str], start: int, sought: Sequence[str]) -> Iterator[int]:
    """Where one of the words ends that begins at a token."""
    longest, text = max(map(len, sought)), ""
    for stop in range(start, len(said)):
        text += said[stop]
        if len(text) > longest:
            return
        if text in sought and said[start]:
            yield stop + 1


def _plain(text: str) -> str:
    return "".join(text.replace(_PIECE, "").split())
