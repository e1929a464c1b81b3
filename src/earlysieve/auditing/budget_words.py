"""What a small budget of swaps left open: other names that nobody asked the model about."""

import math
from collections.abc import Sequence

from earlysieve.auditing.leaning import Leaning
from earlysieve.auditing.properties import part_of
from earlysieve.auditing.swaps.found import SPENT, Swaps
from earlysieve.auditing.words import called

_NEARLY, _MOST = 0.9, 2


def budget_decided(on: Leaning, found: Sequence[Leaning], swaps: Swaps) -> str:
    """That others, which tell about as much, were not swapped for want of budget; mostly empty.

    Swaps say which of several names answers follow; what was not swapped cannot be named by them.

    Args:
        on: what a verdict is about.
        found: all leanings.
        swaps: of parts, with those that were left out.
    """
    others = [
        one
        for one in found
        if one.name != on.name
        and not (one.of_network or one.relevant)
        and swaps.skipped.get(part_of(one.name)) == SPENT
        and not math.isnan(one.reads)
        and one.reads >= _NEARLY * on.reads
    ]
    if not others:
        return ""
    names = [called(one) for one in sorted(others, key=lambda one: -one.reads)[:_MOST]]
    return (
        f"The budget of swaps was spent before it came to {' and '.join(names)}, which may be what "
        "the model goes by instead: audit with a larger one (swaps=, --swaps)."
    )
