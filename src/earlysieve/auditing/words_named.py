"""Texts with the words or phrases of classes marked that a verdict is about."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from earlysieve.auditing.marks import ONE_WORD, PHRASE
from earlysieve.auditing.pair_texts import FIRST, SECOND, SHARED, between_by
from earlysieve.auditing.properties import TOKEN
from earlysieve.auditing.saved_pictures import Picture
from earlysieve.auditing.shown_texts import ShownTexts, with_marks
from earlysieve.auditing.swaps.found import Swaps
from earlysieve.auditing.token_words import words_of
from earlysieve.auditing.topics import TOPIC
from earlysieve.datasets.opened_data import OpenedData

_PIECE = "##"


def named_words(leans_on: str | None, swaps: Swaps) -> tuple[str, ...]:
    """The words or phrases of classes that a verdict is about; none where it is about others."""
    able = (TOKEN, ONE_WORD, PHRASE, TOPIC, FIRST, SECOND)
    part = swaps.of(leans_on) if leans_on in able else None
    return () if part is None else part.telling or tuple(one.word for one in part.words)


def with_named_words(
    data: OpenedData,
    pictures: Sequence[Picture],
    words: Sequence[str],
    leans_on: str | None = None,
) -> list[Picture]:
    """The pictures, those of texts with these words marked wherever they stand, and no others.

    Of pairs whose first or second text a verdict is about, where they stand in that one. Where it
    is about the words that both share, these are marked.

    Args:
        data: what was audited; it has random access.
        pictures: of some examples.
        words: or phrases, as the tokenizer writes them.
        leans_on: what a verdict is about.

    Returns:
        The pictures as they are where no tokenizer tells what tokens say.
    """
    shared = leans_on == SHARED
    if not (words or shared) or not hasattr(data.tokenizer, "decode"):
        return list(pictures)

    def marks(texts: ShownTexts) -> Tensor:
        if shared:
            return _shared(texts, data.tokenizer)
        marked = torch.zeros_like(texts.used)
        for row, tokens, kept in zip(marked, texts.tokens, texts.used, strict=True):
            held = _held(tokens[kept].tolist(), words, data.tokenizer)
            row[kept] = torch.tensor(held, dtype=torch.bool)
        return marked & _of_text(texts, leans_on, data.tokenizer)

    return with_marks(data, pictures, marks)


def _shared(texts: ShownTexts, tokenizer: Any) -> Tensor:
    """Which tokens of either text stand in the other one, too, shape (B, T)."""
    between = between_by(tokenizer)
    if between is None:
        return torch.zeros_like(texts.used)
    first, second = between.parts(texts.tokens, texts.mask)
    alike = texts.tokens[:, :, None] == texts.tokens[:, None, :]
    apart = (first[:, :, None] & second[:, None, :]) | (second[:, :, None] & first[:, None, :])
    return (alike & apart).any(2)


def _of_text(texts: ShownTexts, leans_on: str | None, tokenizer: Any) -> Tensor:
    """Which tokens are of the text of pairs that a verdict is about; else all, shape (B, T)."""
    between = between_by(tokenizer)
    if between is None or leans_on not in (FIRST, SECOND):
        return torch.ones_like(texts.used)
    first, second = between.parts(texts.tokens, texts.mask)
    return first if leans_on == FIRST else second


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
