"""Points of methods in plots: a mark and a colour each, that are the same in all of a page."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from earlysieve.benchmarking.arms import PLAIN
from earlysieve.groups.over_seeds import OverSeeds

# As many marks as share no divisor with the number of colours: 70 methods look different. Colours
# are those of Okabe and Ito, which the colour-blind tell apart, without yellow and black.
_MARKS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*")
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#7a5195")
_PLAIN = "#6b7079"


@dataclass(frozen=True)
class Mark:
    """How a method is drawn.

    Attributes:
        shape: a marker of matplotlib.
        colour: as #rrggbb.
    """

    shape: str
    colour: str


def marks_of(methods: Sequence[str]) -> dict[str, Mark]:
    """One for each method, in this order; plain training is grey.

    Args:
        methods: names of lines, perhaps several times.
    """
    others = [name for name in dict.fromkeys(methods) if name != PLAIN]
    found = {
        name: Mark(_MARKS[(k + 1) % len(_MARKS)], _COLOURS[k % len(_COLOURS)])
        for k, name in enumerate(others)
    }
    return {PLAIN: Mark(_MARKS[0], _PLAIN), **found}


def point(
    axes: Any,
    x: float,
    one: OverSeeds,
    mark: Mark,
    label: str,
    *,
    within: tuple[float, float],
) -> None:
    """A mean over seeds with its 95% t-interval, which ends where no figure can be.

    Args:
        axes: of matplotlib.
        x: where.
        one: what; without an interval the point stands alone.
        mark: of its method.
        label: of it in the legend; names with a leading underscore are in none.
        within: lowest and highest value that the figure can have.
    """
    lowest, highest = within
    spread = None
    if not math.isnan(one.low):
        spread = [[one.mean - max(one.low, lowest)], [min(one.high, highest) - one.mean]]
    axes.errorbar(
        *([x], [one.mean], spread),
        fmt=mark.shape,
        color=mark.colour,
        markersize=6.5,
        markeredgecolor="white",
        markeredgewidth=0.6,
        elinewidth=1.1,
        label=label,
        zorder=3,
    )


def legend_of(axes: Any) -> None:
    """Beside the plot, where it hides no point, without the lines of intervals."""
    bars, names = axes.get_legend_handles_labels()
    axes.legend(
        [bar.lines[0] for bar in bars],
        names,
        frameon=False,
        fontsize=8,
        loc="center left",
        bbox_to_anchor=(1.0, 0.5),
    )
