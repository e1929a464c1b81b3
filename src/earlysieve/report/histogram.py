"""How the shortcut scores of all examples are spread, as inline SVG."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from earlysieve.report.charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Tick
from earlysieve.report.templating import macro
from earlysieve.report.words import count, signed

if TYPE_CHECKING:
    from markupsafe import Markup

BINS = 20
# Where the wrongly read examples would be lower than this share of the tallest bar, heights grow
# with the square root of the counts.
_VISIBLE = 0.25
_ZONE_LABEL = 14
_X_TICKS = (
    (-1.0, "\N{MINUS SIGN}1"),
    (-0.5, "\N{MINUS SIGN}0.5"),
    (0.0, "0"),
    (0.5, "+0.5"),
    (1.0, "+1"),
)


@dataclass(frozen=True)
class Bar:
    """Examples of one range of scores; the flagged part stands at the bottom of the bar."""

    x: float
    width: float
    y: float
    height: float
    flagged_height: float
    wrong: bool
    spoken: str


@dataclass(frozen=True)
class Counts:
    """Examples and flagged examples by range of scores over [-1, 1]."""

    edges: NDArray[np.float64]
    total: NDArray[np.int64]
    flagged: NDArray[np.int64]

    @property
    def squeezed(self) -> bool:
        """Whether the bars on the wrong side would be too low to see."""
        wrong = self.total[len(self.total) // 2 :].max(initial=0)
        return bool(0 < wrong < _VISIBLE * self.total.max())


def counts(scores: ArrayLike, flagged: ArrayLike) -> Counts:
    """Count scores in [-1, 1] by range; ranges meet at 0, where right and wrong part."""
    values = np.asarray(scores, dtype=np.float64)
    chosen = np.asarray(flagged, dtype=bool) & np.isfinite(values)
    edges = np.linspace(-1, 1, BINS + 1)
    total = np.histogram(values[np.isfinite(values)], edges)[0]
    return Counts(edges, total, np.histogram(values[chosen], edges)[0])


def histogram(scores: ArrayLike, flagged: ArrayLike) -> "Markup":
    """Bars of the scores; wrongly read and flagged examples are set apart.

    Args:
        scores: shortcut scores in [-1, 1], one per example.
        flagged: whether each example was flagged.
    """
    found = counts(scores, flagged)
    chosen = np.asarray(scores, dtype=np.float64)[np.asarray(flagged, dtype=bool)]
    start = float(chosen.min()) if len(chosen) else math.nan
    drawing = {
        "label": f"Shortcut scores of {count(found.total.sum())} examples, "
        f"{count(found.flagged.sum())} of them flagged",
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "right": WIDTH - RIGHT,
        "top": TOP,
        "floor": HEIGHT - BOTTOM,
        "bars": _bars(found),
        "ticks": _ticks(found),
        "x_ticks": [Tick(_x(value), text) for value, text in _X_TICKS],
        "middle": _x(0),
        "zone": None if math.isnan(start) else _x(start),
    }
    return macro("charts.html.j2", "histogram", drawing)


def _bars(found: Counts) -> list[Bar]:
    bars = []
    for i, (total, flagged) in enumerate(zip(found.total, found.flagged, strict=True)):
        low, high = found.edges[i], found.edges[i + 1]
        height = _height(int(total), found)
        bars.append(
            Bar(
                x=_x(low) + 1,
                width=_x(high) - _x(low) - 2,
                y=HEIGHT - BOTTOM - height,
                height=height,
                flagged_height=height * flagged / total if total else 0.0,
                wrong=bool(high > 1e-9),
                spoken=f"Score {signed(low)} to {signed(high)}: {count(total)} examples, "
                f"{count(flagged)} flagged",
            )
        )
    return [bar for bar in bars if bar.height > 0]


def _height(number: int, found: Counts) -> float:
    """At least a visible line for a range with any example."""
    top = max(int(found.total.max()), 1)
    share = math.sqrt(number / top) if found.squeezed else number / top
    full = HEIGHT - BOTTOM - TOP - _ZONE_LABEL
    return max(full * share, 1.5) if number else 0.0


def _ticks(found: Counts) -> list[Tick]:
    top = max(int(found.total.max()), 1)
    wanted = [top // 16, top // 4, top] if found.squeezed else [top // 4, top // 2, top]
    values = sorted({_rounded(value) for value in wanted} - {0})
    return [Tick(HEIGHT - BOTTOM - _height(value, found), count(value)) for value in values]


def _rounded(value: int) -> int:
    """Down to one leading digit and a half: 1, 1.5, 2, 2.5, ... times a power of ten."""
    if value < 10:
        return value
    step = int(10 ** int(math.log10(value))) // 2
    return value // step * step


def _x(score: float) -> float:
    return round(LEFT + (WIDTH - LEFT - RIGHT) * (float(score) + 1) / 2, 1)
