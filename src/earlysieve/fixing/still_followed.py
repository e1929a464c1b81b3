"""What is left of a reliance, in words: what answers still follow, and what they follow instead."""

import math

from earlysieve.auditing.leaning import Leaning
from earlysieve.auditing.leaning_checks import FOLLOWS_IRRELEVANT
from earlysieve.auditing.marks import OF_ONE_CLASS
from earlysieve.auditing.properties import part_of
from earlysieve.auditing.summary import Summary
from earlysieve.auditing.swaps.found import Share
from earlysieve.auditing.words import called, pairs_of_examples

_MORE, _ABOUT = 0.2, 0.1


def still_followed(before: Summary, after: Summary) -> str:
    """Sentences on the changed model's audit against that of the given one; empty for nothing.

    Args:
        before, after: of both audits of the same examples.
    """
    return " ".join(part for part in (_swapped(before, after), _instead(before, after)) if part)


def follows_more(before: Summary, after: Summary) -> str:
    """A sentence, where answers follow what the model leaned on more than before; else empty.

    By 0.2 of the answers at least, and by more than the draw of the swapped pairs explains: the
    interval of the difference by Newcombe's square-and-add of Wilson's intervals (95%) lies above
    0. Of few pairs twice as many is within chance.

    Args:
        before, after: of both audits of the same examples.
    """
    was, now = _named(before, before.leans_on), _named(after, before.leans_on)
    if was is None or now is None or not now.followed >= was.followed + _MORE:
        return ""
    then, later = _share(before, was), _share(after, now)
    if then is not None and later is not None and not _surely_more(then, later):
        return ""
    return (
        f"its answers follow {called(was)} in {now.followed:.0%} of swaps more than by chance"
        f"{_of(later)}, those of the model before in {max(0.0, was.followed):.0%}{_of(then)}."
    )


def _surely_more(then: Share, later: Share) -> bool:
    gap = later.value - then.value
    return gap > math.hypot(later.value - later.interval[0], then.interval[1] - then.value)


def _swapped(before: Summary, after: Summary) -> str:
    was, now = _named(before, before.leans_on), _named(after, before.leans_on)
    if was is None or now is None or math.isnan(was.followed) or math.isnan(now.followed):
        return ""
    as_much = now.followed >= max(FOLLOWS_IRRELEVANT, was.followed - _ABOUT)
    still = " So it follows that about as much as before, whatever it gained." if as_much else ""
    return (
        f"Given {called(was)} of an example of another class, its answer follows "
        f"{max(0.0, now.followed):.0%} more often than by chance{_of(_share(after, now))}; that of "
        f"the model before did {max(0.0, was.followed):.0%}{_of(_share(before, was))}.{still}"
    )


def _instead(before: Summary, after: Summary) -> str:
    now = _named(after, after.leans_on)
    if now is None or after.leans_on == before.leans_on or after.verdict == "none found":
        return ""
    return (
        f"The second audit speaks of {called(now)} instead. A model that weighs one thing less "
        "weighs others more: whether this one is the task or another shortcut, labels cannot tell."
    )


def _named(found: Summary, name: str | None) -> Leaning | None:
    return next((one for one in found.leanings if one.name == name), None)


def _share(found: Summary, on: Leaning) -> Share | None:
    """How many of the swapped pairs follow; None where it is not known, or of one class alone."""
    part = next((one for one in found.swaps if one.part == part_of(on.name)), None)
    if part is None or not part.pairs or on.name.endswith(OF_ONE_CLASS):
        return None
    return Share(round(part.followed * part.pairs), part.pairs)


def _of(found: Share | None) -> str:
    return "" if found is None else f" (of {pairs_of_examples(found.count)})"
