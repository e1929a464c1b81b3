"""Plots: what a method gains over plain training, what it costs, and where the cue lies."""

import io
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from earlysieve._imports import need
from earlysieve.benchmarking.lines import seeds_of
from earlysieve.report.sections import Tile

if TYPE_CHECKING:
    from earlysieve.benchmarking.lines import Line

_WIDE, _DPI = 8.0, 130
_GREY, _BLUE, _ORANGE = "#8a8f98", "#2563c9", "#b9500a"
_STEPS = (4, -11, 16, -23)  # heights of names in turn, so that neighbours can be read
_COLOURS = {"average": _GREY, "worst_group": _BLUE, "worst_class": _ORANGE}


def plots_of(lines: Sequence["Line"]) -> list[Tile]:
    """The plots for which there are figures.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    compared = [line for line in lines if line.differences]
    costed = [line for line in lines if line.figures and not math.isnan(line.cost)]
    found = [gains(compared)] if compared else []
    return [*found, costs(costed)] if len(costed) > 1 else found


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


def costs(lines: Sequence["Line"]) -> Tile:
    """Accuracy in the worst group, or class, against cost."""
    name = _worst(lines)
    figure, axes = _axes(3.6)
    shown = [(line, line.figures[name]) for line in lines if name in line.figures]
    for k, (line, one) in enumerate(sorted(shown, key=lambda pair: pair[0].cost)):
        colour = _GREY if line.name == "erm" else _BLUE
        axes.scatter(line.cost, one.mean, color=colour, s=34, zorder=3)
        if not math.isnan(one.low):
            ends = [max(one.low, 0), min(one.high, 1)]
            axes.plot([line.cost] * 2, ends, color=colour, alpha=0.5, linewidth=1)
        place, beside = (line.cost, one.mean), (5, _STEPS[k % len(_STEPS)])
        axes.annotate(_named(line), place, beside, textcoords="offset points", fontsize=8)
    axes.set_xlabel("time relative to erm, that of what a method needs included")
    axes.set_ylabel(_words(name))
    axes.margins(x=0.2, y=0.25)  # names beside points stay within
    told = ", ".join(f"{_named(line)} {one.mean:.3f} at {line.cost:.1f}" for line, one in shown)
    alt = f"The {_words(name)} of each method against its cost: {told}"
    return _tile(figure, alt, "What a method costs; line: 95% t-interval over seeds")


def gains_by_depth(lines: Sequence["Line"], depths: Mapping[str, float]) -> Tile:
    """Each method minus plain training against the depth at which the cue is read.

    Args:
        lines: of all data sets.
        depths: of each data set that is shown, as shares of the layers.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    name = _worst(lines)
    found = [line for line in lines if line.data in depths and name in line.differences]
    methods = list(dict.fromkeys(line.name for line in found))
    figure, axes = _axes(3.6)
    for k, method in enumerate(methods):
        own = sorted(
            (depths[line.data] + 0.01 * (k - (len(methods) - 1) / 2), line.differences[name].mean)
            for line in found
            if line.name == method
        )
        axes.plot(*zip(*own, strict=True), "o", markersize=5, label=method)
    axes.axhline(0, color="#20242a", linewidth=0.8)
    for k, (data, depth) in enumerate(depths.items()):
        beside = (0, 4 + 10 * (k % 2))
        place = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points"}
        axes.annotate(data, (depth, 1.0), beside, ha="center", fontsize=8, **place)
    axes.set_xlim(0, 1.05)
    axes.set_xlabel("depth at which an early readout reads the cue, as a share of the layers")
    axes.set_ylabel(f"{_words(name)} minus erm")
    axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    told = ", ".join(
        f"{line.name} on {line.data} {line.differences[name].mean:+.3f} at {depths[line.data]:.2f}"
        for line in found
    )
    alt = f"Each method minus erm, {_words(name)}, by depth of the cue: {told}"
    return _tile(figure, alt, "Gain by depth of the cue; means over seeds")


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
