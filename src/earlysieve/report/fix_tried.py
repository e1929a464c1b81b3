"""What was tried, and by which rule, ready for the template."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from earlysieve.groups.selection_rules import RULES
from earlysieve.report.fix_view import FixData
from earlysieve.report.words import NOTHING, as_float, decimal, percent

_METHODS = {
    "dfr": "groups count equally",
    "afr": "what the model gets wrong counts more",
    "neurontune": "features that go with errors are taken out",
    "crt": "classes count equally",
    "balanced": "each group is drawn equally often",
    "group-dro": "the group that does worst counts most",
}
_KINDS = {
    "no change": "the given model",
    "repair": "last layer fitted anew",
    "retrain": "whole network trained again",
}
_SOURCES = {
    "audit": "the audit",
    "errors": "the model's errors",
    "given": "given by you",
    "named": "named by the data",
    "": "none needed",
}
_BY_PEOPLE = ("given", "file", "data")
_KNOWS = {
    "labels": "the labels of the classes and nothing of groups",
    "inferred groups": "labels, and groups that were inferred; no true ones",
    "groups": "the true groups, which makes it an oracle",
}


@dataclass(frozen=True)
class Tried:
    """One candidate; figures as text."""

    name: str
    detail: str
    kind: str
    source: str
    score: str
    interval: str
    accuracy: str
    misled: str
    worst_class: str
    seconds: str
    chosen: bool


@dataclass(frozen=True)
class FixTried:
    """Candidates that were compared, those that failed by reason, and the rule.

    Attributes:
        rows: what was compared.
        failed: reason and names of the candidates that failed for it.
        has_scores: some candidate was compared with no change.
        rule: what the rule measures.
        knows: what it knows.
    """

    rows: list[Tried]
    failed: list[tuple[str, list[str]]]
    has_scores: bool
    rule: str
    knows: str


def fix_tried(data: FixData) -> FixTried:
    """The table of candidates in its parts."""
    records = data.candidates.to_dict("records")
    failed: dict[str, list[str]] = {}
    for record in records:
        if record["failure"]:
            failed.setdefault(str(record["failure"]), []).append(str(record["candidate"]))
    found = RULES.get(data.select)
    given = data.groups is not None and data.groups.source in _BY_PEOPLE
    knows = "" if found is None else _KNOWS[found.supervision]
    if found is not None and found.supervision == "inferred groups" and given:
        knows = "labels, and the groups that were given"
    return FixTried(
        [_tried(one, data) for one in records if not one["failure"]],
        list(failed.items()),
        "score" in data.candidates and bool(data.candidates["score"].notna().any()),
        "" if found is None else found.help,
        knows,
    )


def _tried(record: Mapping[Any, Any], data: FixData) -> Tried:
    kind, source = str(record["kind"]), str(record["source"] or "")
    low, high = (as_float(record.get(name)) for name in ("low", "high"))
    return Tried(
        name=str(record["candidate"]),
        detail=_METHODS.get(str(record["method"]), ""),
        kind=_KINDS.get(kind, kind),
        source=NOTHING if kind == "no change" else _SOURCES.get(source, source),
        score=_score(data.select, as_float(record.get("score"))),
        interval=f"{percent(low, 1)} to {percent(high, 1)}" if low == low else "",
        accuracy=percent(record.get("accuracy"), 1),
        misled=percent(record.get("misled"), 1),
        worst_class=percent(record.get("worst_class_accuracy"), 1),
        seconds=NOTHING if kind == "no change" else decimal(record["seconds"], 1),
        chosen=record["candidate"] == data.chosen,
    )


def _score(select: str, value: float) -> str:
    """Accuracies as percentages, other figures as they are."""
    shown = percent(value, 1) if select.endswith("accuracy") else decimal(value, 3)
    return shown.replace("-", "\N{MINUS SIGN}")
