"""Texts with the words marked that a model leans on: its first and last ones, its numbers."""

from collections.abc import Sequence

from earlysieve.auditing.saved_pictures import Picture
from earlysieve.auditing.shown_texts import with_marks
from earlysieve.auditing.text_kinds import kinds_for, of_kinds
from earlysieve.datasets.opened_data import OpenedData


def with_words_of_kind(data: OpenedData, pictures: Sequence[Picture], kind: str) -> list[Picture]:
    """The pictures, those of texts with all words of one kind marked.

    Args:
        data: what was audited; it has random access.
        pictures: of some examples.
        kind: one of `earlysieve.auditing.text_kinds.KINDS`.

    Returns:
        The pictures as they are where no tokenizer tells what tokens say.
    """
    kinds = kinds_for(data.tokenizer)
    if kinds is None:
        return list(pictures)
    return with_marks(data, pictures, lambda texts: of_kinds(texts.tokens, texts.mask, kinds)[kind])
