"""An audit's figures for notebooks and papers: each is drawn into matplotlib axes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from earlysieve._imports import need
from earlysieve.errors import InputError
from earlysieve.report.audit_view import ReportData
from earlysieve.report.histogram import BINS
from earlysieve.report.piles import FLAGGED, PILES, pile_numbers
from earlysieve.report.words import as_float, cut, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ACCENT, _RIGHT, _WRONG, _GREY, _PALE = "#17566f", "#2a6db0", "#b9500a", "#8a8f98", "#cfd3d8"
_OF_PILES = {
    "shortcut fails": _WRONG,
    "misled": _WRONG,
    "label doubtful": "#7a3f9a",
    "rare or hard": "#5b6673",
}
_HATCHES = {
    "shortcut fails": "///",
    "misled": "///",
    "label doubtful": "...",
    "rare or hard": "xxx",
}
_PER_GROUP = 0.34  # inches


@dataclass(frozen=True)
class AuditPlots:
    """The figures of one audit: `result.plot.layers()`, `scores()` and `groups()`.

    Each takes axes to draw into, or makes a figure of its own with pyplot, which a notebook shows,
    and returns the axes. They need matplotlib, of the extra `report`.
    """

    data: ReportData

    def layers(self, ax: "Axes | None" = None) -> "Axes":
        """What a readout of each layer tells, and how sure it is where it is wrong and right.

        Accuracy and mean margins in [0, 1] over the layers from input to output; the layer whose
        readout flags examples is marked, a dashed line is the accuracy of the whole model.

        Raises:
            MissingDependencyError: matplotlib is not installed.
        """
        table, summary = self.data.layers, self.data.summary
        axes = _axes(ax)
        names = [cut(name) for name in table["layer"]]
        places = range(len(names))
        for column, label, colour, style in (
            ("accuracy", "accuracy of the readout", _ACCENT, "o-"),
            ("margin_on_errors", "margin where it is wrong", _WRONG, "s--"),
            ("margin_on_correct", "margin where it is right", _RIGHT, "^:"),
        ):
            axes.plot(places, table[column].to_numpy(float), style, color=colour, label=label)
        if np.isfinite(summary.accuracy):
            axes.axhline(
                summary.accuracy, color=_GREY, linestyle="--", linewidth=1, label="whole model"
            )
        if summary.layer in names:
            at = names.index(summary.layer)
            axes.axvspan(
                at - 0.5, at + 0.5, color=_PALE, alpha=0.5, zorder=0, label="layer that flags"
            )
        crowded = sum(map(len, names)) > 48
        axes.set_xticks(
            list(places), names, rotation=40 if crowded else 0, ha="right" if crowded else "center"
        )
        axes.set_xlim(-0.5, len(names) - 0.5)
        axes.set_ylim(-0.03, 1.03)
        axes.set_ylabel("accuracy, margin")
        axes.set_xlabel("layer, from the input to the output")
        axes.legend(frameon=False, fontsize="small")
        return axes

    def scores(self, ax: "Axes | None" = None) -> "Axes":
        """How the shortcut scores are spread, from -1 (label told) to +1 (label contradicted).

        Piles stand out, or flagged examples where there are no piles. Counts grow by their
        logarithm, so that rare examples stay visible.

        Raises:
            MissingDependencyError: matplotlib is not installed.
        """
        examples, axes = self.data.examples, _axes(ax)
        scores = examples["shortcut_score"].to_numpy(float)
        numbers = pile_numbers(self.data)
        if numbers is None:
            parts = [(FLAGGED.role, _WRONG, "///", examples["flagged"].to_numpy(bool))]
        else:
            parts = [
                (role, _OF_PILES[role], _HATCHES[role], numbers == number)
                for number, role in enumerate(PILES)
            ]
        bins = np.linspace(-1, 1, BINS + 1).tolist()
        axes.hist(scores, bins=bins, color=_PALE, label="all examples")
        for role, colour, hatch, mine in parts:
            if mine.any():
                axes.hist(
                    scores[mine], bins=bins, histtype="step", color=colour, hatch=hatch, label=role
                )
        axes.set_yscale("symlog", linthresh=1)
        axes.axvline(0, color=_GREY, linewidth=1)
        axes.set_xlabel("shortcut score: readers contradict the label from 0 on")
        axes.set_ylabel("examples")
        axes.legend(frameon=False, fontsize="small")
        return axes

    def groups(self, ax: "Axes | None" = None) -> "Axes":
        """Accuracy by group with 95% Wilson intervals, the worst at the top; dashed: the average.

        Raises:
            InputError: no group of the data is known.
            MissingDependencyError: matplotlib is not installed.
        """
        groups = self.data.groups
        if groups is None:
            raise InputError(
                "Expected an audit whose data name groups, but no group is known; audit data with "
                "groups, as (x, y, group), or plot scores() and layers()"
            )
        others = groups.table["group"] != groups.worst_group
        table = groups.table.assign(others=others).sort_values(
            ["accuracy", "others"], ascending=False, kind="stable"
        )
        axes = _axes(ax, height=1.2 + _PER_GROUP * len(table))
        middle, low, high = (table[name].to_numpy(float) for name in ("accuracy", "low", "high"))
        places = np.arange(len(table))
        ends = np.nan_to_num(np.stack([middle - low, high - middle]), nan=0.0).clip(0)
        worst = table["group"].to_numpy() == groups.worst_group
        for mine, colour in ((~worst, _ACCENT), (worst, _WRONG)):
            axes.errorbar(
                middle[mine], places[mine], xerr=ends[:, mine], fmt="o", color=colour, capsize=3
            )
        axes.axvline(groups.average, color=_GREY, linestyle="--", linewidth=1)
        axes.set_yticks(places, [_group_name(row) for row in table.to_dict("records")])
        axes.set_ylim(-0.6, len(table) - 0.4)
        axes.set_xlim(-0.03, 1.03)
        axes.set_xlabel(f"accuracy; dashed: the average, {percent(groups.average)}")
        return axes


def _group_name(row: dict[Any, Any]) -> str:
    return f"{cut(row['name'])} ({int(as_float(row['n'])):,})"


def _axes(given: "Axes | None", height: float = 3.6) -> "Axes":
    if given is not None:
        return given
    pyplot = need("matplotlib.pyplot", extra="report")
    _, axes = pyplot.subplots(figsize=(6.8, height), layout="constrained")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    made: Axes = axes
    return made
