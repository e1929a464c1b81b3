"""Parts of pairs of texts: either text as a whole, and how many words the two share."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from earlysieve._arrays import Ints
from earlysieve.auditing.pair_texts import FIRST, SECOND, SHARED, between_in, both_vary
from earlysieve.auditing.swaps.ask import Asker
from earlysieve.auditing.swaps.part import Part
from earlysieve.auditing.swaps.pool import Pool
from earlysieve.auditing.swaps.spans import told
from earlysieve.auditing.swaps.tokens import refitted, telling_tokens
from earlysieve.auditing.swaps.words import WordFound, words_found
from earlysieve.model.batch import Inputs, take

_SHOWN = 3
_SHARED_DETAIL = "words of the second text are exchanged, so that as many of them are in the first"
# What makes a text of a receiver's tokens and a donor's, both (T,).
_Given = Callable[[int, int], Ints]


def pair_parts(pool: Pool, asker: Asker, tokenizer: Any, class_names: Sequence[str]) -> list[Part]:
    """The parts of pairs of texts; none where texts are no pairs.

    Args:
        pool: the texts.
        asker: the model.
        tokenizer, class_names: as for `text_parts`.
    """
    between = between_in(pool.inputs, pool.carrier, tokenizer)
    if between is None:
        return []
    tokens, mask = pool.values.long(), pool.carrier.mask_of(pool.inputs).bool()
    first, second = between.parts(tokens, mask)
    if not both_vary(*(tokens.where(one, -1).sort(1).values for one in (first, second))):
        return []
    both = (first.any(1) & second.any(1)).numpy()

    def part(name: str, given: _Given, detail: str, words: tuple[WordFound, ...] = ()) -> Part:
        def swap(receivers: Ints, donors: Ints) -> tuple[Tensor, Inputs]:
            mine = torch.as_tensor(receivers)
            swapped, masks = tokens[mine].clone(), mask[mine].clone()
            for place, (row, donor) in enumerate(zip(receivers, donors, strict=True)):
                text = torch.as_tensor(given(int(row), int(donor)))
                swapped[place], masks[place] = refitted(tokens[row], mask[row], text)
            inputs = pool.carrier.put_text(take(pool.inputs, mine), swapped, masks)
            return asker.answers(inputs), inputs

        return Part(name, swap, both, detail=detail, words=words)

    found = []
    for name, own in ((FIRST, first), (SECOND, second)):
        words = _words(own, pool, tokenizer, class_names)

        def whole(row: int, donor: int, own: Tensor = own) -> Ints:
            return _with_words(tokens[row], mask[row], own[row], tokens[donor][own[donor]])

        found.append(part(name, whole, _detail(name, words), words))

    def shared(row: int, donor: int) -> Ints:
        text = _sharing(tokens, first, second, row, donor)
        return np.asarray(text[mask[row]].numpy())

    return [*found, part(SHARED, shared, _SHARED_DETAIL)]


def _with_words(tokens: Tensor, mask: Tensor, own: Tensor, others: Tensor) -> Ints:
    """The text (T,) with other words in place of its own ones, cut to what it has room for."""
    places = own.nonzero()[:, 0]
    before, behind = int(places[0]), int(places[-1]) + 1
    kept = mask.bool().clone()
    kept[before:behind] = False
    start, end = tokens[:before][kept[:before]], tokens[behind:][kept[behind:]]
    room = len(tokens) - len(start) - len(end)
    return np.asarray(torch.cat([start, others[:room], end]).numpy())


def _sharing(tokens: Tensor, first: Tensor, second: Tensor, row: int, donor: int) -> Tensor:
    """A row's tokens, of whose second text as large a share is in the first as of the donor's."""
    rng = np.random.default_rng((row, donor))
    text, places = tokens[row].clone(), rng.permutation(np.flatnonzero(second[row].numpy()))
    pool = tokens[row][first[row]]
    held = torch.isin(text[places], pool).numpy()
    theirs = tokens[donor][second[donor]]
    share = float(torch.isin(theirs, tokens[donor][first[donor]]).float().mean())
    more = round(share * len(places)) - int(held.sum())
    sources = pool if more > 0 else theirs[~torch.isin(theirs, pool)]
    able = places[~held] if more > 0 else places[held]
    if len(sources):
        taken = able[: abs(more)]
        text[taken] = sources[rng.integers(0, len(sources), len(taken))]
    return text


def _words(
    own: Tensor, pool: Pool, tokenizer: Any, class_names: Sequence[str]
) -> tuple[WordFound, ...]:
    tokens = pool.values.long()
    texts = told(tokens, own, pool.labels, pool.weights)
    telling = telling_tokens(tokens, own, pool.labels, pool.num_classes)
    return words_found(pool, texts, telling, tokenizer, class_names, ())


def _detail(name: str, words: Sequence[WordFound]) -> str:
    told = ", ".join(f"{one.word} ({one.speaks_for})" for one in words[:_SHOWN])
    return f"the {name} as a whole" + (f"; in it tell a class: {told}" if told else "")
