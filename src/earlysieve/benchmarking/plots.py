"""Plots: what a method gains over plain training, what it costs, and where the cue lies."""

import io
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from earlysieve._imports import need
from earlysieve.benchmarking.drawn import legend_of, marks_of, point
from earlysieve.benchmarking.lines import seeds_of
from earlysieve.report.sections import Tile

if TYPE_CHECKING:
    from earlysieve.benchmarking.depth import Depth
    from earlysieve.benchmarking.lines import Line

_WIDE, _DPI = 8.0, 130
_GREY, _BLUE, _ORANGE = "#8a8f98", "#2563c9", "#b9500a"
_COLOURS = {"average": _GREY, "worst_group": _BLUE, "worst_class": _ORANGE}


def plots_of(lines: Sequence["Line"], methods: Sequence[str] = ()) -> list[Tile]:
    """The plots for which there are figures.

    Args:
        lines: of one data set.
        methods: see `costs`.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    compared = [line for line in lines if line.differences]
    costed = [line for line in lines if line.figures and not math.isnan(line.cost)]
    found = [gains(compared)] if compared else []
    return [*found, costs(costed, methods)] if len(costed) > 1 else found


def gains(lines: Sequence["Line"]) -> Tile:
    """Bars of each method minus plain training, with intervals over seeds."""
    names = [_worst(lines), "average"]
    figure, axes = _axes(0.9 + 0.5 * len(lines))
    height = 0.38
    for k, name in enumerate(names):
        for row, line in enumerate(lines):
            one = line.differences.get(name)
            if one is None:
                continue
            y = row + (k - 0.5) * height
            axes.barh(y, one.mean, height * 0.92, color=_COLOURS[name], label=_label(name, row))
            if not math.isnan(one.low):
                ends = [max(one.low, -1), min(one.high, 1)]  # no difference is larger
                axes.plot(ends, [y, y], color="#20242a", linewidth=1.1)
    axes.axvline(0, color="#20242a", linewidth=0.8)
    axes.set_yticks(range(len(lines)), [_named(line) for line in lines])
    axes.invert_yaxis()
    axes.set_xlabel("minus erm, in shares of the test data; line: 95% t-interval over seeds")
    axes.legend(frameon=False, fontsize=8)
    told = ", ".join(
        f"{_named(line)} {line.differences[names[0]].mean:+.3f}"
        for line in lines
        if names[0] in line.differences
    )
    alt = f"Each method minus erm, {_words(names[0])}: {told}"
    return _tile(figure, alt, "Each method minus plain training, seed by seed")


def costs(lines: Sequence["Line"], methods: Sequence[str] = ()) -> Tile:
    """Accuracy in the worst group, or class, against cost.

    Args:
        lines: of one data set.
        methods: all of the page, whose marks are the same everywhere; by default those of `lines`.
    """
    name = _worst(lines)
    shown = [(line, line.figures[name]) for line in lines if name in line.figures]
    told = ", ".join(f"{_named(line)} {one.mean:.3f} at {line.cost:.1f}" for line, one in shown)
    alt = f"The {_words(name)} of each method against its cost: {told}"
    figure = costs_figure(lines, methods)
    return _tile(figure, alt, "What a method costs; line: 95% t-interval over seeds")


def costs_figure(lines: Sequence["Line"], methods: Sequence[str] = ()) -> Any:
    """As `costs`, as a figure of matplotlib: a mark for each method, named beside the plot."""
    name = _worst(lines)
    marks = marks_of(methods or [line.name for line in lines])
    figure, axes = _axes(3.6)
    shown = [(line, line.figures[name]) for line in lines if name in line.figures]
    for line, one in shown:
        point(axes, line.cost, one, marks[line.name], _named(line), within=(0, 1))
    axes.set_xlabel("time relative to erm, that of what a method needs included")
    axes.set_ylabel(_words(name))
    axes.margins(x=0.08, y=0.1)
    low, high = axes.get_ylim()
    axes.set_ylim(max(low, -0.03), min(high, 1.03))
    legend_of(axes)
    return figure


def gains_by_depth(lines: Sequence["Line"], depths: Mapping[str, "Depth"]) -> list[Tile]:
    """Each method minus plain training, data sets in the order of depth at which the cue is read.

    Args:
        lines: of all data sets.
        depths: of the data sets that are shown, each known.

    Returns:
        A plot of the data sets with groups, and one of those without; those there are.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    names = {data: _worst([line for line in lines if line.data == data]) for data in depths}
    found = []
    for name in dict.fromkeys(names.values()):
        shown = {data: one for data, one in depths.items() if names[data] == name}
        compared = [line for line in lines if line.data in shown and name in line.differences]
        if not compared:
            continue
        told = ", ".join(
            f"{line.name} on {line.data} {line.differences[name].mean:+.3f} at "
            f"{shown[line.data].share:.2f}"
            for line in compared
        )
        alt = f"Each method minus erm, {_words(name)}, by depth of the cue: {told}"
        figure = depth_figure(compared, shown, [line.name for line in lines])
        caption = (
            "Gain by depth of the cue, each data set by itself; line: 95% t-interval over seeds"
        )
        found.append(_tile(figure, alt, caption))
    return found


def depth_figure(
    lines: Sequence["Line"], depths: Mapping[str, "Depth"], methods: Sequence[str]
) -> Any:
    """A figure of matplotlib: a column for each data set, a mark in it for each method."""
    name, marks = _worst(lines), marks_of(methods)
    there = {line.data for line in lines}
    order = sorted((data for data in depths if data in there), key=lambda d: depths[d].share or 0)
    own = list(dict.fromkeys(line.name for line in lines))
    figure, axes = _axes(3.9)
    for line in lines:
        beside = (own.index(line.name) - (len(own) - 1) / 2) * 0.7 / len(own)
        label = line.name if line.name not in axes.get_legend_handles_labels()[1] else "_again"
        x = order.index(line.data) + beside
        point(axes, x, line.differences[name], marks[line.name], label, within=(-1, 1))
    for k in range(1, len(order)):
        axes.axvline(k - 0.5, color="#d5d8dd", linewidth=0.8)
    axes.axhline(0, color="#20242a", linewidth=0.8)
    axes.set_xlim(-0.5, len(order) - 0.5)
    axes.set_xticks(range(len(order)), [f"{d}\n{depths[d].words}" for d in order], fontsize=8)
    axes.set_xlabel("depth at which an early readout reads the cue, as a share of the layers")
    axes.set_ylabel(f"{_words(name)} minus erm")
    legend_of(axes)
    return figure


def _worst(lines: Sequence["Line"]) -> str:
    return "worst_group" if any("worst_group" in line.figures for line in lines) else "worst_class"


def _named(line: "Line") -> str:
    """The method, with how many of its seeds are finished where others failed."""
    return f"{line.name} ({seeds_of(line)} seeds)" if line.failed else line.name


def _label(name: str, row: int) -> str:
    return _words(name) if row == 0 else "_nolegend_"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _axes(height: float) -> tuple[Any, Any]:
    figures = need("matplotlib.figure", extra="benchmark")
    figure = figures.Figure(figsize=(_WIDE, height), layout="tight")
    axes = figure.subplots()
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure, axes


def _tile(figure: Any, alt: str, caption: str) -> Tile:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=_DPI)
    return Tile(stream.getvalue(), alt, caption)
