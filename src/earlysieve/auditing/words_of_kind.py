"""Texts with the words marked that a model leans on: its first and last ones, its numbers."""

from collections.abc import Sequence
from dataclasses import replace

from earlysieve.auditing.saved_pictures import Picture
from earlysieve.auditing.speaking_words import used_tokens
from earlysieve.auditing.swaps.carrier import carrier_of
from earlysieve.auditing.text_kinds import kinds_for, of_kinds
from earlysieve.auditing.token_words import pieces
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
    texts = [one for one in pictures if one.kind == "text"]
    kinds = kinds_for(data.tokenizer)
    if not texts or kinds is None:
        return list(pictures)
    inputs = data.examples([one.index for one in texts]).inputs
    carrier, _ = carrier_of(inputs)
    if carrier is None or carrier.kind != "text":
        return list(pictures)
    tokens, mask = carrier.get(inputs).long(), carrier.mask_of(inputs)
    shown = used_tokens(tokens, mask, data.tokenizer)
    marked = of_kinds(tokens, mask, kinds)[kind]
    found = {
        one.index: pieces(row[kept].tolist(), mine[kept].tolist(), data.tokenizer)
        for one, row, kept, mine in zip(texts, tokens, shown, marked, strict=True)
    }
    return [
        replace(one, pieces=found[one.index]) if one.index in found else one for one in pictures
    ]
