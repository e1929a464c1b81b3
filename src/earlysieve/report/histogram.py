"""How the shortcut scores of all examples are spread, as inline SVG."""

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from earlysieve.report.charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Tick
from earlysieve.report.piles import FLAGGED, PILES, Kind
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
class Part:
    """A part of a bar whose examples are told apart: flagged, or of one pile."""

    slug: str
    y: float
    height: float


@dataclass(frozen=True)
class Bar:
    """Examples of one range of scores; parts stand at the bottom of the bar, one upon another."""

    x: float
    width: float
    y: float
    height: float
    parts: list[Part]
    wrong: bool
    spoken: str


@dataclass(frozen=True)
class Counts:
    """Examples by range of scores over [-1, 1], and those that are told apart, by what they are.

    `parts` has one row for each of `kinds`.
    """

    edges: NDArray[np.float64]
    total: NDArray[np.int64]
    parts: NDArray[np.int64]
    kinds: list[Kind]

    @property
    def squeezed(self) -> bool:
        """Whether the bars on the wrong side would be too low to see."""
        wrong = self.total[len(self.total) // 2 :].max(initial=0)
        return bool(0 < wrong < _VISIBLE * self.total.max())


def counts(scores: ArrayLike, flagged: ArrayLike, piles: NDArray[np.int64] | None = None) -> Counts:
    """Count scores in [-1, 1] by range; ranges meet at 0, where right and wrong part."""
    values = np.asarray(scores, dtype=np.float64)
    known = np.isfinite(values)
    edges = np.linspace(-1, 1, BINS + 1)
    total = np.histogram(values[known], edges)[0]
    if piles is None:
        kinds, chosen = [FLAGGED], [np.asarray(flagged, dtype=bool)]
    else:
        kinds = list(PILES.values())
        chosen = [piles == number for number in range(len(kinds))]
    parts = [np.histogram(values[known & rows], edges)[0] for rows in chosen]
    return Counts(edges, total, np.stack(parts), kinds)


def histogram(
    scores: ArrayLike, flagged: ArrayLike, piles: NDArray[np.int64] | None = None
) -> "Markup":
    """Bars of the scores; wrongly read examples, and piles or flagged ones, are set apart.

    Args:
        scores: shortcut scores in [-1, 1], one per example.
        flagged: whether each example was flagged.
        piles: the position of each example's pile in `PILES`, -1 for none; None where there are
            no piles, and flagged examples are set apart.
    """
    found = counts(scores, flagged, piles)
    chosen = np.asarray(scores, dtype=np.float64)[np.asarray(flagged, dtype=bool)]
    start = float(chosen.min()) if len(chosen) and piles is None else math.nan
    drawing = {
        "label": f"Shortcut scores of {count(found.total.sum())} examples{_of_them(found)}",
        "kinds": [
            kind
            for kind, numbers in zip(found.kinds, found.parts, strict=True)
            if piles is None or numbers.any()
        ],
        "piled": piles is not None,
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


def _of_them(found: Counts, of_them: str = " of them") -> str:
    """How many of each kind, as ", 3 of them flagged"; piles that are empty are left out."""
    sums = found.parts if found.parts.ndim == 1 else found.parts.sum(1)
    told = [
        f"{count(number)}{of_them} {kind.role}"
        for kind, number in zip(found.kinds, sums, strict=True)
        if number or kind is FLAGGED
    ]
    return "".join(f", {text}" for text in told)


def _bars(found: Counts) -> list[Bar]:
    bars = []
    for i, total in enumerate(found.total):
        low, high = found.edges[i], found.edges[i + 1]
        height = _height(int(total), found)
        bars.append(
            Bar(
                x=_x(low) + 1,
                width=_x(high) - _x(low) - 2,
                y=HEIGHT - BOTTOM - height,
                height=height,
                parts=_parts(found, i, height),
                wrong=bool(high > 1e-9),
                spoken=f"Score {signed(low)} to {signed(high)}: {count(total)} examples"
                + _of_them(replace(found, parts=found.parts[:, i]), ""),
            )
        )
    return [bar for bar in bars if bar.height > 0]


def _parts(found: Counts, i: int, height: float) -> list[Part]:
    """From the floor upwards."""
    parts, floor = [], float(HEIGHT - BOTTOM)
    for kind, number in zip(found.kinds, found.parts[:, i], strict=True):
        if number:
            mine = height * int(number) / int(found.total[i])
            floor -= mine
            parts.append(Part(kind.slug, floor, mine))
    return parts


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
