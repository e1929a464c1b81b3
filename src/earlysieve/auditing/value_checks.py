"""Single values of a column: whether answers follow them though nothing hangs on them."""

import math
from collections.abc import Sequence

from earlysieve.auditing.leading import enough
from earlysieve.auditing.leaning import GATHER, Leaning, strength
from earlysieve.auditing.leaning_checks import (
    FEWEST_MISLED,
    FOLLOWS,
    FOLLOWS_IRRELEVANT,
    LEAST_LOSS,
    surely_recovered,
)
from earlysieve.auditing.swaps.table_parts import is_of
from earlysieve.auditing.swaps.two_columns import PAIR, named_pair
from earlysieve.groups.accuracy import wilson_bounds

_VALUE_FOLLOWED = 0.2
_VALUE_HARDLY = 0.08
_LITTLE_LOST = 0.15
_WORSE = 2.0
_AS_WELL = 0.06
_SURELY_RECOVERED = 0.7
_TELLS_AS_MUCH = 0.9
_FOLLOWED_SURELY, _FEWEST_HELD_WRONGLY, _MUCH_LOST = 0.3, 10, 0.4


def but_values(found: Sequence[Leaning]) -> list[Leaning]:
    """All others, without columns of which values show that the class comes of them, too."""
    needed = [one for one in found if one.is_value and one.besides < 0.5 - _AS_WELL]
    return [
        one
        for one in found
        if not one.is_value
        and (one.irrelevant or not any(is_of(value.name, one.name) for value in needed))
    ]


def rather(named: Leaning, others: Sequence[Leaning]) -> Leaning:
    """Of a column that must not matter its values, or it with another, where these mislead more.

    Args:
        named: a column.
        others: all that was looked at.
    """
    able = [
        one
        for one in others
        if one.irrelevant
        and (is_of(one.name, named.name) or _is_with(one.name, named.name))
        and one.misread >= FEWEST_MISLED
        and one.followed >= FOLLOWS_IRRELEVANT
        and one.accuracy_else - one.accuracy > named.accuracy_else - named.accuracy
    ]
    return max(able, key=lambda one: one.followed, default=named)


def _is_with(pair: str, column: str) -> bool:
    own = column.removeprefix("column ")
    return pair.startswith(named_pair(own, "")) or (
        pair.startswith(PAIR) and pair.endswith(f" and {own}")
    )


def by_values(found: Sequence[Leaning]) -> Leaning | None:
    """Values of a column that answers follow though nothing hangs on them, the most followed."""
    misleading = [one for one in found if _misleading_values(one)]
    return max(misleading, key=lambda one: one.followed, default=None)


def instead_of_column(found: Sequence[Leaning]) -> Leaning | None:
    """Values that tell about as much as the model makes of all: what lacks them tells the rest.

    So do numbers that are rounded where the class is one, and to more digits where it is another.
    A reader of the whole column hardly sees that, and no right answer is left without the values,
    as of any column of two values that a model goes by. They are judged as one.
    """
    able = [
        one
        for one in found
        if one.is_value
        and one.reads >= _TELLS_AS_MUCH
        and one.sure >= FEWEST_MISLED
        and one.followed >= _FOLLOWED_SURELY
        and not one.besides < 0.5 - _AS_WELL
        and enough(strength(one))
    ]
    return max(able, key=lambda one: one.followed, default=None)


def perhaps_by_values(found: Sequence[Leaning]) -> Leaning | None:
    """Values that answers follow at a cost, of which these data do not tell what came first.

    Their rows are told no worse without, but what the model loses without them is not known, or
    more than a little.
    """
    able = [one for one in found if one.is_value and _perhaps_misleading(one)]
    return max(able, key=lambda one: one.followed, default=None)


def _perhaps_misleading(found: Leaning) -> bool:
    return (
        found.followed >= _FOLLOWED_SURELY
        and found.misread >= _FEWEST_HELD_WRONGLY
        and found.accuracy_else - found.accuracy >= _VALUE_FOLLOWED
        and found.times_worse >= GATHER
        and not found.lost_without > _MUCH_LOST
        and not found.besides < 0.5 - _AS_WELL
    )


def _misleading_values(found: Leaning) -> bool:
    """Answers follow values, at a cost, and rows that hold them are told as well without.

    Where the class comes of the value, too, as of a site that is worse than others, less is needed
    of the rest of a row: the other columns tell its class less well, and so does the model without.
    Where they tell it better, the value only marks rows that are plain anyway. Where the model
    hardly knows that class without the value, errors have to say that nothing hangs on it.
    """
    cost, few = found.accuracy_else - found.accuracy, found.misread < FEWEST_MISLED
    worse = cost >= LEAST_LOSS and found.times_worse >= _WORSE
    # A few dozen swaps may miss what many errors show, more than the luck of these rows would.
    seen = found.followed >= _VALUE_HARDLY and not few and cost >= _VALUE_FOLLOWED
    seen = seen and _surely_costs(found)
    as_well = abs(found.besides - 0.5) <= _AS_WELL
    return (
        (found.followed >= _VALUE_FOLLOWED or seen)
        and (abs(found.lost_without) <= _LITTLE_LOST or _surely_misleading(found))
        and (as_well or (worse and not few and math.isnan(found.besides)))
        and (worse or few)
    )


def _surely_costs(found: Leaning) -> bool:
    """What is lost where it misleads is no luck of few rows (upper end of 95% of what is right)."""
    most = wilson_bounds(found.accuracy, found.misread)[1]
    return found.accuracy_else - most >= LEAST_LOSS


def _surely_misleading(found: Leaning) -> bool:
    """What is lost without it is not known; but all else speaks for the label of errors by it."""
    return (
        math.isnan(found.lost_without)
        and found.followed >= FOLLOWS
        and found.times_worse >= GATHER
        and surely_recovered(found) >= _SURELY_RECOVERED
    )
