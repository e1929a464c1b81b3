"""An audit on a terminal, and for programs."""

from collections.abc import Sequence
from dataclasses import asdict, astuple
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earlysieve.cli.console import Console

if TYPE_CHECKING:
    from earlysieve.auditing.result import AuditResult
    from earlysieve.auditing.transfer import LayerTransfer
    from earlysieve.groups.group_report import GroupReport

_MOST_GROUPS = 8


def show(result: "AuditResult", console: Console) -> None:
    """Print the verdict, the layers and the groups for people."""
    summary = result.summary
    console.say(f"\n{summary.headline}\n{summary.explanation}")
    console.say(f"The model is right on {summary.accuracy:.1%} of {len(result.examples):,}.\n")
    columns = ("layer", "accuracy", "errors", "flagged", "margin_on_errors", "margin_on_correct")
    known = result.layers["auroc"].notna().any()
    names = [*columns, *(["auroc"] if known else [])]
    rows = [[row[name] for name in names] for row in result.layers.to_dict("records")]
    console.table([name.replace("_", " ") for name in names], rows, "Readouts")
    if summary.transfer:
        _show_transfer(summary.transfer, console)
    if result.groups is not None:
        _show_groups(result.groups, console)
    said = result.config.get("opening", [])
    for warning in [*summary.warnings, *result.notes]:
        if warning not in said:
            console.say(f"Note: {warning}")
    _show_steps(summary.next_steps, console, every=summary.verdict == "at risk")


def _show_steps(steps: Sequence[str], console: Console, *, every: bool) -> None:
    """Print the first step, and those that name a command or an option, or every one."""
    from earlysieve.auditing.next_steps import parts

    for place, (text, code) in enumerate(map(parts, steps)):
        if place == 0 or code or every or "--" in text:
            console.say(f"Next: {text}")
        for line in filter(None, code.split("\n")):
            console.say(f"  {line}")


def _show_transfer(rows: "Sequence[LayerTransfer]", console: Console) -> None:
    console.table(
        ("layer", "right on the reference", "95% from", "to", "on the data", "95% from", "to"),
        [astuple(row)[:1] + astuple(row)[2:] for row in rows],
        "What transfers: readouts that were fitted on the reference",
    )


def _show_groups(groups: "GroupReport", console: Console) -> None:
    worst = groups.table.sort_values("accuracy", kind="stable").head(_MOST_GROUPS)
    some = f"The {len(worst)} worst of {len(groups.table)} groups"
    console.table(
        ("group", "examples", "accuracy", "95% from", "to"),
        worst[["name", "n", "accuracy", "low", "high"]].values.tolist(),
        "Groups" if len(worst) == len(groups.table) else some,
    )
    console.say(
        f"Average {groups.average:.1%}, reweighted to {groups.reweighted_to} "
        f"{groups.reweighted_average:.1%}, worst group {groups.worst_accuracy:.1%}."
    )
    if groups.unknown:
        console.say(f"{groups.unknown:,} examples of unknown group are left out of this.")


def as_values(result: "AuditResult", out: Path, page: Path | None) -> dict[str, Any]:
    """The result for programs."""
    groups = result.groups
    return {
        "out": out,
        "page": page,
        "summary": asdict(result.summary),
        "layers": result.layers.to_dict("records"),
        "groups": None
        if groups is None
        else {**vars(groups), "table": groups.table.to_dict("records")},
        "notes": result.notes,
        "preparation": result.config.get("preparation", []),
        "opening": result.config.get("opening", []),
    }
