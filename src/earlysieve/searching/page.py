"""What came of a search, as one page that needs nothing but a browser."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from earlysieve.report.plain_page import plot, render_plain
from earlysieve.report.sections import Section, Tile, paragraph, table
from earlysieve.searching.plots import no_importances
from earlysieve.searching.result import SearchResult, TrialRow, interval_text, settings_text

if TYPE_CHECKING:
    from earlysieve.groups.over_seeds import OverSeeds
    from earlysieve.searching.again import Again
    from earlysieve.training import TrainConfig

PAGE_NAME = "page.html"


def render_search(result: SearchResult, plots: Sequence[Tile], config: "TrainConfig") -> str:
    """The page as a string.

    Raises:
        MissingDependencyError: Jinja2 is not installed.
    """
    stays = result.best is None
    headline = (
        "Plain training stays: no trial is better by more than chance."
        if stays
        else f"Trial {result.chosen} is chosen over the plain method."
    )
    return render_plain(
        "search",
        headline,
        [_figures(result), _plots(plots, result), _trials(result), _help(result)],
        lead=[result.explanation],
        subject=[("method", config.method), ("model", config.model), ("data", config.data)],
    )


# Figures that rules negate so that larger is better.
_LABELS = {"loss": "minus loss", "class_difference": "minus class difference"}


def figure_rows(result: SearchResult) -> tuple[list[str], list[list[str]]]:
    """Heads and rows of the figures with fresh seeds."""
    shown = _shown(result)
    heads = ["validation", *(one.name for one in shown)]
    heads += ["difference"] if result.difference else []
    rows = []
    for name in result.plain.means:
        if name == "flip_rate":  # larger is worse for what people want of these models
            continue
        label = _LABELS.get(name, name.replace("_", " "))
        row = [label, *(interval_text(one.means.get(name)) for one in shown)]
        rows.append(
            row + ([interval_text(result.difference.get(name))] if result.difference else [])
        )
    return heads, rows


def of_the_smallest_group(result: SearchResult) -> str:
    """How few examples the worst group may have; empty where no groups are known."""
    if result.plain.smallest_group is None:
        return ""
    name, number = result.plain.smallest_group
    return (
        f"The smallest group of validation examples, '{name}', has {number} over these seeds: the "
        "figure of the worst group may rest on as few."
    )


def _shown(result: SearchResult) -> "list[Again]":
    return [one for one in (result.plain, result.best) if one is not None]


def _leaves_shares(name: str, means: "Mapping[str, OverSeeds]") -> bool:
    """Whether the interval of a share has an end that no share can have."""
    one = means[name]
    return name not in _LABELS and one.seeds > 1 and (one.low < 0 or one.high > 1)


def _figures(result: SearchResult) -> Section:
    heads, rows = figure_rows(result)
    seeds = len(result.plain.figures)
    caption = f"{seeds} fresh seed{'s' if seeds != 1 else ''}: mean and 95% t-interval"
    if any(_leaves_shares(name, one.means) for one in _shown(result) for name in one.means):
        caption += (
            ". So few seeds give wide ones, which may leave [0, 1] where a share cannot: read them "
            "up to there"
        )
    numeric = range(1, len(heads))
    text = (
        "Both were trained again with seeds that the search had not used. Only these figures count."
    )
    if result.best is None:
        text = (
            "The plain method was trained again with seeds that the search had not used. Only "
            "these figures count."
        )
    few = of_the_smallest_group(result)
    pieces = [paragraph(text), table(heads, rows, caption=caption, numeric=numeric)]
    pieces += [paragraph(few)] if few else []
    return Section("figures", "What came of it", pieces)


def _plots(plots: Sequence[Tile], result: SearchResult) -> Section:
    why = no_importances(result.trials)
    missing = [paragraph(why)] if why else []
    return Section("plots", "The search", [*(plot(tile) for tile in plots), *missing])


def _trials(result: SearchResult) -> Section:
    ordered = sorted(result.trials, key=_order)
    rows = [
        [
            str(row.place),
            row.state,
            "-" if row.score is None else f"{row.score:.3f}",
            settings_text(row.values) or "plain",
            row.why or "-",
        ]
        for row in ordered
    ]
    stressed = next(k for k, row in enumerate(ordered) if row.place == result.chosen)
    heads = ["trial", "state", result.select.replace("_", " "), "settings", "why it failed"]
    caption = "All trials, one seed each; the chosen one is pointed out"
    return Section(
        "trials",
        "All trials",
        [table(heads, rows, caption=caption, numeric=[2], stressed=stressed)],
    )


def _order(row: TrialRow) -> tuple[bool, float]:
    return row.state != "complete", 0.0 if row.score is None else -row.score


def _help(result: SearchResult) -> Section:
    return Section(
        "help",
        "How to read this page",
        [
            f"Trials are judged by {result.select.replace('_', ' ')} on the validation data, which "
            f"knows: {result.supervision}.",
            "Trial 0 is the plain method. Another one replaces it only if the paired interval of "
            "its gain over the validation examples lies above 0, for all trials at once: among "
            "many trials one is ahead by luck.",
            "The intervals of the figures are over seeds, not over examples; the validation data "
            "have chosen the trial, so that a test split says more.",
        ],
    )
