"""An audit in a folder."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from earlysieve.errors import MissingDependencyError

if TYPE_CHECKING:
    from earlysieve.auditing.result import AuditResult


def save(result: "AuditResult", out: Path, tell: Callable[[str], None]) -> Path | None:
    """Write the result and its page; None where the page cannot be made."""
    result.save(out)
    try:
        return result.to_html(out / "report.html")
    except MissingDependencyError as error:
        tell(f"No page: {error}")
        return None
