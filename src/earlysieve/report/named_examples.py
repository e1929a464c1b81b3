"""The examples of an audit with names in place of numbers, as other programs show them."""

from typing import TYPE_CHECKING, Any

from earlysieve.report.audit_view import ReportData
from earlysieve.report.piles import has_piles
from earlysieve.report.words import as_float, name_of

if TYPE_CHECKING:
    import pandas as pd

_OF_A_READER = "score of "


def named_table(data: ReportData) -> "pd.DataFrame":
    """One row per example, in the order of the data.

    Columns: example (its id), index, label, prediction and readout as names, correct, confidence,
    margin, shortcut_score, flagged; where known group, pile (empty for most), label_doubt, and
    `score_of_NAME` of each reader, with underscores only.
    """
    import pandas as pd

    table = data.examples
    columns: dict[str, Any] = {
        "example": table["id"].astype(str),
        "index": table["index"],
        "label": _names(table["label"], data.class_names, "class"),
        "prediction": _names(table["prediction"], data.class_names, "class"),
        "correct": table["label"] == table["prediction"],
        "confidence": table["confidence"],
        "readout": _names(table["readout_prediction"], data.class_names, "class"),
        "margin": table["margin"],
        "shortcut_score": table["shortcut_score"],
        "flagged": table["flagged"].astype(bool),
    }
    if table["group"].notna().any():
        columns["group"] = _names(table["group"], data.group_names, "group")
    if has_piles(data):
        columns["pile"] = table["pile"].astype(str)
        columns["label_doubt"] = table["label_doubt"]
    for name in table.columns:
        if str(name).startswith(_OF_A_READER):
            columns[_plain(str(name))] = table[name]
    return pd.DataFrame(columns)


def _names(numbers: "pd.Series[Any]", names: Any, kind: str) -> list[str]:
    """The name of each number; empty where there is none."""
    known = [as_float(number) for number in numbers]
    return [name_of(names, int(n), kind) if n == n and n >= 0 else "" for n in known]


def _plain(name: str) -> str:
    """A name of letters, digits and underscores."""
    return "".join(c if c.isalnum() else "_" for c in name)
