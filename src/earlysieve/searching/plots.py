"""Plots of a search: what was found when, what mattered, and which settings went together."""

import io
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from earlysieve._imports import need
from earlysieve.report.sections import Tile
from earlysieve.searching.storage import import_optuna, quiet_optuna

if TYPE_CHECKING:
    import optuna

    from earlysieve.searching.result import TrialRow

_SIZE, _DPI = (8.0, 3.6), 130
_GREY, _BLUE, _RED = "#8a8f98", "#2563c9", "#b3261e"
_LONGEST = 18  # letters of a tick
_FEWEST = 4  # trials by which the importance of settings is told


def plots_of(rows: Sequence["TrialRow"], study: "optuna.Study", select: str) -> list[Tile]:
    """The plots for which there are enough trials.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    found = [progress(rows, select)]
    importance = importances(study)
    if importance:
        found.append(bars(importance))
    scored = [row for row in rows if row.values and row.score is not None]
    if len(scored) >= 2:
        found.append(parallel(scored, select))
    return found


def importances(study: "optuna.Study") -> dict[str, float]:
    """How much each setting matters for the score, in sum 1; empty with too few trials.

    Trial 0 has no settings, and is left out.
    """
    optuna = import_optuna()
    done = [t for t in study.get_trials() if t.state.name == "COMPLETE" and t.params]
    if len(done) < _FEWEST or len({trial.value for trial in done}) < 2:
        return {}
    with quiet_optuna():
        bare = optuna.create_study(direction="maximize")
        bare.add_trials(done)
        found: dict[str, float] = optuna.importance.get_param_importances(bare)
    return {name: share for name, share in found.items() if math.isfinite(share)}


def no_importances(rows: Sequence["TrialRow"]) -> str:
    """Why there is no plot of what mattered, in one sentence; empty where there is one."""
    scores = [row.score for row in rows if row.state == "complete" and row.values]
    if len(scores) < _FEWEST:
        return (
            f"Which settings matter can be told from {_FEWEST} complete trials beside trial 0 on; "
            f"here {'is' if len(scores) == 1 else 'are'} {len(scores)}."
        )
    if len(set(scores)) < 2:
        return "Which settings matter cannot be told: all complete trials score alike."
    return ""


def progress(rows: Sequence["TrialRow"], select: str) -> Tile:
    """The score of each trial, and the best so far."""
    figure, axes = _axes()
    marks = {"complete": ("o", _BLUE), "pruned": ("x", _GREY)}
    for state, (mark, colour) in marks.items():
        points = [(r.place, r.score) for r in rows if r.state == state and r.score is not None]
        if points:
            axes.scatter(*zip(*points, strict=True), marker=mark, color=colour, label=state, s=28)
    done = [(r.place, r.score) for r in rows if r.state == "complete" and r.score is not None]
    best = [max(score for _, score in done[: k + 1]) for k in range(len(done))]
    axes.step([place for place, _ in done], best, where="post", color=_BLUE, label="best so far")
    plain = next((r.score for r in rows if r.place == 0 and r.score is not None), None)
    if plain is not None:
        axes.axhline(plain, color=_RED, linestyle="--", label="plain (trial 0)")
    axes.set_xlabel("trial")
    axes.locator_params(axis="x", integer=True)
    axes.set_ylabel(select.replace("_", " "))
    axes.legend(frameon=False, fontsize=8)
    return _tile(figure, f"The {select} of each trial and the best so far", "Trials in their order")


def bars(importance: Mapping[str, float]) -> Tile:
    """How much each setting matters."""
    figure, axes = _axes()
    names = list(importance)[::-1]
    axes.barh(names, [importance[name] for name in names], color=_BLUE)
    axes.set_xlabel("share of the importance (PED-ANOVA)")
    told = ", ".join(f"{name} {share:.0%}" for name, share in importance.items())
    return _tile(figure, f"How much each setting matters: {told}", "Which settings matter")


def parallel(rows: Sequence["TrialRow"], select: str) -> Tile:
    """One line per trial through its settings, from grey (low score) to blue (high)."""
    figure, axes = _axes()
    names = list(dict.fromkeys(name for row in rows for name in row.values))
    heights = {name: _heights([row.values.get(name) for row in rows]) for name in names}
    scores, _ = _heights([row.score for row in rows])
    for k in sorted(range(len(rows)), key=lambda k: scores[k]):
        line = [heights[name][0][k] for name in names] + [scores[k]]
        axes.plot(line, color=_mixed(scores[k]), alpha=0.8, linewidth=1.2)
    for position, name in enumerate(names):
        axes.axvline(position, color=_GREY, linewidth=0.6)
        for height, text in heights[name][1]:
            axes.text(position, height, text[:_LONGEST], fontsize=7, va="center", clip_on=True)
    axes.set_xticks(range(len(names) + 1), [*names, select.replace("_", " ")], fontsize=8)
    axes.set_yticks([])
    axes.set_xlim(-0.1, len(names) + 0.1)
    return _tile(
        figure,
        f"Settings of each trial and its {select}",
        "Settings that went together; blue: better",
    )


def _heights(values: Sequence[Any]) -> tuple[list[float], list[tuple[float, str]]]:
    """Places of values in [0, 1], and what is written where; ranges over decades by logarithm."""
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(numbers) < len([v for v in values if v is not None]):
        kinds = sorted({str(v) for v in values if v is not None})
        at = {kind: (k + 0.5) / len(kinds) for k, kind in enumerate(kinds)}
        return [at.get(str(v), math.nan) for v in values], [(at[kind], kind) for kind in kinds]
    low, high = min(numbers), max(numbers)
    log = low > 0 and high / low > 20
    scale = math.log if log else float
    width = scale(high) - scale(low) or 1.0
    places = [math.nan if v is None else (scale(v) - scale(low)) / width for v in values]
    return places, [(0.0, f"{low:.3g}"), (1.0, f"{high:.3g}")]


def _mixed(share: float) -> tuple[float, float, float]:
    low, high = (0.80, 0.82, 0.85), (0.10, 0.32, 0.75)
    return (
        low[0] + share * (high[0] - low[0]),
        low[1] + share * (high[1] - low[1]),
        low[2] + share * (high[2] - low[2]),
    )


def _axes() -> tuple[Any, Any]:
    figure = need("matplotlib.figure", extra="search").Figure(figsize=_SIZE, layout="tight")
    axes = figure.subplots()
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure, axes


def _tile(figure: Any, alt: str, caption: str) -> Tile:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=_DPI)
    return Tile(stream.getvalue(), alt, caption)
