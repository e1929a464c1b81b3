"""Whether a model is worse than the one it is compared with."""

import math
from collections.abc import Sequence
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
    first = path_of(found.lines[0])
    differences = {one.name: one.figures for one in found.differences}
    reasons: list[str] = []
    for line in found.lines[1:]:
        figures, this = differences.get(line.name, {}), path_of(line)
        known = {name: figures[name] for name in judged if name in figures}
        known = {name: one for name, one in known.items() if not math.isnan(one.high)}
        if not known:
            reasons.append(
                f"Whether '{this}' is worse than '{first}' cannot be told: no difference of "
                f"{', '.join(judged) if tuple(judged) != RIGHT else 'accuracies'} has an interval; "
                "compare audits of the same examples, or two seeds"
            )
        reasons += [
            f"'{this}' is worse than '{first}' in {name}: {_said(one)}"
            for name, one in known.items()
            if one.high < 0
        ]
    return tuple(reasons)


def _said(one: Estimated) -> str:
    return f"{one.value:+.3f} [{one.low:+.3f}, {one.high:+.3f}]"
