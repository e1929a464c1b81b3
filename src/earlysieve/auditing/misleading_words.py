"""The word that surely misleads a classifier of texts, for sentences."""

from earlysieve.auditing.leaning import Leaning
from earlysieve.auditing.swaps.found import Swaps
from earlysieve.auditing.topics import TOPIC
from earlysieve.report.misleading import misleading_word
from earlysieve.report.view_of_evidence import WordLike

LONGEST = 240


def above_all(on: Leaning, swaps: Swaps) -> str:
    """The word of telling words that surely misleads, as ", above all 'not'"; or nothing."""
    found = misleading(on, swaps)
    return "" if found is None else f", above all '{found.word}'"


def misleading(on: Leaning, swaps: Swaps) -> WordLike | None:
    """That word; None where there is none, or where it is too long for a sentence."""
    part = None if on.name == TOPIC else swaps.of(on.name)  # of a topic no word says it all
    found = None if part is None else misleading_word(part.words)
    if found is None or len(found.word) + len(found.speaks_for) > LONGEST // 2:
        return None
    return found
