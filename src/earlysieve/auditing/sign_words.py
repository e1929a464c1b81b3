"""What each sign of a leaning says, in a sentence whose numbers are the sign's own."""

import math

from earlysieve._readable import readable
from earlysieve.auditing.leaning import GATHER, OWN, READ, RECOVER, SWAP, Leaning
from earlysieve.auditing.words import called

_UNKNOWN = "Not known here, so it counts for nothing"
# Answers that follow, where `leaning.strength` weighs them against mended errors.
_FOLLOWED = (SWAP - 0.3) / 2


def signs_in_words(found: Leaning) -> dict[str, str]:
    """A sentence on each sign of `earlysieve.auditing.leaning.Strength`, by its name.

    Each gives what was seen and from what on that speaks for a shortcut, so that what a sign
    counts can be checked against it.
    """
    return {
        "gathers": _gathers(found),
        "recovers": _recovers(found),
        "swaps": _swaps(found),
        "confidence": _confidence(found),
        "reads": _reads(found),
    }


def _gathers(found: Leaning) -> str:
    if math.isnan(found.times_worse):
        return f"{_UNKNOWN}: too few examples mislead a reader of {called(found)}."
    times = f"{found.times_worse:.{0 if found.times_worse >= 10 else 1}f}"
    return (
        f"The model errs {times} times as often where a reader of {called(found)} is misled as "
        f"elsewhere; about {GATHER:.0f} times or more speaks for a shortcut."
    )


def _recovers(found: Leaning) -> str:
    if math.isnan(found.recovered):
        return f"{_UNKNOWN}: too few errors, or no other property to ask."
    return (
        f"Another property ({readable(found.recovered_by)}) prefers the label to the answer on "
        f"{found.sided}, which counts as {found.recovered:.0%}: a guess gives about "
        f"{RECOVER:.0%}; more says that these could have been read right, less that they are hard "
        "or wrongly labelled."
    )


def _swaps(found: Leaning) -> str:
    if math.isnan(found.mended):
        if math.isnan(found.followed):
            return f"{_UNKNOWN}: it was not swapped between examples, or too few errors were."
        return (
            f"{_UNKNOWN}: when it is swapped, {max(0.0, found.followed):.0%} more answers follow "
            "it than by chance, but there are too few errors to say whether that mends them."
        )
    seen = f"{max(0.0, found.mended):.0%} more of its errors are right than by chance"
    asked = f"about {SWAP:.0%}"
    if not math.isnan(found.followed):
        seen += f", and {max(0.0, found.followed):.0%} more answers follow it"
        asked += f", and {_FOLLOWED:.0%},"
    return f"When it is swapped between examples, {seen}; {asked} or more speaks for a shortcut."


def _confidence(found: Leaning) -> str:
    if math.isnan(found.own_tells):
        return f"{_UNKNOWN}: too few errors to compare with right answers of the same class."
    return (
        "Between an error that it explains and a right answer of the same class, the model is less "
        f"sure of the error {found.own_tells:.0%} of the time; about {OWN:.0%} or more speaks for "
        "a shortcut, and 50% is what wrong labels give."
    )


def _reads(found: Leaning) -> str:
    if math.isnan(found.reads):
        return f"{_UNKNOWN}: the model is no better than chance."
    return (
        f"By itself it gives {max(0.0, found.reads):.0%} of what the model achieves above chance; "
        f"about {READ:.0%} or more speaks for a shortcut."
    )
