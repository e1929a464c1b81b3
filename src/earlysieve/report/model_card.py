"""What an audit says, as a section of a model card in Markdown."""

import math
import re
from collections.abc import Sequence

from earlysieve._version import __version__
from earlysieve.report.audit_view import ReportData
from earlysieve.report.context import BADGES
from earlysieve.report.piles import pile_counts
from earlysieve.report.readable import short_name
from earlysieve.report.view_of_summary import EstimateLike
from earlysieve.report.words import count, cut, percent, visible

_MOST_GROUPS = 10
# What Markdown or HTML would take for its own, and what would end a cell of a table.
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")


def model_card(data: ReportData) -> str:
    """A section that says what was audited, what came of it, and what that does not say.

    Names that came from users are escaped, so that they stay text.
    """
    summary = data.summary
    pieces = [
        "## Shortcut audit",
        f"**{BADGES[summary.verdict][1]}.** {_text(summary.headline)}",
        *(_text(part) for part in summary.explanation.split("\n\n") if part.strip()),
        _table(("", "examples", "right", "95% interval"), _rows(data)),
    ]
    if data.groups is not None and len(data.groups.table) > _MOST_GROUPS:
        pieces.append(f"The {_MOST_GROUPS} worst of {len(data.groups.table)} groups are listed.")
    piles = [f"{pile.kind.role} {count(pile.count)}" for pile in pile_counts(data)]
    if piles:
        pieces.append(f"Examples to look at: {', '.join(piles)}.")
    if summary.warnings:
        pieces.append("\n".join(f"- {_text(warning)}" for warning in summary.warnings))
    pieces += [_made(data), _LIMITS]
    return "\n\n".join(pieces) + "\n"


_LIMITS = (
    "The verdict follows a documented rule with measured error rates. It is about these data, and "
    "does not say that the model is free of other shortcuts."
)


def _rows(data: ReportData) -> list[tuple[str, str, str, str]]:
    summary = data.summary
    rows = [("all", count(len(data.examples)), percent(summary.accuracy, 1), "")]
    fails, about = summary.accuracy_where_it_fails, short_name(summary)
    if fails is not None and about and not math.isnan(fails.value):
        rows.append((f"misled by {_text(about)} (estimate)", "", *_shown(fails)))
    if data.groups is None:
        return rows
    worst = data.groups.table.sort_values("accuracy", kind="stable").head(_MOST_GROUPS)
    rows += [
        (
            f"group {_text(row['name'])}",
            count(row["n"]),
            percent(row["accuracy"], 1),
            f"{percent(row['low'], 1)} to {percent(row['high'], 1)}",
        )
        for row in worst.to_dict("records")
    ]
    return rows


def _shown(found: EstimateLike) -> tuple[str, str]:
    return percent(found.value, 1), f"{percent(found.low, 1)} to {percent(found.high, 1)}"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = [f"| {' | '.join(columns)} |", f"|{'|'.join(['---', *['---:'] * (len(columns) - 1)])}|"]
    return "\n".join([*head, *(f"| {' | '.join(row)} |" for row in rows)])


def _made(data: ReportData) -> str:
    config = data.config
    about = [
        f"{name}: {_text(config[name])}" for name in ("model", "data", "split") if config.get(name)
    ]
    about += [f"seed: {config['seed']}"] if "seed" in config else []
    version = config.get("earlysieve", __version__)
    command = config.get("command")
    made = f"Made by earlysieve {_text(version)}; {'; '.join(about)}."
    return f"{made}\n\n{_code(command)}" if isinstance(command, str) else made


def _code(command: str) -> str:
    """A command as a block that nothing in it can end."""
    longest = max((len(run) for run in re.findall(r"`+", command)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}bash\n{visible(command)}\n{fence}"


def _text(value: object) -> str:
    """Plain text on one line; long names are cut."""
    text = " ".join(str(value).split())
    return _SPECIAL.sub(r"\\\1", str(visible(text if " " in text else cut(text))))
