"""What is left of a reliance, in words: what answers still follow, and what they follow instead."""

import math

from earlysieve.auditing.leaning import Leaning
from earlysieve.auditing.summary import Summary
from earlysieve.auditing.words import called

_MORE = 0.2


def still_followed(before: Summary, after: Summary) -> str:
    """Sentences on the changed model's audit against that of the given one; empty for nothing.

    Args:
        before, after: of both audits of the same examples.
    """
    return " ".join(part for part in (_swapped(before, after), _instead(before, after)) if part)


def follows_more(before: Summary, after: Summary) -> str:
    """A sentence, where answers follow what the model leaned on more than before; else empty.

    By 0.2 of the answers at least: fewer swaps are within chance.

    Args:
        before, after: of both audits of the same examples.
    """
    was, now = _named(before, before.leans_on), _named(after, before.leans_on)
    if was is None or now is None or not now.followed >= was.followed + _MORE:
        return ""
    return (
        f"its answers follow {called(was)} in {now.followed:.0%} of swaps more than by chance, "
        f"those of the model before in {max(0.0, was.followed):.0%}."
    )


def _swapped(before: Summary, after: Summary) -> str:
    was, now = _named(before, before.leans_on), _named(after, before.leans_on)
    if was is None or now is None or math.isnan(was.followed) or math.isnan(now.followed):
        return ""
    return (
        f"Given {called(was)} of an example of another class, its answer follows "
        f"{max(0.0, now.followed):.0%} more often than by chance; that of the model before did "
        f"{max(0.0, was.followed):.0%}."
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
