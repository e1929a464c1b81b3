"""The parts of texts, ready to be swapped in a model."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from earlysieve._arrays import Ints
from earlysieve.auditing.marks import ONE_WORD
from earlysieve.auditing.swaps.ask import Asker
from earlysieve.auditing.swaps.kind_parts import kind_parts
from earlysieve.auditing.swaps.pair_parts import pair_parts
from earlysieve.auditing.swaps.part import Part
from earlysieve.auditing.swaps.pool import Pool
from earlysieve.auditing.swaps.repeats import repeats, with_counts
from earlysieve.auditing.swaps.spans import (
    Span,
    Told,
    found_at,
    lies_in,
    told,
    whole,
    whole_word,
    with_span,
)
from earlysieve.auditing.swaps.text_signs import word_parts
from earlysieve.auditing.swaps.tokens import swap_tokens, telling_tokens, with_length
from earlysieve.auditing.swaps.topic_part import topic_part
from earlysieve.auditing.swaps.words import WordFound, words_found
from earlysieve.auditing.token_words import goes_on, phrase_of, word_shown
from earlysieve.model.batch import Inputs, take

NAMES = ("token", "length")
WORDS = "words"
_SHOWN = 3
_EACH = "nearly every class has words of its own, which are swapped as telling words"


def text_parts(
    pool: Pool,
    asker: Asker,
    tokenizer: Any = None,
    class_names: Sequence[str] = (),
    named: Sequence[str] = (),
) -> tuple[list[Part], dict[str, str], tuple[WordFound, ...]]:
    """The parts that these texts have, why others were left out, and `Swaps.signs`.

    Args:
        pool: the texts.
        asker: the model.
        tokenizer: tells what tokens are; without one, their numbers are named.
        class_names: empty where unknown.
        named: names of parts that are swapped whatever they tell.
    """
    tokens, mask = pool.values.long(), pool.carrier.mask_of(pool.inputs)
    texts = told(tokens, mask, pool.labels, pool.weights)
    extra = pool.carrier.others(pool.inputs)
    telling = telling_tokens(tokens, mask, pool.labels, pool.num_classes)
    places = telling.place(tokens, mask, torch.as_tensor(pool.predictions))
    has = (places >= 0).numpy()
    lengths = mask.sum(1)
    spans = {} if extra else _phrases(telling.top, texts, tokenizer)
    repeated = repeats(texts, pool.num_classes)
    again = [] if extra else [one.token for one in repeated]

    def swap_phrase(receivers: Ints, donors: Ints) -> tuple[Tensor, Inputs]:
        mine = torch.as_tensor(receivers)
        swapped, masks = tokens[mine].clone(), mask[mine].clone()
        for place, (row, donor) in enumerate(zip(receivers, donors, strict=True)):
            text, there = tokens[row], mask[row]
            if places[row] >= 0 and places[donor] >= 0:
                own, given = (
                    found_at(tokens[one], mask[one], int(places[one]), spans)
                    for one in (row, donor)
                )
                text, there = with_span(text, there, own, given[1])
            swapped[place], masks[place] = with_counts(
                text, there, tokens[donor][mask[donor]], again
            )
        inputs = pool.carrier.put_text(take(pool.inputs, mine), swapped, masks)
        return asker.answers(inputs), inputs

    def swap_token(receivers: Ints, donors: Ints) -> tuple[Tensor, Inputs]:
        mine, theirs = torch.as_tensor(receivers), torch.as_tensor(donors)
        swapped = swap_tokens(tokens[mine], tokens[theirs], places[mine], places[theirs])
        inputs = pool.carrier.put(take(pool.inputs, mine), swapped)
        return asker.answers(inputs), inputs

    def swap_length(receivers: Ints, donors: Ints) -> tuple[Tensor, Inputs]:
        mine, theirs = torch.as_tensor(receivers), torch.as_tensor(donors)
        swapped, masks = with_length(tokens[mine], mask[mine], lengths[theirs], telling)
        inputs = pool.carrier.put_text(take(pool.inputs, mine), swapped, masks)
        return asker.answers(inputs), inputs

    parts, skipped = [], {}
    if has.any():
        detail = _named(telling.top, spans, tokenizer, class_names)
        words = words_found(pool, texts, telling, tokenizer, class_names, repeated, spans)
        swap = swap_phrase if spans or again else swap_token
        usable = np.ones_like(has) if again else has
        best = _written(telling.top, spans, texts, tokenizer)
        parts.append(Part("token", swap, usable, detail=detail, words=words, telling=best))
    else:
        skipped["token"] = "no token is more frequent in one class than in the others"
    if int(lengths.max()) == int(lengths.min()):
        skipped["length"] = "all texts have one length"
    elif extra:
        skipped["length"] = f"the fields {', '.join(extra)} would not fit another length"
    else:
        parts.append(Part("length", swap_length, np.ones(len(tokens), bool)))
    signs: tuple[WordFound, ...] = ()
    if not extra:
        of_words, signs = word_parts(pool, asker, texts, tokenizer, class_names)
        parts += of_words
        if signs:
            skipped[ONE_WORD] = _EACH
        parts += kind_parts(pool, asker, texts, tokenizer, class_names, named)
        parts += pair_parts(pool, asker, tokenizer, class_names)
    parts += topic_part(pool, asker, texts, tokenizer, class_names)
    return parts, skipped, signs


def _phrases(top: Tensor, texts: Told, tokenizer: Any) -> dict[int, Span]:
    """The phrase or word that each of the most telling tokens (C, K) is a part of, if it is."""
    pieces = partial(goes_on, tokenizer=tokenizer)
    found = {
        int(token): whole(texts, whole_word(texts, int(token), pieces), kind)
        for kind, row in enumerate(top)
        for token in row
        if token >= 0
    }
    return {token: span for token, span in found.items() if len(span) > 1}


def _written(
    top: Tensor, spans: Mapping[int, Span], texts: Told, tokenizer: Any
) -> tuple[str, ...]:
    """The most telling tokens (C, K) as the words or phrases that they belong to."""
    if not hasattr(tokenizer, "decode"):
        return ()
    pieces = partial(goes_on, tokenizer=tokenizer)
    tokens = [int(token) for token in top.flatten() if token >= 0]
    whole_ones = (spans.get(token) or whole_word(texts, token, pieces) for token in tokens)
    return tuple(filter(None, (phrase_of(span, tokenizer) for span in whole_ones)))


def _named(
    top: Tensor, spans: Mapping[int, Span], tokenizer: Any, class_names: Sequence[str]
) -> str:
    def told(row: Tensor) -> str:
        known = [spans.get(int(token), (int(token),)) for token in row if token >= 0]
        shown = [one for one in dict.fromkeys(known) if not any(lies_in(one, a) for a in known)]
        return ", ".join(word_shown(span, tokenizer) for span in shown[:_SHOWN])

    classes = (
        f"{told(row)} ({class_names[kind] if kind < len(class_names) else f'class {kind}'})"
        for kind, row in enumerate(top)
        if (row >= 0).any()
    )
    what = WORDS if hasattr(tokenizer, "decode") else "tokens"
    return f"{what} that tell each class best: " + "; ".join(classes)
