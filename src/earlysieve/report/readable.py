"""What the verdict is about, as the page calls it."""

from earlysieve._readable import readable
from earlysieve.report.view_of_summary import SummaryLike

__all__ = ["readable", "short_name"]


def short_name(summary: SummaryLike) -> str:
    """What the verdict is about, in few words; empty where it is about nothing in particular."""
    name = summary.leans_on
    if name is None:
        return ""
    found = next((one for one in summary.leanings if one.name == name), None)
    return readable(name, of_network=found is not None and found.of_network)
