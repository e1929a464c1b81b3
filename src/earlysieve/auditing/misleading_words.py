"""The word that surely misleads a classifier of texts, for sentences."""

from collections.abc import Sequence

from earlysieve._readable import readable
from earlysieve.auditing.leaning import Leaning
from earlysieve.auditing.marks import ONE_WORD, base_of
from earlysieve.auditing.swaps.found import Swaps
from earlysieve.auditing.swaps.words import WordFound
from earlysieve.auditing.text_kinds import CAPITALS
from earlysieve.auditing.topics import TOPIC
from earlysieve.auditing.untie import untie
from earlysieve.report.misleading import misleading_word
from earlysieve.report.view_of_evidence import WordLike

LONGEST = 240
_FEWEST_CAPITALS, _LETTERS = 3, 2
_THAT = {"that word": "the word", "that phrase": "the phrase"}


def above_all(on: Leaning, swaps: Swaps) -> str:
    """The word of telling words that surely misleads, as ", above all 'not'"; or nothing.

    Where all words that tell its class are in capital letters, that is said, too.
    """
    found = misleading(on, swaps)
    if found is None:
        return ""
    more = (
        f" (in capital letters, as all words that tell class '{found.speaks_for}' best)"
        if in_capitals(found, swaps)
        else ""
    )
    return f", above all '{found.word}'{more}"


def misleading(on: Leaning, swaps: Swaps) -> WordLike | None:
    """That word; None where there is none, or where it is too long for a sentence."""
    found = misleading_word(words_about(on, swaps))
    if found is None or len(found.word) + len(found.speaks_for) > LONGEST // 2:
        return None
    return found


def words_about(on: Leaning, swaps: Swaps) -> Sequence[WordFound]:
    """The words that a leaning is made of; none of a topic, of which no word says it all."""
    part = None if on.name == TOPIC else swaps.of(base_of(on.name))
    if part is not None:
        return part.words
    return swaps.signs if on.name == ONE_WORD else ()


def in_capitals(found: WordLike, swaps: Swaps) -> bool:
    """Whether at least three words tell the class of this one, and all are in capital letters."""
    every = {
        one.word
        for words in (swaps.signs, *(part.words for part in swaps.parts))
        for one in words
        if one.speaks_for == found.speaks_for
    } | {found.word}
    letters = [[sign for sign in word if sign.isalpha()] for word in every]
    told = [one for one in letters if len(one) >= _LETTERS]
    return len(told) >= _FEWEST_CAPITALS and all(sign.isupper() for one in told for sign in one)


def with_named_word(steps: Sequence[str], on: Leaning | None, swaps: Swaps) -> list[str]:
    """Steps that name the word that is to be taken out, and say where it is the capital letters.

    Args:
        steps: of `next_steps`.
        on: what the verdict is about.
        swaps: of parts.
    """
    found = None if on is None else misleading(on, swaps)
    if on is None or found is None:
        return list(steps)
    advice = untie(on, "text")
    named = advice
    for that, the in _THAT.items():
        named = named.replace(f"take {that} out", f"take {the} '{found.word}' out")
    capitals = f" {_or_capitals(found)}" if in_capitals(found, swaps) else ""
    return [named + capitals if step == advice else step for step in steps]


def _or_capitals(found: WordLike) -> str:
    return (
        f"Where it is the capital letters that tell class '{found.speaks_for}', write all texts in "
        f"small letters, in training and in use, and train again. To ask about them, say that they "
        f"must not matter (--irrelevant '{readable(CAPITALS)}')."
    )
