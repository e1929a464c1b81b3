"""From an audit to everything that the page template shows."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from earlysieve._readable import VALUES
from earlysieve._version import __version__
from earlysieve.errors import InputError
from earlysieve.report.audit_view import GroupsLike, ReportData
from earlysieve.report.cards import Card, galleries, top_rows
from earlysieve.report.charts import Series, line_chart
from earlysieve.report.class_figures import class_figures
from earlysieve.report.histogram import counts, histogram
from earlysieve.report.listed import suspects, wrong_and_sure
from earlysieve.report.piles import has_piles, pile_counts, pile_numbers
from earlysieve.report.readable import short_name
from earlysieve.report.reasons import reasons
from earlysieve.report.sections import Section
from earlysieve.report.step import Step
from earlysieve.report.survives import survives
from earlysieve.report.transfer_figure import transfer_figure
from earlysieve.report.words import as_float

BADGES = {
    "shortcut": ("bad", "Shortcut found"),
    "at risk": ("risk", "At risk"),
    "none found": ("good", "No shortcut found"),
    "inconclusive": ("open", "No clear answer"),
}
# Where nothing was found and the headline goes on with what speaks against that.
DOUBTED, _BUT = ("open", "None found, but not clear"), ", but "
# Shown at the top or in the command already.
_SHOWN_ELSEWHERE = ("command", "columns_of_rows", "first_inputs")  # names that tell people nothing

_KINDS_OF_WORDS = {
    "token": "the words that tell a class best",
    "ends": "how the text begins and ends",
    "symbols": "marks and emojis",
    "numbers": "numbers",
    "capitals": "words with capital letters",
    "one word": "words of one class",
    "phrase": "phrases of one class",
    "topic": "the words that tell the topics most",
    "first text": "words of the first text that tell a class",
    "shared words": "the words that both texts share",
    "second text": "words of the second text that tell a class",
}


def _badge(data: ReportData) -> tuple[str, str]:
    """Colour and words of the verdict: green only where nothing speaks against it."""
    doubted = data.summary.verdict == "none found" and _BUT in data.summary.headline
    return DOUBTED if doubted else BADGES[data.summary.verdict]


def _marked_kind(data: ReportData) -> str:
    """What all marked words or columns are; empty where they are those that side with a readout."""
    name = data.summary.leans_on or ""
    of_columns = name.startswith(("column ", "columns ", VALUES))
    return short_name(data.summary) if of_columns else _KINDS_OF_WORDS.get(name, "")


@dataclass(frozen=True)
class GroupRow:
    """One known group; shares in [0, 1]."""

    name: str
    n: int
    accuracy: float
    low: float
    high: float
    worst: bool

    @property
    def has_interval(self) -> bool:
        """Whether both ends are known."""
        return math.isfinite(self.low) and math.isfinite(self.high)


def page_context(data: ReportData, sections: Sequence[Section], scores: str = "") -> dict[str, Any]:
    """The variables of the page template.

    Args:
        data: an audit.
        sections: further sections.
        scores: address of the table of all examples, from the page; empty where there is none.

    Raises:
        InputError: the verdict is unknown, a picture is wrong, or two sections share an id.
    """
    _check(data, sections)
    shown = galleries(data)
    all_cards = [card for gallery in shown for card in gallery.cards]
    return {
        "summary": data.summary,
        "badge": _badge(data),
        "total": len(data.examples),
        "flagged": int(data.examples["flagged"].astype(bool).sum()),
        "subject": [
            (key, str(data.config[key])) for key in ("model", "data") if data.config.get(key)
        ],
        "charts": _charts(data),
        "galleries": shown if all_cards else [],
        "has_piles": has_piles(data),
        "piles": pile_counts(data),
        "why": reasons(data),
        "survival": survives(data),
        "classes": _classes(all_cards),
        "has_heatmaps": any(card.heatmap for card in all_cards),
        "has_marks": any(piece.marked for card in all_cards for piece in card.pieces),
        "marked_kind": _marked_kind(data),
        "has_columns": any(str(name).startswith("score of column ") for name in data.examples),
        "top_rows": [] if all_cards else top_rows(data),
        "sure": wrong_and_sure(data),
        "suspects": suspects(data),
        "scores": scores,
        "transfer": transfer_figure(data),
        "class_figures": class_figures(data),
        "groups": data.groups,
        "group_rows": _group_rows(data.groups),
        "layers": data.layers.to_dict("records"),
        "has_auroc": bool(data.layers["auroc"].notna().any()),
        "sections": sections,
        "steps": [_step(kept) for kept in data.summary.next_steps],
        "notes": data.notes,
        "settings": settings(data.config),
        "command": str(data.config.get("command") or ""),
        "version": __version__,
    }


def settings(config: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The configuration as names and values, inner mappings by dotted names."""
    rows: list[tuple[str, str]] = []
    for key, value in config.items():
        if isinstance(value, Mapping):
            rows += [(f"{key}.{inner}", text) for inner, text in settings(value)]
        elif key not in _SHOWN_ELSEWHERE:
            rows.append((str(key), _written(value)))
    return rows


def _step(kept: str) -> Step:
    """A step from its sentence in the first line and its code in those below."""
    text, _, code = kept.partition("\n")
    return Step(text, code)


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _charts(data: ReportData) -> dict[str, Any]:
    layers = data.layers
    names = [str(name) for name in layers["layer"]]
    chosen = names.index(data.summary.layer) if data.summary.layer in names else None
    x_label = "layer, from the input to the output"

    def column(key: str) -> list[float]:
        return [as_float(value) for value in layers[key]]

    scores, flagged = data.examples["shortcut_score"], data.examples["flagged"]
    return {
        "accuracy": line_chart(
            "Accuracy of the early readout by layer",
            names,
            [Series("readout", column("accuracy"), "accent")],
            x_label=x_label,
            chosen=chosen,
            reference=("whole model", float(data.summary.accuracy)),
        ),
        "margins": line_chart(
            "How sure the early readout is, by layer",
            names,
            [
                Series("where it is wrong", column("margin_on_errors"), "wrong"),
                Series("where it is right", column("margin_on_correct"), "right"),
            ],
            x_label=x_label,
            chosen=chosen,
        ),
        "scores": histogram(scores, flagged, pile_numbers(data)),
        "squeezed": counts(scores, flagged).squeezed,
    }


def _classes(shown: list[Card]) -> list[tuple[int, str, int]]:
    """Number, name and count of pictures of each class that has one."""
    names = {card.label_number: card.label for card in shown}
    numbers = [card.label_number for card in shown]
    return [(number, names[number], numbers.count(number)) for number in sorted(names)]


def _group_rows(groups: GroupsLike | None) -> list[GroupRow]:
    if groups is None:
        return []
    return [
        GroupRow(
            name=str(row["name"]),
            n=int(row["n"]),
            accuracy=as_float(row["accuracy"]),
            low=as_float(row["low"]),
            high=as_float(row["high"]),
            worst=int(row["group"]) == groups.worst_group,
        )
        for row in groups.table.to_dict("records")
    ]


def _check(data: ReportData, sections: Sequence[Section]) -> None:
    if data.summary.verdict not in BADGES:
        raise InputError(
            f"Expected a verdict of {', '.join(map(repr, BADGES))}, but got "
            f"'{data.summary.verdict}'; pass the summary of an audit"
        )
    names = [section.id for section in sections]
    if len(set(names)) != len(names):
        raise InputError(
            f"Expected sections with different ids, but got {names}; rename the repeated one"
        )
