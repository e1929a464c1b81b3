"""What the verdict of an audit is about."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from earlysieve.auditing.leaning import Leaning
    from earlysieve.auditing.result import AuditResult

NOTHING = "nothing found"


def leans_of(result: "AuditResult") -> str:
    """In words; empty where it could not be told."""
    from earlysieve.auditing.words import called

    found = leaning_of(result)
    if found is not None:
        return called(found)
    return NOTHING if result.summary.verdict == "none found" else ""


def leaning_of(result: "AuditResult") -> "Leaning | None":
    """Its leaning; None where the verdict is about none."""
    summary = result.summary
    return next((one for one in summary.leanings if one.name == summary.leans_on), None)
