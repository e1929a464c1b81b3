"""The words of a topic, given to texts of another."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from earlysieve._arrays import Bools, Floats, Ints
from earlysieve.auditing.readers import tells_much
from earlysieve.auditing.swaps.ask import Asker
from earlysieve.auditing.swaps.part import Part
from earlysieve.auditing.swaps.pool import Pool
from earlysieve.auditing.swaps.spans import Told, holds, whole_word
from earlysieve.auditing.swaps.words import WordFound, word_found
from earlysieve.auditing.token_words import goes_on, phrase_of
from earlysieve.auditing.topics import TOPIC, about, directions
from earlysieve.model.batch import Inputs, take

_MOST_WORDS, _SHARE, _SHOWN, _OF_A_CLASS = 1000, 0.2, 3, 20


def topic_part(
    pool: Pool, asker: Asker, texts: Told, tokenizer: Any, class_names: Sequence[str]
) -> list[Part]:
    """The part "topic", where what texts are about tells their class.

    A word belongs to the topic of a class if its leading directions make it more frequent there, by
    a fifth or more of what they do to the word that they move most. Each word of a topic is given
    up for one of the donor's, in turn.

    Args:
        pool: the texts.
        asker: the model.
        texts: the same, to be counted.
        tokenizer, class_names: as for `text_parts`.
    """
    tokens, mask = pool.values.long(), pool.carrier.mask_of(pool.inputs).bool()
    known, held = _held(tokens, mask)
    right = pool.right
    along = directions(held)
    if not right.any() or not tells_much(
        about(held, along)[right], pool.labels[right], pool.num_classes
    ):
        return []
    more, own_share = _more(held @ along @ along.T, held, pool.labels, right, pool.num_classes)
    enough = (more > 0) & (more >= _SHARE * more.max(1, keepdims=True))
    topical = torch.zeros(pool.num_classes, int(tokens.max()) + 1, dtype=torch.bool)
    topical[:, known] = torch.from_numpy(enough)
    any_topic = topical.any(0)
    giving: Bools = (topical[torch.from_numpy(pool.labels)[:, None], tokens] & mask).numpy()
    taking: Bools = (any_topic[tokens] & mask).numpy()
    gives, takes = (np.asarray(one.any(1)) for one in (giving, taking))

    def swap(receivers: Ints, donors: Ints) -> tuple[Tensor, Inputs]:
        mine = torch.as_tensor(receivers)
        swapped = tokens[mine].clone()
        for row, (to, of) in enumerate(zip(receivers, donors, strict=True)):
            given = tokens[of][torch.from_numpy(giving[of])]
            places = np.flatnonzero(taking[to])
            if len(given):
                swapped[row, places] = given[np.arange(len(places)) % len(given)]
        inputs = pool.carrier.put(take(pool.inputs, mine), swapped)
        return asker.answers(inputs), inputs

    telling_most = more * (2 * own_share - 1) * enough
    words, detail = _words(known, telling_most, pool, texts, tokenizer, class_names)
    return [
        Part(
            TOPIC,
            swap,
            takes,
            detail=detail,
            words=words,
            donors=gives,
            rests=True,
        )
    ]


def _held(tokens: Tensor, mask: Tensor) -> tuple[Ints, Floats]:
    """The most frequent tokens and which texts hold them, (K,) and (N, K)."""
    every, places = torch.unique(tokens, return_inverse=True)
    held = torch.zeros(len(tokens), len(every))
    held.scatter_reduce_(1, places, mask.float(), "amax")
    often = np.argsort(-held.sum(0).numpy(), kind="stable")[:_MOST_WORDS]
    return every.numpy()[often], held.numpy()[:, often].astype(np.float64)


def _more(
    rebuilt: Floats, held: Floats, labels: Ints, right: Bools, classes: int
) -> tuple[Floats, Floats]:
    """How much more often a class holds each word by the directions, where it does hold it so.

    Of texts that are read right.

    Returns:
        That, shape (C, K), 0 where the class holds the word less often; and how much of holding the
        word is of this class, in [0, 1], shape (C, K).
    """
    found, own_share = np.zeros((2, classes, held.shape[1]))
    for kind in range(classes):
        own, others = right & (labels == kind), right & (labels != kind)
        if own.any() and others.any():
            mine, theirs = held[own].mean(0), held[others].mean(0)
            told = rebuilt[own].mean(0) - rebuilt[others].mean(0)
            found[kind] = np.where(mine > theirs, told, 0)
            own_share[kind] = mine / np.maximum(mine + theirs, 1e-9)
    return np.maximum(found, 0), own_share


def _words(
    known: Ints,
    telling_most: Floats,
    pool: Pool,
    texts: Told,
    tokenizer: Any,
    class_names: Sequence[str],
) -> tuple[tuple[WordFound, ...], str]:
    """The words that each topic is told by, and these in a sentence."""
    pieces = partial(goes_on, tokenizer=tokenizer)
    found: list[WordFound] = []
    told = []
    for kind, telling in enumerate(telling_most):
        best = [int(known[at]) for at in np.argsort(-telling)[:_OF_A_CLASS] if telling[at] > 0]
        spans = list(dict.fromkeys(whole_word(texts, token, pieces) for token in best))
        named = {span: phrase_of(span, tokenizer) for span in spans}
        words = [
            word_found(word, holds(texts, span), kind, pool, class_names)
            for span, word in named.items()
            if word
        ]
        found += words
        if words:
            told.append(f"{', '.join(one.word for one in words[:_SHOWN])} ({words[0].speaks_for})")
    return tuple(found), f"words that come together: {'; '.join(told)}"
