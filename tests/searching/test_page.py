import html
import math
from dataclasses import replace

import pytest

from earlysieve.groups.over_seeds import OverSeeds
from earlysieve.searching import plots
from earlysieve.searching.again import Again
from earlysieve.searching.page import figure_rows, render_search
from earlysieve.searching.plots import importances, no_importances, plots_of, progress
from earlysieve.searching.result import SearchResult, TrialRow, interval_text
from earlysieve.training import TrainConfig

optuna = pytest.importorskip("optuna")

PLAIN = Again(
    "plain (trial 0)",
    0,
    {1: "a"},
    {1: {"accuracy": 0.5}},
    {"accuracy": OverSeeds(0.5, 0.4, 0.6, 3)},
)
BEST = Again(
    "trial 2", 2, {1: "b"}, {1: {"accuracy": 0.7}}, {"accuracy": OverSeeds(0.7, 0.6, 0.8, 3)}
)
EVIL = "<script>alert(1)</script>"


def rows(count: int = 6) -> list[TrialRow]:
    searched = [
        TrialRow(k, "complete", 0.5 + k / 20, {"beta": 10.0**-k, "layer": "ab"[k % 2]}, 1.0)
        for k in range(1, count)
    ]
    pruned = TrialRow(count, "pruned", 0.4, {"beta": 0.1, "layer": "a"}, 1.0)
    failed = TrialRow(count + 1, "failed", None, {"beta": 0.1, "layer": EVIL}, 1.0, EVIL)
    return [TrialRow(0, "complete", 0.5, {}, 1.0), *searched, pruned, failed]


def result(*, changed: bool) -> SearchResult:
    difference = {"accuracy": OverSeeds(0.2, 0.1, 0.3, 3)}
    more = {"best": BEST, "difference": difference} if changed else {}
    return SearchResult(
        2 if changed else 0, {}, "Why.", "accuracy", "labels", rows(), PLAIN, **more
    )


def test_an_interval_that_leaves_0_to_1_is_explained():
    pages = [
        render_search(one, [], TrainConfig())
        for one in (result(changed=True), result(changed=False))
    ]
    assert not any("may leave [0, 1]" in page for page in pages)
    means = {"accuracy": OverSeeds(0.9, 0.7, 1.1, 2), "loss": OverSeeds(-0.5, -0.6, -0.4, 2)}
    wide = replace(result(changed=True), best=replace(BEST, means=means))
    assert "may leave [0, 1] where a share cannot" in render_search(wide, [], TrainConfig())
    loss = replace(result(changed=True), best=replace(BEST, means={"loss": means["loss"]}))
    assert "may leave [0, 1]" not in render_search(loss, [], TrainConfig())


def test_few_examples_of_the_worst_group_are_said():
    assert "smallest group" not in render_search(result(changed=True), [], TrainConfig())
    known = replace(result(changed=True), plain=replace(PLAIN, smallest_group=("2, fails", 3)))
    assert "'2, fails', has 3 over these seeds" in html.unescape(
        render_search(known, [], TrainConfig())
    )


def study() -> "optuna.Study":
    made = optuna.create_study(direction="maximize")
    space = {
        "beta": optuna.distributions.FloatDistribution(1e-9, 1),
        "layer": optuna.distributions.CategoricalDistribution(["a", "b"]),
    }
    for row in rows()[:6]:
        made.add_trial(
            optuna.create_trial(
                value=row.score,
                params=dict(row.values),
                distributions=space if row.values else {},
            )
        )
    return made


def test_the_page_shows_figures_plots_and_trials_and_escapes_what_is_in_them():
    tiles = plots_of(rows(), study(), "accuracy")
    assert len(tiles) == 3
    page = render_search(result(changed=True), tiles, TrainConfig(model=EVIL, data="d"))
    assert "Trial 2 is chosen over the plain method." in page
    assert "0.200 [0.100, 0.300]" in page
    assert page.count("data:image/png") == 3
    assert EVIL not in page
    assert "default-src 'none'" in page
    assert "Plain training stays" in render_search(result(changed=False), tiles, TrainConfig())


def test_importance_leaves_trial_0_out_and_needs_a_few_trials():
    found = importances(study())
    assert set(found) == {"beta", "layer"}
    assert math.isclose(sum(found.values()), 1.0)
    assert importances(optuna.create_study()) == {}


def test_where_importance_cannot_be_told_the_page_says_why():
    few = "can be told from 4 complete trials beside trial 0 on; here are 3."
    assert no_importances(rows(4)).endswith(few)
    page = render_search(replace(result(changed=False), trials=rows(4)), [], TrainConfig())
    assert few in page
    alike = [replace(row, score=0.5) for row in rows()]
    assert "score alike" in no_importances(alike)
    assert no_importances(rows()) == ""


def test_numbers_of_trials_are_whole(monkeypatch):
    seen = []
    monkeypatch.setattr(plots, "_tile", lambda figure, *_: seen.append(figure))
    progress(rows(3)[:3], "accuracy")
    (axes,) = seen[0].axes
    ticks = axes.get_xticks()
    assert len(ticks) > 1
    assert all(tick == round(tick) for tick in ticks)


def test_figures_have_a_difference_only_where_something_was_chosen():
    heads, cells = figure_rows(result(changed=True))
    assert heads == ["validation", "plain (trial 0)", "trial 2", "difference"]
    assert cells == [
        ["accuracy", "0.500 [0.400, 0.600]", "0.700 [0.600, 0.800]", "0.200 [0.100, 0.300]"]
    ]
    assert len(figure_rows(result(changed=False))[0]) == 2
    plain = result(changed=False)
    means = {"loss": OverSeeds(-2.0, -2.1, -1.9, 2), "worst_class_accuracy": OverSeeds(0, 0, 0, 2)}
    _, cells = figure_rows(replace(plain, plain=replace(plain.plain, means=means)))
    assert [row[0] for row in cells] == ["minus loss", "worst class accuracy"]
    assert interval_text(OverSeeds(0.5, math.nan, math.nan, 1)) == "0.500"
    assert interval_text(None) == "-"
