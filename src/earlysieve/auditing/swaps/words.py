"""What a model says of texts in which a word speaks for another class than the label."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

from earlysieve._arrays import Bools
from earlysieve.auditing.swaps.pool import Pool
from earlysieve.auditing.swaps.repeats import Repeat
from earlysieve.auditing.swaps.spans import Span, Told, holds, whole_word
from earlysieve.auditing.swaps.tokens import Telling
from earlysieve.auditing.token_words import goes_on, phrase_of, words_of
from earlysieve.groups.accuracy import wilson_bounds

_OF_A_CLASS, _MOST = 10, 12


@dataclass(frozen=True)
class WordFound:
    """One of the words that tell a class.

    Attributes:
        word: as the tokenizer writes it.
        speaks_for: name of the class that it is more frequent in.
        texts: how many hold it, of those that were read.
        against: how many of these are labelled otherwise.
        followed: on what share of the latter the model answers with the class that the word speaks
            for, in [0, 1]; NaN where there are none.
    """

    word: str
    speaks_for: str
    texts: int
    against: int
    followed: float


def words_found(
    pool: Pool,
    texts: Told,
    telling: Telling,
    tokenizer: Any,
    class_names: Sequence[str],
    repeated: Sequence[Repeat],
    spans: Mapping[int, Span] = MappingProxyType({}),
) -> tuple[WordFound, ...]:
    """At most 12 words that tell a class, those that most surely mislead first.

    Where the pool is a part of the data, in which errors are more frequent, shares are weighted to
    be those of all data.

    Args:
        pool: the texts.
        texts: the same, to be counted.
        telling: which token tells which class.
        tokenizer: tells what tokens are; without one nothing is found.
        class_names: empty where unknown.
        repeated: words that tell a class by how often they are said.
        spans: phrases by one of their tokens, which are told in place of it.
    """
    if not hasattr(tokenizer, "decode"):
        return ()
    found: list[tuple[float, float, WordFound]] = []
    pieces = partial(goes_on, tokenizer=tokenizer)
    for kind, scores in enumerate(telling.score):
        best = scores.topk(min(_OF_A_CLASS, len(scores)))
        numbers = best.indices[best.values > 0].tolist()
        strength: dict[Span, float] = {}
        for number in numbers:
            span = _of(number, spans) or whole_word(texts, number, pieces)
            strength.setdefault(span, float(scores[number]))
        for span, score in strength.items():
            word = phrase_of(span, tokenizer)
            if word:
                one = word_found(word, holds(texts, span), kind, pool, class_names)
                found.append((_surely(one), score, one))
    for often in repeated:
        word = words_of([often.token], tokenizer)
        if word:
            word = f"{word} ({often.times} times or more)"
            one = word_found(word, often.holds, often.kind, pool, class_names)
            found.append((_surely(one), 0.0, one))
    found.sort(key=lambda item: item[:2], reverse=True)
    return tuple(one for *_, one in found[:_MOST])


def _of(token: int, spans: Mapping[int, Span]) -> Span | None:
    """The phrase that a token belongs to; None where it is in none."""
    known = spans.get(token)
    return known or next((one for one in spans.values() if token in one), None)


def word_found(
    word: str, holds: Bools, kind: int, pool: Pool, class_names: Sequence[str]
) -> WordFound:
    """What the model says of texts that hold a word, shape (P,), which speaks for a class."""
    against = holds & (pool.labels != kind)
    weights = pool.weights[against]
    hits = weights[pool.predictions[against] == kind]
    share = float(hits.sum() / weights.sum()) if len(weights) else math.nan
    name = class_names[kind] if kind < len(class_names) else f"class {kind}"
    return WordFound(word, name, int(holds.sum()), int(against.sum()), share)


def _surely(one: WordFound) -> float:
    """At least how often the model goes with it: the lower end of Wilson's 95% interval."""
    return wilson_bounds(one.followed, one.against)[0] if one.against else 0.0
