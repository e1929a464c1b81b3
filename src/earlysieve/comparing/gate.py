"""Whether a model is worse than the one it is compared with, or no better."""

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from earlysieve.comparing.estimated import RIGHT, WHERE_MISLED, Estimated
from earlysieve.comparing.no_interval import path_of

if TYPE_CHECKING:
    from earlysieve.comparing.compare import Comparison
    from earlysieve.comparing.folded import Line


def worse(found: "Comparison", judged: Sequence[str] = RIGHT) -> tuple[str, ...]:
    """Why lines are worse than the first one; empty where none is.

    A line is worse where the whole 95% interval of a difference lies below 0. Where no difference
    of a line has an interval nothing can be told, which is a reason, too.

    Args:
        found: the comparison.
        judged: figures of `RIGHT` that are looked at. A repair loses accuracy by intention where
            the data hold what the model leaned on.
    """
    reasons: list[str] = []
    for line, known in _known(found, judged):
        this = path_of(line)
        if not known:
            reasons.append(_untold(line, found, judged, "worse"))
        reasons += [
            f"'{this}' is worse than '{path_of(found.lines[0])}' in {name}: {_said(one)}"
            for name, one in known.items()
            if one.high < 0
        ]
    return tuple(reasons)


def passed_but(found: "Comparison", judged: Sequence[str] = RIGHT) -> tuple[str, ...]:
    """What speaks against a gate of accuracies that was passed; empty where nothing does.

    A line takes a shortcut where the first does not, or lies below it in a figure that has no
    interval, so that it was not judged.

    Args:
        found: the comparison.
        judged: as for `worse`.
    """
    first, told = found.lines[0], list[str]()
    differences = {one.name: one.figures for one in found.differences}
    for line in found.lines[1:]:
        if line.verdict.startswith(_SHORTCUT) and not first.verdict.startswith(_SHORTCUT):
            told.append(
                f"Gate passed, but the verdict on '{path_of(line)}' is 'shortcut', and that on "
                f"'{path_of(first)}' '{first.verdict or 'not known'}': accuracies were judged."
            )
        below = [
            f"{name} ({one.value:+.3f})"
            for name, one in differences.get(line.name, {}).items()
            if name in judged and math.isnan(one.high) and one.value < 0
        ]
        if below:
            told.append(
                f"Gate passed, but '{path_of(line)}' lies below '{path_of(first)}' in "
                f"{', '.join(below)}, which has no interval and was not judged."
            )
    return tuple(told)


def no_better(found: "Comparison", judged: Sequence[str]) -> tuple[str, ...]:
    """Why lines are no better than the first one; empty where each is, in all that is judged.

    A line is better where the whole 95% interval of the difference lies above 0; a figure without
    an interval shows nothing, which is a reason, too.

    Args:
        found: the comparison.
        judged: figures of `RIGHT`.
    """
    reasons: list[str] = []
    for line, known in _known(found, judged):
        this = path_of(line)
        reasons += [_untold(line, found, [name], "better") for name in judged if name not in known]
        reasons += [
            f"'{this}' is not better than '{path_of(found.lines[0])}' in {name} by more than "
            f"chance: {_said(one)}"
            for name, one in known.items()
            if not one.low > 0
        ]
    return tuple(reasons)


def _known(
    found: "Comparison", judged: Sequence[str]
) -> Iterator[tuple["Line", dict[str, Estimated]]]:
    """Each other line, and its differences to the first that have an interval."""
    differences = {one.name: one.figures for one in found.differences}
    for line in found.lines[1:]:
        figures = differences.get(line.name, {})
        known = {name: figures[name] for name in judged if name in figures}
        yield line, {n: one for n, one in known.items() if not math.isnan(one.high)}


def _untold(line: "Line", found: "Comparison", judged: Sequence[str], word: str) -> str:
    first = found.lines[0]
    every = "accuracies" if tuple(judged) == RIGHT else ", ".join(judged)
    why = (
        f"no difference of {every} has an interval; compare audits of the same examples, or two "
        "seeds"
    )
    if list(judged) == [WHERE_MISLED] and WHERE_MISLED not in first.figures:
        why = (
            f"the audit of '{path_of(first)}' names nothing that misleads its model; name the one "
            "first that takes the shortcut, or gate on accuracy"
        )
    elif list(judged) == [_WORST_GROUP] and (without := _without_groups(line, first)):
        why = f"no groups are known in {without}; name them with --group-column in both audits"
    return f"Whether '{path_of(line)}' is {word} than '{path_of(first)}' cannot be told: {why}"


_WORST_GROUP, _SHORTCUT = "worst group", "shortcut"


def _without_groups(*lines: "Line") -> str:
    return " and ".join(f"'{path_of(one)}'" for one in lines if _WORST_GROUP not in one.figures)


def _said(one: Estimated) -> str:
    return f"{one.value:+.3f} [{one.low:+.3f}, {one.high:+.3f}]"
