"""What a leaning on one text of a pair, or on the words that both share, takes to be spoken of."""

from collections.abc import Sequence

from earlysieve.auditing.leaning import Leaning
from earlysieve.auditing.leaning_checks import FEWEST_MISLED
from earlysieve.auditing.marks import ONE_WORD, PHRASE, base_of
from earlysieve.auditing.pair_texts import FIRST, OF_PAIRS, SECOND, SHARED
from earlysieve.auditing.properties import TOKEN
from earlysieve.auditing.text_kinds import KINDS
from earlysieve.auditing.topics import TOPIC

_OF_WORDS = (TOKEN, ONE_WORD, PHRASE, TOPIC, *KINDS)
_AS_WELL, _OF_ITS_ERRORS, _OTHER_AGAINST, _MOSTLY_WRONG = 0.02, 0.9, 0.3, 0.5


def is_of_pairs(found: Leaning) -> bool:
    """Whether it is one text of a pair, or what both share."""
    return not found.of_network and base_of(found.name) in OF_PAIRS


def is_one_text(found: Leaning) -> bool:
    """Whether it is one text of a pair alone."""
    return is_of_pairs(found) and base_of(found.name) != SHARED


def is_priced(found: Leaning) -> bool:
    """Whether what it costs is told, also where it may be the task: enough examples lack it."""
    return is_of_pairs(found) and found.sure >= FEWEST_MISLED


def misleads_in_pairs(found: Leaning) -> bool:
    """One text may well tell all that is asked: only where it misleads is it spoken of.

    Nor where the other text mostly tells the answer there: then it is these labels that are wrong.
    How many words both share belongs to many a task: there the model has to err mostly.
    """
    if base_of(found.name) == SHARED and found.accuracy > _MOSTLY_WRONG:
        return False
    return found.sure >= FEWEST_MISLED and not found.recovered < _OTHER_AGAINST


def rather_one_text(best: Leaning, strong: Sequence[Leaning]) -> Leaning:
    """One text of a pair in place of its words, where it tells as much and explains as many errors.

    Args:
        best: what would be named.
        strong: all that might be.
    """
    if best.name not in _OF_WORDS:
        return best
    able = (one for one in strong if one.name in (SECOND, FIRST) and _tells_as_well(one, best))
    return max(able, key=lambda one: one.explained, default=best)


def _tells_as_well(text: Leaning, words: Leaning) -> bool:
    return (
        text.reads >= words.reads - _AS_WELL
        and text.explained >= _OF_ITS_ERRORS * words.explained
        and not text.accuracy > words.accuracy
    )
