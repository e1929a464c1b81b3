"""Whether answers still follow what they followed before: swaps of two audits, side by side.

Swaps ask the model itself, so that they speak also where a second audit cannot decide.
"""

import math
from dataclasses import dataclass

from earlysieve.report.audit_view import ReportData

_WORTH_SHOWING = 0.1
_MOST = 4


@dataclass(frozen=True)
class Follows:
    """One part of the inputs that was swapped in both audits.

    Attributes:
        name: of the part, as "colour" or "column x3".
        before, after: how much more often than by chance an answer follows the part when it is
            swapped with that of an example of another class, in [-1, 1].
        pairs_before, pairs_after: of how many swaps; None where that is not known.
    """

    name: str
    before: float
    after: float
    pairs_before: int | None = None
    pairs_after: int | None = None


def follows(before: ReportData, after: ReportData) -> list[Follows]:
    """Parts that answers follow in either audit.

    The one that the first audit is about comes first, however little it is followed.

    Args:
        before, after: audits of two models on the same examples.
    """
    about = before.summary.leans_on
    then, now = _followed(before), _followed(after)
    counts = _pairs(before), _pairs(after)
    both = [
        Follows(name, then[name], now[name], *(one.get(name) for one in counts))
        for name in then
        if name in now
    ]
    told = [one for one in both if one.name == about or _most(one) >= _WORTH_SHOWING]
    return sorted(told, key=lambda one: (one.name != about, -_most(one)))[:_MOST]


def _most(found: Follows) -> float:
    return max(found.before, found.after)


def _followed(audit: ReportData) -> dict[str, float]:
    return {
        one.name: one.followed
        for one in audit.summary.leanings
        if not one.of_network and not math.isnan(one.followed)
    }


def _pairs(audit: ReportData) -> dict[str, int]:
    return {one.part: one.pairs for one in audit.summary.swaps}
