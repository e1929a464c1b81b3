"""What both audits say, side by side."""

import math
from dataclasses import dataclass

from earlysieve.report.audit_view import ReportData
from earlysieve.report.context import BADGES
from earlysieve.report.fix_view import FixData
from earlysieve.report.readable import short_name
from earlysieve.report.view_of_summary import EstimateLike
from earlysieve.report.words import NOTHING, percent


@dataclass(frozen=True)
class Verdict:
    """An audit in few words.

    Attributes:
        slug, name: look and words of its verdict.
        about: the simple thing that it is about; a dash where it is about none.
        reliance, fails: estimates with their intervals, as text.
        headline: its own.
    """

    slug: str
    name: str
    about: str
    reliance: tuple[str, str]
    fails: tuple[str, str]
    headline: str


def verdicts(data: FixData) -> list[tuple[str, Verdict]]:
    """Before and after; before alone where nothing was changed."""
    found = [("Before", data.before)]
    if data.changed:
        found.append(("After", data.after))
    return [(when, _verdict(audit)) for when, audit in found]


def seen_after(data: FixData) -> bool:
    """Whether the second audit is of examples to which something of the model was fitted."""
    return data.changed and bool(data.after.config.get("seen_in_training"))


def _verdict(audit: ReportData) -> Verdict:
    summary = audit.summary
    slug, name = BADGES[summary.verdict]
    return Verdict(
        slug,
        name,
        short_name(summary) or NOTHING,
        _estimate(summary.reliance),
        _estimate(summary.accuracy_where_it_fails),
        summary.headline,
    )


def _estimate(found: EstimateLike | None) -> tuple[str, str]:
    """Value and interval; below nothing there is no reliance."""
    if found is None or math.isnan(found.value):
        return NOTHING, ""
    value, low, high = (max(0.0, one) for one in (found.value, found.low, found.high))
    return percent(value), f"{percent(low)} to {percent(high)}"
