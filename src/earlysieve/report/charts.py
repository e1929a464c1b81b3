"""Line charts as inline SVG: geometry here, markup in a template."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from earlysieve.errors import InputError
from earlysieve.report.templating import macro
from earlysieve.report.words import cut, decimal, percent

if TYPE_CHECKING:
    from markupsafe import Markup

# Drawn small on purpose: on a phone the page shrinks it little, and its text stays readable.
WIDTH, HEIGHT = 440, 236
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 14, 44
# Generous: on phones the style sheet sets larger letters.
_CHARACTER = 7.6
_LABEL_HEIGHT = 14


@dataclass(frozen=True)
class Series:
    """One line: a name, a value for each position (NaN leaves a hole), a colour of the page.

    `intervals` are lower and upper ends for each position, or none. `tone` is one of "accent",
    "right", "wrong", "muted". Every second line of a chart is dashed and has square marks, so that
    colour is never all that tells lines apart.
    """

    name: str
    values: Sequence[float]
    tone: str = "accent"
    intervals: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True)
class Mark:
    """One value in the drawing, where its text stands, and the ends of its interval, if any."""

    series: int
    x: float
    y: float
    text: str
    text_y: float
    ends: tuple[float, float] | None = None


@dataclass(frozen=True)
class Column:
    """One position on the x axis with everything above it."""

    x: float
    left: float
    width: float
    tick: str
    spoken: str
    chosen: bool
    anchor: str
    marks: list[Mark]


@dataclass(frozen=True)
class Tick:
    """A place on an axis."""

    at: float
    text: str


@dataclass(frozen=True)
class Scale:
    """From values to heights in the drawing."""

    low: float
    high: float
    write: Callable[[float], str]

    def y(self, value: float) -> float:
        """The height of a value, in units of the drawing."""
        share = (value - self.low) / (self.high - self.low)
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - share), 1)

    def ticks(self) -> list[Tick]:
        """Five lines from the bottom to the top."""
        values = [self.low + (self.high - self.low) * i / 4 for i in range(5)]
        return [Tick(self.y(value), self.write(value)) for value in values]


def line_chart(
    label: str,
    positions: Sequence[str],
    series: Sequence[Series],
    *,
    x_label: str = "",
    chosen: int | None = None,
    reference: tuple[str, float] | None = None,
    as_percent: bool = True,
    write: Callable[[float], str] | None = None,
    y_range: tuple[float, float] | None = (0.0, 1.0),
) -> "Markup":
    """Lines over named positions, with the values of each position on hover and focus.

    Args:
        label: what the chart shows, spoken by screen readers.
        positions: names along the x axis.
        series: one or two lines, or more with less to tell them apart.
        x_label: under the x axis.
        chosen: a position to stress, with its values always visible.
        reference: name and height of a horizontal line.
        as_percent: write values as percentages, else as decimals.
        write: another way to write values.
        y_range: limits of the y axis; None takes them from the values.

    Raises:
        InputError: a line has not one value for each position.
    """
    _check(positions, series)
    positions = [cut(name) for name in positions]
    series = [replace(line, name=cut(line.name)) for line in series]
    low, high = y_range or _limits(series)
    scale = Scale(low, high, write or (percent if as_percent else decimal))
    columns = _columns(positions, series, chosen, scale)
    line = None if reference is None or math.isnan(reference[1]) else reference
    drawing = {
        "label": label,
        "x_label": x_label,
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "right": WIDTH - RIGHT,
        "top": TOP,
        "floor": HEIGHT - BOTTOM,
        "ticks": scale.ticks(),
        "columns": columns,
        "lines": [(one, _path(columns, i)) for i, one in enumerate(series)],
        "reference": line and Tick(scale.y(line[1]), f"{line[0]}: {scale.write(line[1])}"),
    }
    return macro("charts.html.j2", "line_chart", drawing)


def _columns(
    positions: Sequence[str], series: Sequence[Series], chosen: int | None, scale: Scale
) -> list[Column]:
    slot = (WIDTH - LEFT - RIGHT) / len(positions)
    ticks = _tick_texts(positions, slot)
    return [
        Column(
            x=round(LEFT + slot * (i + 0.5), 1),
            left=round(LEFT + slot * i, 1),
            width=round(slot, 1),
            tick=ticks[i],
            spoken=_spoken(positions[i], series, i, scale),
            chosen=i == chosen,
            anchor=_anchor(i, len(positions)),
            marks=_marks(series, i, LEFT + slot * (i + 0.5), scale),
        )
        for i in range(len(positions))
    ]


def _anchor(i: int, count: int) -> str:
    """Texts of crowded charts grow inwards at the edges, where there is room."""
    if count <= 6 or 0 < i < count - 1:
        return "middle"
    return "start" if i == 0 else "end"


def _marks(series: Sequence[Series], i: int, x: float, scale: Scale) -> list[Mark]:
    """Values of one position, each text above its mark or below, away from the other line."""
    known = [(n, float(line.values[i])) for n, line in enumerate(series)]
    known = [(n, value) for n, value in known if math.isfinite(value)]
    lowest = min(known, key=lambda pair: pair[1], default=None)
    marks = []
    for pair in known:
        y = scale.y(pair[1])
        below = (len(known) > 1 and pair == lowest) or y < TOP + _LABEL_HEIGHT
        if y > HEIGHT - BOTTOM - _LABEL_HEIGHT - 4:
            below = False
        text_y = y + _LABEL_HEIGHT + 5 if below else y - 9
        ends = _ends(series[pair[0]], i, scale)
        marks.append(Mark(pair[0], round(x, 1), y, scale.write(pair[1]), round(text_y, 1), ends))
    return marks


def _ends(line: Series, i: int, scale: Scale) -> tuple[float, float] | None:
    if not line.intervals:
        return None
    low, high = line.intervals[i]
    return (scale.y(low), scale.y(high)) if math.isfinite(low + high) else None


def _path(columns: list[Column], series: int) -> str:
    """Line segments through the marks of one series; a missing value interrupts it."""
    parts, pen_down = [], False
    for column in columns:
        mark = next((mark for mark in column.marks if mark.series == series), None)
        if mark is not None:
            parts.append(f"{'L' if pen_down else 'M'}{mark.x} {mark.y}")
        pen_down = mark is not None
    return " ".join(parts)


def _tick_texts(positions: Sequence[str], slot: float) -> list[str]:
    """The names where all fit, else numbers, thinned out where even these do not."""
    if max(len(name) for name in positions) * _CHARACTER <= slot:
        return list(positions)
    every = math.ceil(24 / slot)
    return [str(i + 1) if i % every == 0 else "" for i in range(len(positions))]


def _spoken(position: str, series: Sequence[Series], i: int, scale: Scale) -> str:
    return f"{position}: {', '.join(_value(line, i, scale) for line in series)}"


def _value(line: Series, i: int, scale: Scale) -> str:
    value = f"{line.name} {scale.write(float(line.values[i]))}"
    low, high = line.intervals[i] if line.intervals else (math.nan, math.nan)
    if not math.isfinite(low + high):
        return value
    return f"{value} ({scale.write(low)} to {scale.write(high)})"


def _limits(series: Sequence[Series]) -> tuple[float, float]:
    values = [float(v) for line in series for v in line.values if math.isfinite(float(v))]
    low, high = min(values, default=0.0), max(values, default=1.0)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _check(positions: Sequence[str], series: Sequence[Series]) -> None:
    for line in series:
        if line.intervals and len(line.intervals) != len(positions):
            raise InputError(
                f"Expected {len(positions)} intervals for the line '{line.name}', or none, but got "
                f"{len(line.intervals)}; give one for each position"
            )
        if len(line.values) != len(positions) or not positions:
            raise InputError(
                f"Expected {len(positions)} values for the line '{line.name}', at least one, but "
                f"got {len(line.values)}; give one value for each position"
            )
