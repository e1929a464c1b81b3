"""Examples in tables: where the model is wrong and sure, and all that are suspicious."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from earlysieve.report.audit_view import ReportData
from earlysieve.report.cards import group_of
from earlysieve.report.piles import PILES, Kind, has_piles
from earlysieve.report.words import as_float, name_of

if TYPE_CHECKING:
    import pandas as pd

SURE = 0.9
_MOST_SURE, _MOST = 12, 500


@dataclass(frozen=True)
class ListedExample:
    """One row of such a table; shares and scores as in the example table."""

    id: str
    label: str
    prediction: str
    correct: bool
    confidence: float
    score: float
    kind: Kind | None
    group: str | None


@dataclass(frozen=True)
class Listed:
    """The examples of a table, and how many there are of them in all."""

    rows: list[ListedExample]
    total: int
    has_groups: bool


def wrong_and_sure(data: ReportData) -> Listed:
    """Errors of which the model is at least 90% sure, the surest first; some of them."""
    table = data.examples
    wrong = table["label"] != table["prediction"]
    found = table[wrong & (table["confidence"].astype(float) >= SURE)]
    ordered = found.sort_values(["confidence", "index"], ascending=[False, True], kind="stable")
    return _listed(ordered, data, _MOST_SURE)


def suspects(data: ReportData) -> Listed:
    """All examples that are in a pile, flagged or errors of the model, pile by pile; some of many.

    Within a pile those with the highest shortcut score come first.
    """
    table = data.examples
    odd = (table["label"] != table["prediction"]) | table["flagged"].astype(bool)
    place = {role: number for number, role in enumerate(PILES)}
    if has_piles(data):
        odd |= table["pile"].isin(list(place))
        order = table["pile"].map(place).fillna(len(place))
    else:
        order = table["label"] * 0
    ordered = table.assign(order=order)[odd].sort_values(
        ["order", "shortcut_score", "index"], ascending=[True, False, True], kind="stable"
    )
    return _listed(ordered, data, _MOST)


def _listed(table: "pd.DataFrame", data: ReportData, most: int) -> Listed:
    rows = [_row(row, data) for row in table.head(most).to_dict("records")]
    return Listed(rows, len(table), any(row.group is not None for row in rows))


def _row(row: dict[Any, Any], data: ReportData) -> ListedExample:
    label, prediction = int(row["label"]), int(row["prediction"])
    return ListedExample(
        id=str(row["id"]),
        label=name_of(data.class_names, label, "class"),
        prediction=name_of(data.class_names, prediction, "class"),
        correct=label == prediction,
        confidence=as_float(row["confidence"]),
        score=as_float(row["shortcut_score"]),
        kind=PILES.get(str(row.get("pile", ""))),
        group=group_of(row.get("group"), data),
    )
