"""How often a model is right before and after, ready for the template."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from earlysieve.report.fix_view import FixData
from earlysieve.report.words import as_float, count, cut, percent

MOST_ROWS = 8
_FEW = 20
_MAIN = ("all", "misled", "pile")
_TITLES = {"pile": "pile “{}”"}


@dataclass(frozen=True)
class Share:
    """How often a model is right on a part, with a 95% interval; shares in [0, 1]."""

    value: float
    low: float
    high: float

    @property
    def text(self) -> str:
        """The interval in words, which a narrow column breaks after "to" alone."""
        return f"{percent(self.low, 1)}\N{NO-BREAK SPACE}to {percent(self.high, 1)}"


@dataclass(frozen=True)
class Part:
    """A part of the held-out examples; `after` is None where nothing was changed."""

    name: str
    kind: str
    n: int
    before: Share
    after: Share | None

    @property
    def gained(self) -> float:
        """After minus before; NaN where nothing was changed."""
        return math.nan if self.after is None else self.after.value - self.before.value

    @property
    def change(self) -> str:
        """What was gained, in points."""
        return points(self.gained)


@dataclass(frozen=True)
class FixFigures:
    """Parts by where they stand on the page, and what was lost in words.

    Attributes:
        main: all examples, misled or not, piles.
        groups, classes: parts by pseudo-group and by class.
        fold_groups: there are many groups.
        cost: what the change cost where nothing was wrong; empty where nothing was changed.
        few: some part holds so few examples that its figures say little.
    """

    main: list[Part]
    groups: list[Part]
    classes: list[Part]
    fold_groups: bool
    cost: str
    few: bool


def fix_figures(data: FixData) -> FixFigures:
    """The table of figures in its parts."""
    parts = [_part(row, data.changed) for row in data.figures.to_dict("records")]
    main = [part for kind in _MAIN for part in parts if part.kind == kind]
    groups, classes = ([p for p in parts if p.kind == kind] for kind in ("group", "class"))
    return FixFigures(
        main,
        groups,
        classes,
        len(groups) > MOST_ROWS,
        _cost(main, classes) if data.changed else "",
        any(part.n < _FEW for part in parts),
    )


def points(difference: float) -> str:
    """A difference of shares in percentage points, with a sign; a dash where it is not known."""
    if math.isnan(difference):
        return "\N{EN DASH}"
    text = f"{difference * 100:+.1f}"
    return "0.0" if float(text) == 0 else text.replace("-", "\N{MINUS SIGN}")


def _part(row: Mapping[Any, Any], changed: bool) -> Part:
    name = str(row["part"])
    return Part(
        _TITLES.get(row["kind"], "{}").format(name),
        str(row["kind"]),
        int(row["n"]),
        _share(row, "before"),
        _share(row, "after") if changed else None,
    )


def _share(row: Mapping[Any, Any], when: str) -> Share:
    return Share(*(as_float(row[key]) for key in (when, f"{when}_low", f"{when}_high")))


def _cost(main: list[Part], classes: list[Part]) -> str:
    """What became of the examples on which nothing misleads, and of the class that lost most."""
    kept = next((part for part in main if part.name == "not misled"), None)
    said = []
    if kept is not None and kept.after is not None:
        was, now = (percent(share.value, 1) for share in (kept.before, kept.after))
        said.append(
            f"On the {count(kept.n)} examples that are not misled, the model was right on {was} "
            f"before and is right on {now} after: {_more_or_less(kept.gained)}."
        )
    worst = min(classes, key=lambda part: part.gained, default=None)
    if worst is not None and worst.after is not None:
        said.append(_worst(worst))
    return " ".join(said)


def _worst(part: Part) -> str:
    if part.after is None or part.gained >= 0:
        return "No class as a whole lost accuracy."
    return (
        f"The class that lost most is “{cut(part.name)}”, from {percent(part.before.value, 1)} to "
        f"{percent(part.after.value, 1)}."
    )


def _more_or_less(gained: float) -> str:
    if float(f"{gained * 100:.1f}") == 0:
        return "no difference"
    return f"{abs(gained) * 100:.1f} points {'more' if gained > 0 else 'less'}"
