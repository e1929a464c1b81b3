"""The page, of records that nobody trained, in a browser; and its pictures, of real runs."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from earlysieve.benchmarking.benchmark import benchmark
from earlysieve.benchmarking.depth import Depth, depth_of
from earlysieve.benchmarking.drawn import marks_of
from earlysieve.benchmarking.lines import BenchmarkResult, Line
from earlysieve.benchmarking.page import ranked, render, write_page
from earlysieve.benchmarking.plots import costs_figure, depth_figure, gains_by_depth, plots_of
from earlysieve.benchmarking.protocol import Budget, DataSplits, Protocol
from earlysieve.groups.over_seeds import OverSeeds

pytest.importorskip("jinja2")

EVIL = "<script>alert(1)</script>"
PROTOCOL = Protocol(
    {"digits": DataSplits("digits", options={"limit": 200, "shortcut": "colour"})},
    seeds=(0,),
    budget=Budget(epochs=1),
    training={"model": "earlysieve.networks:small_cnn", "lr": 0.05},
)


def line(name: str, worst: float | None, gain: OverSeeds | None, **more: object) -> Line:
    known = {} if worst is None else {"worst_group": OverSeeds(worst, worst - 0.1, worst + 0.1, 3)}
    figures = {"average": OverSeeds(0.8, 0.7, 0.9, 3), **known}
    differences = {} if gain is None else {"worst_group": gain, "average": gain}
    given = {"groups": {"hill & dale": 0.5}, "failed": {}, **more}
    runs = {seed: f"runs/digits/{name}/seed-{seed}" for seed in range(3)}
    return Line(
        *("digits", name, name, None, "none", "", runs, {0: {"average": 0.8}}),
        *(figures, differences, 1.5),
        **given,
    )


LINES = (
    line("erm", 0.3, None),
    line("jtt", 0.5, OverSeeds(0.2, 0.1, 0.3, 3)),
    line("kd", None, None, failed={1: EVIL}),
)


def result(folder: Path = Path()) -> BenchmarkResult:
    return BenchmarkResult(folder, PROTOCOL.to_dict(), "0123", LINES)


def test_gains_are_shown_by_the_depth_at_which_audits_read_the_cue(tmp_path):
    def audit(seed: int, layer: str, readability: float | None, verdict: str = "shortcut") -> None:
        path = tmp_path / f"groups/digits/audit-validation/seed-{seed}/audit/audit.json"
        path.parent.mkdir(parents=True)
        layers = {"layer": ["a", "b", "c", "d"]}
        summary = {"layer": layer, "readability": readability, "verdict": verdict}
        path.write_text(json.dumps({"format_version": 3, "summary": summary, "layers": layers}))

    assert "takes groups of an audit" in depth_of("digits", (0, 1, 2), tmp_path).why
    audit(3, "d", 0.9, "inconclusive")
    assert depth_of("digits", (3,), tmp_path).why == "no audit called a cue there"
    audit(0, "a", None, "at risk")
    assert "half of what the network knows" in depth_of("digits", (0, 1, 2), tmp_path).why
    audit(1, "a", 0.6)
    audit(2, "b", 0.9)
    assert depth_of("digits", (0, 1, 2, 3), tmp_path).share == pytest.approx((1 / 4 + 2 / 4) / 2)
    other = replace(LINES[1], data="tables")
    lines = (*LINES, other)
    seeds = {**PROTOCOL.to_dict(), "seeds": [0, 1, 2]}
    page = render(BenchmarkResult(tmp_path, seeds, "0123", lines))
    assert "by depth of the cue: jtt on digits +0.200 at 0.38" in page
    assert "depth is unknown: tables (no method takes groups" in page


def test_the_page_says_who_gains_links_every_run_and_escapes_what_is_in_it():
    page = render(result())
    assert "3 methods on 1 data set, 1 seed" in page
    assert "jtt gains most in the worst group, +0.200 [+0.100, +0.300]; it knows: none." in page
    for name in ("erm", "jtt", "kd"):
        assert f'href="runs/digits/{name}/seed-0/"' in page
    assert "hill &amp; dale" in page
    assert "What failed" in page
    assert EVIL not in page
    assert page.count("data:image/png") == 2


def test_a_gain_whose_interval_holds_0_may_be_chance():
    unsure = (LINES[0], line("jtt", 0.5, OverSeeds(0.2, -0.1, 0.5, 3)))
    assert "may be chance" in render(replace(result(), lines=unsure))
    one_seed = (LINES[0], line("jtt", 0.5, OverSeeds(0.2, math.nan, math.nan, 1)))
    page = render(replace(result(), lines=one_seed))
    assert "jtt gains most in the worst group, +0.200, of one seed, which may be chance" in page
    assert "does not lie above 0" not in page
    worse = (LINES[0], line("jtt", 0.5, OverSeeds(0.0, -0.1, 0.1, 3)))
    assert "no method gains in the worst group" in render(replace(result(), lines=worse))
    assert "nothing to compare" in render(replace(result(), lines=LINES[:1]))


def test_a_method_that_guesses_is_not_praised_for_its_worst_group():
    """Each group at chance is a worst group of 0.5, which gains on most shortcuts."""
    gain = OverSeeds(0.2, 0.1, 0.3, 3)

    def at(name: str, mean: float, change: float, **more: object) -> Line:
        found = line(name, 0.5, gain, chance=0.5, **more)
        figures = {**found.figures, "group_mean": OverSeeds(mean, mean, mean, 3)}
        change = OverSeeds(change, change - 0.02, change + 0.02, 3)
        return replace(
            found, figures=figures, differences={**found.differences, "group_mean": change}
        )

    coin = at("jtt", 0.51, -0.15)
    coin = replace(
        coin, differences={**coin.differences, "worst_group": OverSeeds(0.4, 0.3, 0.5, 3)}
    )
    page = render(replace(result(), lines=(LINES[0], coin)))
    assert (
        "digits: no method gains in the worst group; jtt only levels the groups down (+0.400): its "
        "mean over groups, 0.510, is about that of guesses, 0.500." in page
    )
    page = render(replace(result(), lines=(LINES[0], coin, at("sieve", 0.7, 0.04))))
    assert (
        "digits: sieve gains most in the worst group, +0.200 [+0.100, +0.300]; its mean over "
        "groups changes by +0.040 [+0.020, +0.060], to 0.700; it knows: none; jtt only" in page
    )
    page = render(replace(result(), lines=(LINES[0], at("sieve", 0.6, -0.05))))
    assert "its mean over groups falls, -0.050 [-0.070, -0.030], to 0.600; it knows" in page
    few = replace(at("sieve", 0.3, 0.0), chance=0.1)
    assert not few.guesses
    assert replace(few, chance=0.25).guesses
    assert not replace(few, chance=None).guesses


def test_the_best_in_the_worst_group_comes_first():
    assert [one.name for one in ranked(LINES)] == ["jtt", "erm", "kd"]


def test_a_method_of_which_seeds_failed_is_shown_as_such_and_not_praised():
    """Its one seed that went well beats others of two seeds, but says nothing of the other."""
    whole = {"by_seed": {0: {"average": 0.8}, 1: {"average": 0.8}}}
    none = OverSeeds(0.6, math.nan, math.nan, 1)
    part = line("dfr", 0.9, none, failed={1: "groups are empty"})
    plain, jtt = (replace(one, **whole) for one in LINES[:2])
    assert [one.name for one in ranked((plain, part, jtt))] == ["jtt", "erm", "dfr"]
    page = render(replace(result(), lines=(plain, part, jtt)))
    assert (
        "digits: jtt gains most in the worst group, +0.200 [+0.100, +0.300]; it knows: none; dfr "
        "comes to +0.600 on 1 of 2 seeds, no interval." in page
    )
    assert "1 of 2</td>" in page
    assert "those of which seeds failed last" in page
    assert "dfr (1 of 2 seeds) +0.600" in page
    loses = replace(jtt, differences={"worst_group": OverSeeds(-0.2, -0.3, -0.1, 2)})
    page = render(replace(result(), lines=(plain, part, loses)))
    assert "digits: no method gains in the worst group; dfr comes to +0.600 on 1 of 2" in page
    page = render(replace(result(), lines=(plain, part)))
    assert "dfr gains most in the worst group, +0.600 on 1 of 2 seeds, no interval; it" in page
    assert "does not lie above 0" not in page
    page = render(replace(result(), lines=(plain, replace(part, chance=0.85), jtt)))
    assert "dfr comes to" not in page
    assert "those of which seeds failed last" not in render(replace(result(), lines=(plain, jtt)))


def test_a_method_that_ran_with_fewer_seeds_is_told_so_and_a_sure_gain_comes_first():
    """A gain of two seeds of three with an interval from -1.09 to +1.83 took the headline."""
    whole = {"by_seed": {seed: {"average": 0.8} for seed in range(3)}}
    plain = replace(LINES[0], **whole)
    some = replace(
        line("dfr", 0.6, OverSeeds(0.37, -1.09, 1.83, 2)),
        by_seed={seed: {"average": 0.8} for seed in range(2)},
    )
    sure = replace(line("jtt", 0.5, OverSeeds(0.2, 0.1, 0.3, 3)), **whole)
    unsure = replace(line("kd", 0.5, OverSeeds(0.25, -0.1, 0.6, 3)), **whole)
    unsaid = "may be chance (the interval does not lie above 0)"
    page = render(replace(result(), lines=(plain, some, sure)))
    assert (
        "digits: jtt gains most in the worst group, +0.200 [+0.100, +0.300]; it knows: none; dfr "
        f"comes to +0.370 [-1.090, +1.830] on 2 of 3 seeds, which {unsaid}." in page
    )
    page = render(replace(result(), lines=(plain, unsure, sure)))
    assert (
        "digits: jtt gains most in the worst group of those whose interval lies above 0, +0.200 "
        f"[+0.100, +0.300]; it knows: none; kd comes to +0.250 [-0.100, +0.600], which {unsaid}."
        in page
    )
    page = render(replace(result(), lines=(plain, unsure)))
    assert f"kd gains most in the worst group, +0.250 [-0.100, +0.600], which {unsaid};" in page
    page = render(replace(result(), lines=(plain, some)))
    assert "dfr gains most in the worst group, +0.370 [-1.090, +1.830] on 2 of 3 seeds" in page


def test_methods_that_are_worse_by_more_than_chance_are_named():
    harm = line("sieve", 0.1, OverSeeds(-0.2, -0.4, -0.003, 3))
    perhaps = line("kd", 0.2, OverSeeds(-0.1, -0.3, 0.1, 3))
    page = render(replace(result(), lines=(*LINES[:2], harm, perhaps)))
    told = "Worse than erm in the worst group by more than chance: sieve (-0.200 [-0.400, -0.003])."
    assert told in page
    assert "by more than chance" not in render(replace(result(), lines=(*LINES[:2], perhaps)))


def test_remarks_are_a_list_and_wide_tables_show_that_they_go_on(monkeypatch):
    from earlysieve.benchmarking import page as module

    monkeypatch.setattr(module, "remarks", lambda _: ("One <b>.", "Two."))
    page = render(result())
    assert '<ul class="bullets"><li>One &lt;b&gt;.</li><li>Two.</li></ul>' in page
    assert '0.500<span class="detail">[0.400,\u00a00.600]</span>' in page
    scroll = next(rule for rule in page.split("}") if ".scroll {" in rule)
    assert scroll.count("no-repeat local") == scroll.count("no-repeat scroll") == 2


def test_plots_say_in_words_what_they_show():
    gains, costs = plots_of(LINES)
    assert gains.alt == "Each method minus erm, worst group: jtt +0.200"
    assert "jtt 0.500 at 1.5" in costs.alt
    assert plots_of(LINES[:1]) == []


def _drawn(axes) -> dict[str, tuple[float, float, float, float]]:
    """What the legend names: cost, mean and the ends of the interval."""
    found = {}
    for bar in axes.containers:
        (x,), (y,) = bar.lines[0].get_data()
        ends = bar.lines[2][0].get_segments()[0][:, 1] if bar.has_yerr else (y, y)
        found[bar.get_label()] = (float(x), float(y), *map(float, ends))
    return found


def test_a_method_in_the_plot_of_costs_is_told_by_its_mark_and_seeds_are_one_point():
    """Names stood beside points of others, where methods cost about the same."""
    near = [
        replace(line(name, 0.4 + 0.1 * k, None), cost=1 + 0.01 * k) for k, name in enumerate("abc")
    ]
    figure = costs_figure([*near, LINES[2]], ["z", "c", "b", "a"])
    (axes,) = figure.axes
    drawn = _drawn(axes)
    assert list(drawn) == ["a", "b", "c"]  # kd has no figure
    for k, name in enumerate("abc"):
        mean = 0.4 + 0.1 * k
        assert drawn[name] == pytest.approx((1 + 0.01 * k, mean, mean - 0.1, mean + 0.1))
    legend = axes.get_legend()
    shown = {
        text.get_text(): (handle.get_marker(), handle.get_color())
        for text, handle in zip(legend.get_texts(), legend.legend_handles, strict=True)
    }
    marks = marks_of(["z", "c", "b", "a"])
    assert shown == {name: (marks[name].shape, marks[name].colour) for name in "abc"}
    assert not axes.texts
    assert (
        len({(one.shape, one.colour) for one in marks_of(list(map(str, range(69)))).values()}) == 70
    )


def test_the_interval_of_a_point_ends_where_no_figure_can_be():
    wide = replace(LINES[1], figures={"worst_group": OverSeeds(0.2, -0.4, 1.3, 2)})
    (axes,) = costs_figure([LINES[0], wide]).axes
    assert _drawn(axes)["jtt"] == pytest.approx((1.5, 0.2, 0.0, 1.0))
    alone = replace(LINES[1], figures={"worst_group": OverSeeds(0.2, math.nan, math.nan, 1)})
    (axes,) = costs_figure([LINES[0], alone]).axes
    assert _drawn(axes)["jtt"] == pytest.approx((1.5, 0.2, 0.2, 0.2))


def test_gains_by_depth_keep_data_sets_apart_and_have_intervals():
    """Two data sets at one depth: their points lay on each other, without an interval."""
    gain = OverSeeds(0.2, 0.1, 0.3, 3)
    own = [
        replace(line(name, 0.5, replace(gain, mean=0.2 - 0.01 * k)), data=data)
        for data in ("deep", "early", "twin")
        for k, name in enumerate(("jtt", "kd"))
    ]
    depths = {"deep": Depth(0.9), "early": Depth(0.4, each=(0.2, 0.6)), "twin": Depth(0.4)}
    (axes,) = depth_figure(own, depths, ["erm", "kd", "jtt"]).axes
    labels = [one.get_text() for one in axes.get_xticklabels()]
    assert labels == ["early\n0.40 (0.20 to 0.60)", "twin\n0.40", "deep\n0.90"]
    points = [bar.lines[0].get_data() for bar in axes.containers]
    columns = [round(float(x[0])) for x, _ in points]
    assert columns == [2, 2, 0, 0, 1, 1]
    assert len({float(x[0]) for x, _ in points}) == 6
    assert all(bar.has_yerr for bar in axes.containers)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["jtt", "kd"]
    jtt, kd = axes.containers[:2]
    assert jtt.lines[0].get_marker() != kd.lines[0].get_marker()


def test_gains_by_depth_of_data_without_groups_have_a_plot_of_their_own():
    """The worst class is no figure beside the worst group on one axis."""
    gain = OverSeeds(0.1, 0.0, 0.2, 3)
    without = replace(
        LINES[1], data="plain", figures={"worst_class": gain}, differences={"worst_class": gain}
    )
    told = gains_by_depth((*LINES, without), {"digits": Depth(0.3), "plain": Depth(0.5)})
    assert [tile.alt for tile in told] == [
        "Each method minus erm, worst group, by depth of the cue: jtt on digits +0.200 at 0.30",
        "Each method minus erm, worst class, by depth of the cue: jtt on plain +0.100 at 0.50",
    ]
    assert gains_by_depth(LINES[:1], {"digits": Depth(0.3)}) == []


def test_images_are_shown_with_where_networks_look(tmp_path):
    found = benchmark(PROTOCOL, ["afr"], tmp_path)
    page = (tmp_path / "report.html").read_text()
    assert "Where each network looked" in page
    assert page.count("data:image/") > 2 + 6 * 2
    assert write_page(found) == tmp_path / "report.html"


@pytest.mark.parametrize("width", [1280, 380])
def test_a_browser_shows_it_without_sideways_scrolling(tmp_path, width):
    playwright = pytest.importorskip("playwright.sync_api")
    from tests.report.test_browser import NAMES, QUIET, shutil

    path = write_page(result(tmp_path))
    program = next(filter(None, (shutil.which(name) for name in NAMES)), None)
    with playwright.sync_playwright() as driver:
        if program is None and not Path(driver.chromium.executable_path).exists():
            pytest.skip("no Chromium is installed")
        browser = driver.chromium.launch(executable_path=program, args=list(QUIET))
        page = browser.new_page(viewport={"width": width, "height": 800})
        said = []
        page.on("console", lambda message: said.append(message.text))
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator("#data-0 table").first.is_visible()
        browser.close()
    assert said == []
