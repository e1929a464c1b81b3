"""Whether a model is worse than the one it is compared with, or no better."""

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from earlysieve.comparing.estimated import RIGHT, Estimated
from earlysieve.comparing.no_interval import path_of

if TYPE_CHECKING:
    from earlysieve.comparing.compare import Comparison


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
    for this, known in _known(found, judged):
        if not known:
            reasons.append(_untold(this, found, judged, "worse"))
        reasons += [
            f"'{this}' is worse than '{path_of(found.lines[0])}' in {name}: {_said(one)}"
            for name, one in known.items()
            if one.high < 0
        ]
    return tuple(reasons)


def no_better(found: "Comparison", judged: Sequence[str]) -> tuple[str, ...]:
    """Why lines are no better than the first one; empty where each is, in all that is judged.

    A line is better where the whole 95% interval of the difference lies above 0; a figure without
    an interval shows nothing, which is a reason, too.

    Args:
        found: the comparison.
        judged: figures of `RIGHT`.
    """
    reasons: list[str] = []
    for this, known in _known(found, judged):
        reasons += [_untold(this, found, [name], "better") for name in judged if name not in known]
        reasons += [
            f"'{this}' is not better than '{path_of(found.lines[0])}' in {name} by more than "
            f"chance: {_said(one)}"
            for name, one in known.items()
            if not one.low > 0
        ]
    return tuple(reasons)


def _known(
    found: "Comparison", judged: Sequence[str]
) -> Iterator[tuple[str, dict[str, Estimated]]]:
    """The path of each other line, and its differences to the first that have an interval."""
    differences = {one.name: one.figures for one in found.differences}
    for line in found.lines[1:]:
        figures = differences.get(line.name, {})
        known = {name: figures[name] for name in judged if name in figures}
        yield path_of(line), {n: one for n, one in known.items() if not math.isnan(one.high)}


def _untold(this: str, found: "Comparison", judged: Sequence[str], word: str) -> str:
    return (
        f"Whether '{this}' is {word} than '{path_of(found.lines[0])}' cannot be told: no "
        f"difference of {', '.join(judged) if tuple(judged) != RIGHT else 'accuracies'} has an "
        "interval; compare audits of the same examples, or two seeds"
    )


def _said(one: Estimated) -> str:
    return f"{one.value:+.3f} [{one.low:+.3f}, {one.high:+.3f}]"
