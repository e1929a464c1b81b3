"""Fixes made by hand, as the page gets them."""

import math
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from earlysieve.report.fix_view import ExampleRow

from .audits import HOSTILE, Audit, Estimate, Leaning, Summary, image_audit, png

CHOSEN = "dfr@audit, strength 0.01"


@dataclass(frozen=True)
class Used:
    source: str = "audit"
    config: dict[str, Any] = field(default_factory=lambda: {"reader": "colour"})


@dataclass(frozen=True)
class Fix:
    candidates: pd.DataFrame
    figures: pd.DataFrame
    before: Audit
    after: Audit
    chosen: str = CHOSEN
    groups: Used | None = field(default_factory=Used)
    select: str = "worst_class_accuracy"
    headline: str = "It is right on 44% instead of 27% where colour misleads."
    explanation: str = "The first part.\n\nThe second part."
    notes: tuple[str, ...] = ("Six labels are in doubt.",)
    config: dict[str, Any] = field(default_factory=dict)

    @property
    def changed(self) -> bool:
        return self.chosen != "no change"


def candidate_table(**changes: Any) -> pd.DataFrame:
    """No change, a repair, one that failed twice for one reason, and a training."""
    nan = math.nan
    reason = "Expected at least 5 examples of each group, but got 3"
    rows = [
        ("no change", "no change", "", "", 0.0, "", 0.27, 0.914, 0.91, 0.93, 0.96),
        (CHOSEN, "repair", "dfr", "audit", 2.84, "", 0.44, 0.924, 0.89, 0.95, 0.955),
        ("dfr@errors, strength 0.1", "repair", "dfr", "errors", 0.1, reason, *[nan] * 5),
        ("dfr@errors, strength 1", "repair", "dfr", "errors", 0.1, reason, *[nan] * 5),
        ("balanced@audit", "retrain", "balanced", "audit", 81.0, "", 0.4, 0.9, 0.88, 0.92, 0.94),
    ]
    names = ["candidate", "kind", "method", "source", "seconds", "failure", "misled", "score"]
    table = pd.DataFrame(rows, columns=[*names, "low", "high", "accuracy"])
    return table.assign(worst_class_accuracy=table["score"], **changes)


def figure_table(groups: int = 2) -> pd.DataFrame:
    """Parts of 3,000 examples of two classes, and `groups` groups."""
    rows = [
        ("all held-out examples", "all", 3000, 0.96, 0.952, 0.966, 0.955, 0.947, 0.962),
        ("shortcut fails", "pile", 149, 0.248, 0.186, 0.323, 0.43, 0.353, 0.51),
        ("misled", "misled", 157, 0.274, 0.21, 0.348, 0.439, 0.364, 0.518),
        ("not misled", "misled", 2843, 0.998, 0.995, 0.999, 0.984, 0.978, 0.988),
        *[(f"group {i}", "group", 15 + i, 0.2, 0.1, 0.4, 0.3, 0.15, 0.5) for i in range(groups)],
        ("Trouser", "class", 323, 0.975, 0.952, 0.987, 0.95, 0.921, 0.969),
        ("Bag", "class", 314, 0.949, 0.919, 0.968, 0.959, 0.93, 0.976),
    ]
    names = ["part", "kind", "n", "before", "before_low", "before_high"]
    return pd.DataFrame(rows, columns=[*names, "after", "after_low", "after_high"])


def made_fix(**changes: Any) -> Fix:
    """A repair was chosen; its second audit is of data that it was fitted to."""
    summary = Summary(
        leans_on="colour",
        reliance=Estimate(0.72, 0.65, 0.81),
        accuracy_where_it_fails=Estimate(0.27, 0.19, 0.35),
        leanings=(Leaning("colour"),),
    )
    after = Summary(
        verdict="inconclusive",
        headline="This audit cannot tell.",
        leanings=(Leaning("colour", followed=0.2),),
    )
    fix = Fix(
        candidate_table(),
        figure_table(),
        image_audit(summary=summary),
        image_audit(summary=after, config={"seen_in_training": True}),
    )
    return replace(fix, **changes)


def unchanged_fix(**changes: Any) -> Fix:
    """Something was tried, and nothing was better."""
    kept = made_fix(chosen="no change", headline="The model stays as it is.")
    return replace(kept, **{"after": kept.before, **changes})


def example_rows(name: str = "photo-0", label: str = "Coat") -> tuple[ExampleRow, ...]:
    """One that is answered rightly after, and one that is not."""
    images = (png(), png(20), png(90))
    return (
        ExampleRow(name, label, "Shirt", label, images),
        ExampleRow("photo-1", "Bag", "Shirt", "Shirt", images),
    )


def hostile_fix() -> Fix:
    """Every word that a user can choose tries to run a script."""
    table = candidate_table()
    table["candidate"] = [f"{HOSTILE}{i}" for i in range(len(table))]
    table["source"] = HOSTILE
    table["failure"] = ["", "", HOSTILE, HOSTILE + "2", ""]
    figures = figure_table().assign(part=HOSTILE)
    summary = Summary(headline=HOSTILE, leans_on=HOSTILE, leanings=(Leaning(HOSTILE),))
    return made_fix(
        candidates=table,
        figures=figures,
        before=image_audit(summary=summary, class_names=(HOSTILE,) * 3),
        chosen=f"{HOSTILE}1",
        groups=Used(HOSTILE, {"reader": HOSTILE}),
        select=HOSTILE,
        headline=HOSTILE,
        explanation=HOSTILE,
        notes=(HOSTILE,),
        config={"command": HOSTILE, "model": HOSTILE, "data": HOSTILE, HOSTILE: [HOSTILE]},
    )
