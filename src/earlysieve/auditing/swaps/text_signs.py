"""A word or phrase of one class, put into texts of other classes or taken out of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from earlysieve._arrays import Bools, Floats, Ints
from earlysieve.auditing.class_signs import BETTER
from earlysieve.auditing.marks import LEAST, ONE_WORD, PHRASE
from earlysieve.auditing.swaps.ask import Asker
from earlysieve.auditing.swaps.part import Part
from earlysieve.auditing.swaps.pool import Pool
from earlysieve.auditing.swaps.spans import (
    Span,
    Told,
    best_spans,
    fitted,
    replaced,
    starts,
    whole,
)
from earlysieve.auditing.swaps.tokens import refitted
from earlysieve.auditing.swaps.words import WordFound, word_found
from earlysieve.auditing.token_words import phrase_of
from earlysieve.model.batch import Inputs, take

WITHOUT = "without"
_RATHER_THERE = 0.9
DETAILS = {ONE_WORD: "words that one class has, or lacks", PHRASE: "phrases that tell a class"}


@dataclass(frozen=True)
class TextSign:
    """Tokens that stand together, the class that they speak for, and whether by their absence."""

    span: Span
    kind: int
    absent: bool = False

    def held_by(self, tokens: Tensor, mask: Tensor) -> Bools:
        """Which texts speak for the class, shape (N,)."""
        found: Bools = starts(tokens, mask, self.span).any(1).numpy() != self.absent
        return found


def word_parts(
    pool: Pool, asker: Asker, texts: Told, tokenizer: Any, class_names: Sequence[str]
) -> tuple[list[Part], tuple[WordFound, ...]]:
    """The parts "one word" and "phrase", where there are such signs.

    And the words of single classes that are no part, since nearly every class has its own.

    Args:
        pool: the texts.
        asker: the model.
        texts: the same, to be counted.
        tokenizer, class_names: as for `text_parts`.
    """
    classes = pool.num_classes
    singles, of_singles = best_spans(texts, 1, classes)
    pairs, of_pairs = best_spans(texts, 2, classes)
    strong = np.abs(of_singles) if classes > 2 else np.maximum(of_singles, 0)
    least = strong.max(1, initial=0.0) + BETTER / 2
    words = _signs(singles, of_singles, np.zeros(classes)) if classes > 2 else []
    few = len(words) < classes - 1
    found = {
        ONE_WORD: words if few else [],
        PHRASE: _signs(pairs, of_pairs, least),
    }
    parts = [
        _part(name, _whole(signs, texts), pool, asker, tokenizer, class_names)
        for name, signs in found.items()
        if signs
    ]
    if few:
        return parts, ()
    # A word that is there says more than one that is not, where both tell as much.
    there = np.where(of_singles < 0, _RATHER_THERE * of_singles, of_singles)
    shown = _signs(singles, there, np.zeros(classes))
    return parts, _words(_whole(shown, texts), pool, tokenizer, class_names)


def _signs(spans: Ints, more: Floats, least: Floats) -> list[TextSign]:
    """For each class what tells it most, where that is much."""
    found = []
    for kind, telling in enumerate(more):
        ways = telling if len(more) == 2 else np.abs(telling)
        best = int(ways.argmax()) if len(ways) else -1
        if best >= 0 and ways[best] >= max(LEAST, least[kind]):
            span = tuple(spans[best].tolist())
            found.append(TextSign(span, kind, absent=bool(telling[best] < 0)))
    return found


def _whole(signs: Sequence[TextSign], texts: Told) -> list[TextSign]:
    return [
        one if one.absent else TextSign(whole(texts, one.span, one.kind), one.kind) for one in signs
    ]


def _part(
    name: str,
    signs: Sequence[TextSign],
    pool: Pool,
    asker: Asker,
    tokenizer: Any,
    class_names: Sequence[str],
) -> Part:
    tokens, mask = pool.values.long(), pool.carrier.mask_of(pool.inputs)
    holds = np.stack([one.held_by(tokens, mask) for one in signs], 1)
    own = pool.labels[:, None] == np.array([one.kind for one in signs])

    def swap(receivers: Ints, donors: Ints) -> tuple[Tensor, Inputs]:
        mine = torch.as_tensor(receivers)
        swapped, masks = tokens[mine].clone(), mask[mine].clone()
        for place, (row, donor) in enumerate(zip(receivers, donors, strict=True)):
            words = _like(tokens[row], mask[row], tokens[donor], mask[donor], signs)
            swapped[place], masks[place] = refitted(tokens[row], mask[row], words)
        inputs = pool.carrier.put_text(take(pool.inputs, mine), swapped, masks)
        return asker.answers(inputs), inputs

    words = _words(signs, pool, tokenizer, class_names)
    return Part(
        name,
        swap,
        (holds == own).all(1),
        detail=_detail(name, signs, tokenizer, class_names),
        words=words,
        donors=(holds & own).any(1),
        errors=(holds & ~own).any(1),
    )


def _words(
    signs: Sequence[TextSign], pool: Pool, tokenizer: Any, class_names: Sequence[str]
) -> tuple[WordFound, ...]:
    tokens, mask = pool.values.long(), pool.carrier.mask_of(pool.inputs)
    found = (_found(one, one.held_by(tokens, mask), pool, tokenizer, class_names) for one in signs)
    return tuple(one for one in found if one is not None)


def _detail(
    name: str, signs: Sequence[TextSign], tokenizer: Any, class_names: Sequence[str]
) -> str:
    named = (
        f"{_in_words(one, tokenizer)} "
        f"({class_names[one.kind] if one.kind < len(class_names) else f'class {one.kind}'})"
        for one in signs
    )
    return f"{DETAILS[name]}: {'; '.join(named)}"


def _in_words(sign: TextSign, tokenizer: Any) -> str:
    return f"{WITHOUT} " * sign.absent + phrase_of(sign.span, tokenizer)


def _found(
    sign: TextSign, holds: Bools, pool: Pool, tokenizer: Any, class_names: Sequence[str]
) -> WordFound | None:
    if not phrase_of(sign.span, tokenizer) or not hasattr(tokenizer, "decode"):
        return None
    return word_found(_in_words(sign, tokenizer), holds, sign.kind, pool, class_names)


def _like(
    tokens: Tensor, mask: Tensor, others: Tensor, their_mask: Tensor, signs: Sequence[TextSign]
) -> Tensor:
    """A text (T,) with the spans that another one (T,) has, and without those that it lacks."""
    words = tokens[mask.bool()].numpy()
    given = others[their_mask.bool()].numpy()
    for sign in signs:
        mine, theirs = (_at(one, sign.span) for one in (words, given))
        if mine >= 0 and theirs < 0:
            while mine >= 0:
                words = replaced(words, mine, len(sign.span), ())
                mine = _at(words, sign.span)
        elif mine < 0 and theirs >= 0:
            # Not behind the last token, which may close every text.
            words = replaced(words, max(0, min(theirs, len(words) - 1)), 0, sign.span)
            words = fitted(words, theirs + len(sign.span), len(tokens))
    return torch.as_tensor(words)


def _at(words: Ints, span: Span) -> int:
    row = torch.as_tensor(words)[None]
    found = starts(row, torch.ones_like(row, dtype=torch.bool), span)[0]
    return int(found.int().argmax()) if bool(found.any()) else -1
