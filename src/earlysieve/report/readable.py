"""What properties, layers and parts are called on the page."""

from earlysieve.report.audit_view import SummaryLike

_SHORT = {
    "spectrum": "texture",
    "frame": "border",
    "window": "telling window",
    "token": "telling words",
    "other tokens": "all other words",
    "length": "length of the text",
    "stage": "early layer",
    "columns": "all columns, straight",
    "all": "swaps of all parts",
}


def readable(name: str, *, of_network: bool = False) -> str:
    """A short name, as "texture", "column 'x3'" or "layer 'stage1'"."""
    if of_network and name not in _SHORT:
        layer, _, view = name.rpartition(" ")
        return f"layer '{layer}'" + (", as a map" if view == "map" else "")
    if name.startswith("column "):
        return f"column '{name.removeprefix('column ')}'"
    return _SHORT.get(name, name)


def short_name(summary: SummaryLike) -> str:
    """What the verdict is about, in few words; empty where it is about nothing in particular."""
    name = summary.leans_on
    if name is None:
        return ""
    found = next((one for one in summary.leanings if one.name == name), None)
    return readable(name, of_network=found is not None and found.of_network)
