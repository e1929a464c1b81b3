"""How texts begin and end, marks, numbers and how they are written, given by one to another."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from earlysieve._arrays import Ints
from earlysieve.auditing.class_signs import more_often
from earlysieve.auditing.kind_readers import telling_words
from earlysieve.auditing.readers import tells
from earlysieve.auditing.swaps.ask import Asker
from earlysieve.auditing.swaps.capitals_part import CAPITALS_DETAIL, capitals_part
from earlysieve.auditing.swaps.part import Part
from earlysieve.auditing.swaps.pool import Pool
from earlysieve.auditing.swaps.spans import Told, whole_word
from earlysieve.auditing.swaps.tokens import refitted
from earlysieve.auditing.text_kinds import (
    CAPITALS,
    ENDS,
    first_of,
    kind_features,
    kinds_for,
    of_kinds,
)
from earlysieve.auditing.token_words import goes_on, word_shown
from earlysieve.model.batch import Inputs, take

DETAILS = {
    "ends": "words at the beginning or the end",
    "symbols": "marks and emojis",
    "numbers": "numbers",
    CAPITALS: CAPITALS_DETAIL,
}
_TELLS, _SHOWN, _MOST, _HALVES = 0.3, 3, 12, 2
_OFTEN, _AS_WELL = 0.03, 0.9


def kind_parts(
    pool: Pool,
    asker: Asker,
    texts: Told,
    tokenizer: Any,
    class_names: Sequence[str],
    named: Sequence[str] = (),
) -> list[Part]:
    """The kinds that tell the class by themselves, or of which the user asks.

    Args:
        pool: the texts.
        asker: the model.
        texts: the same, to be counted.
        tokenizer, class_names: as for `text_parts`.
        named: names of parts that are swapped whatever they tell.
    """
    tokens, mask = pool.values.long(), pool.carrier.mask_of(pool.inputs)
    parts = []
    for name, mine in of_kinds(tokens, mask, kinds_for(tokenizer)).items():
        if name not in DETAILS or not mine.any():
            continue
        kept = kind_features(tokens, mine, name).numpy()
        features = telling_words(kept, pool.labels, pool.num_classes, name)(kept)
        told = tells(features, pool.labels, pool.num_classes, _HALVES)
        if name == CAPITALS:
            asked = name in named or told >= _TELLS
            made = capitals_part(pool, asker, tokenizer, class_names) if asked else None
            parts += [] if made is None else [made]
        elif name in named or told >= _TELLS:
            number = tells(features[:, -1:], pool.labels, pool.num_classes, _HALVES)
            detail = _detail(name, tokens, mine, pool, texts, tokenizer, class_names)
            if name != ENDS and number >= max(_TELLS, _AS_WELL * told):
                detail += "; how many there are tells it"
            parts.append(_part(name, tokens, mask, mine, pool, asker, detail))
    return parts


def _part(
    name: str,
    tokens: Tensor,
    mask: Tensor,
    mine: Tensor,
    pool: Pool,
    asker: Asker,
    detail: str,
) -> Part:
    def swap(receivers: Ints, donors: Ints) -> tuple[Tensor, Inputs]:
        rows = torch.as_tensor(receivers)
        swapped, masks = tokens[rows].clone(), mask[rows].clone()
        for place, (row, donor) in enumerate(zip(receivers, donors, strict=True)):
            words = given(name, tokens[row], mask[row], mine[row], tokens[donor], mine[donor])
            swapped[place], masks[place] = refitted(tokens[row], mask[row], torch.as_tensor(words))
        inputs = pool.carrier.put_text(take(pool.inputs, rows), swapped, masks)
        return asker.answers(inputs), inputs

    usable = mine.any(1).numpy() if name == ENDS else np.ones(len(tokens), bool)
    return Part(name, swap, usable, detail=detail)


def given(
    name: str, tokens: Tensor, mask: Tensor, mine: Tensor, others: Tensor, theirs: Tensor
) -> Ints:
    """A text's words with those of one kind that another text has.

    In place of its own ones, in their order. Where it has fewer, the others follow its last one;
    where it has none, they come before the token that closes the text.

    Args:
        name: of the kind.
        tokens, mask, mine: of the receiver, shape (T,): token numbers, which are no padding, and
            which are of the kind.
        others, theirs: token numbers of the donor, shape (T',), and which are of the kind.
    """
    kept = mask.bool().numpy()
    words, spoken = tokens.numpy()[kept], others.numpy()
    groups = [(mine, theirs)]
    if name == ENDS:
        first, given_first = first_of(mine[None])[0], first_of(theirs[None])[0]
        groups = [(mine & ~first, theirs & ~given_first), (first, given_first)]
    for own, given_own in groups:  # the last first: places before it stay what they are
        words = _replaced(words, np.flatnonzero(own.numpy()[kept]), spoken[given_own.numpy()])
    return _cut(words, len(tokens))


def _replaced(words: Ints, places: Ints, spoken: Ints) -> Ints:
    """Words (W,) with others in some places, any number of them."""
    both = min(len(places), len(spoken))
    found = words.copy()
    found[places[:both]] = spoken[:both]
    end = int(places[-1]) + 1 if len(places) else max(0, len(words) - 1)
    kept = np.delete(found, places[both:])
    return np.insert(kept, end - (len(places) - both), spoken[both:])


def _cut(words: Ints, room: int) -> Ints:
    """As many words as there is room for; those in the middle go."""
    more = max(0, len(words) - room)
    start = (len(words) - more) // 2
    return np.delete(words, np.arange(start, start + more))


def _detail(
    name: str,
    tokens: Tensor,
    mine: Tensor,
    pool: Pool,
    texts: Told,
    tokenizer: Any,
    class_names: Sequence[str],
) -> str:
    """Which of them tell each class best, as "numbers: 12 (cat); 7 (dog)"."""
    numbers, places = torch.unique(tokens[mine], return_inverse=True)
    holds = np.zeros((len(tokens), len(numbers)), bool)
    holds[mine.nonzero()[:, 0].numpy(), places.numpy()] = True
    more = more_often(holds, pool.labels, pool.num_classes)
    pieces = partial(goes_on, tokenizer=tokenizer)
    shown = []
    for kind, telling in enumerate(more):
        best = [i for i in np.argsort(-telling, kind="stable")[:_MOST] if telling[i] >= _OFTEN]
        # Of a word in pieces each is as frequent.
        words = dict.fromkeys(whole_word(texts, int(numbers[i]), pieces) for i in best)
        named = [word_shown(word, tokenizer) for word in words][:_SHOWN]
        if named:
            of = class_names[kind] if kind < len(class_names) else f"class {kind}"
            shown.append(f"{', '.join(named)} ({of})")
    return f"{DETAILS[name]} that tell each class best: {'; '.join(shown) or 'none by itself'}"
