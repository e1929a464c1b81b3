"""What an alteration of whole images that goes with one class shows: compression, blur, a cast.

Images of other classes are altered as those of the class are, and nothing else is changed in them:
the share that is then taken for the class is what the model makes of the alteration alone. With it
examples that look altered and are of another class tell what that costs.
"""

import math
from collections.abc import Sequence

from earlysieve.auditing.alterations.alter import ALTERATIONS
from earlysieve.auditing.leaning import FEWEST_EXPLAINED, Leaning
from earlysieve.auditing.leaning_checks import FEWEST_MISLED
from earlysieve.auditing.marks import base_of
from earlysieve.auditing.vignettes import VIGNETTE

_FOLLOWED, _FOLLOWED_MUCH, _COST, _COST_LITTLE, _GATHERS = 0.1, 0.2, 0.12, 0.05, 5.0
_COST_AS_MUCH = 0.1


def is_altered(found: Leaning) -> bool:
    """Whether it is an alteration of whole images; a vignette of all classes has its own rule."""
    named = base_of(found.name) in ALTERATIONS and found.name != VIGNETTE
    return named and not found.of_network


def follows_alteration(found: Leaning) -> bool:
    """Images of other classes are taken for the class when they are altered so."""
    return is_altered(found) and found.followed >= _FOLLOWED


def by_alteration(found: Sequence[Leaning], called: Leaning | None) -> Leaning | None:
    """The alteration that answers follow at a cost, the dearest; None where there is no such.

    Not where something else that is called costs clearly more.
    """
    able = [one for one in found if is_altered(one) and _is_followed_at_a_cost(one)]
    best = max(able, key=_cost, default=None)
    if best is None or called is None or called is best:
        return best
    return best if _cost(best) >= _cost(called) - _COST_AS_MUCH else None


def may_follow(found: Sequence[Leaning]) -> Leaning | None:
    """The alteration that answers follow most though it hardly costs here; None: none does much."""
    able = [one for one in found if is_altered(one) and _follows_somewhat(one)]
    return max(able, key=lambda one: one.followed, default=None)


def _is_followed_at_a_cost(found: Leaning) -> bool:
    return (
        follows_alteration(found)
        and found.sure >= FEWEST_MISLED
        and _cost(found) >= _COST
        and found.explained >= FEWEST_EXPLAINED
        and found.times_worse >= _GATHERS
    )


def _follows_somewhat(found: Leaning) -> bool:
    much = found.followed >= _FOLLOWED_MUCH
    return much or (found.followed >= _FOLLOWED and _cost(found) >= _COST_LITTLE)


def _cost(found: Leaning) -> float:
    cost = found.accuracy_else - found.accuracy
    return -1.0 if math.isnan(cost) else cost
