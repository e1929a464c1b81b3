"""Figures over seeds, by hand and against SciPy, from records that nobody trained."""

import json
import re
import shutil
import subprocess
from dataclasses import replace

import pytest
from scipy import stats

from earlysieve.benchmarking import written
from earlysieve.benchmarking.cells import GroupsCell, RunCell, SearchCell, folder_of
from earlysieve.benchmarking.gather import gather
from earlysieve.benchmarking.grid import grid_of
from earlysieve.benchmarking.kept import keep
from earlysieve.benchmarking.lines import failures
from earlysieve.benchmarking.page import render
from earlysieve.benchmarking.protocol import Budget, DataSplits, Protocol
from earlysieve.benchmarking.record import RECORD_NAME, Record, keep_record, read_record
from earlysieve.benchmarking.written import cells_of_data, foot, interval, short_cells, write_tables
from earlysieve.comparing.tex import escaped, tex_table
from earlysieve.errors import CheckpointError, InputError
from earlysieve.groups.over_seeds import OverSeeds

PROTOCOL = Protocol(
    {"a": DataSplits("digits")},
    seeds=(0, 1, 2),
    budget=Budget(trials=3),
    tuned={"jtt": ["upweight"]},
    training={"model": "m:n"},
)
GRID = grid_of(PROTOCOL, ["jtt", "dfr@audit"])
ERM, JTT, DFR = GRID.arms


def record(average, seconds=1.0, **more):
    figures = {"average": average, "worst_group": average / 2, "worst_class": average, "gap": 0.1}
    return Record(
        "complete", seconds, figures, [{"name": "g", "n": 4, "accuracy": average}], **more
    )


@pytest.fixture
def results(tmp_path):
    keep(tmp_path, GRID)
    for seed, (plain, jtt) in enumerate([(0.5, 0.6), (0.6, 0.8), (0.7, 0.75)]):
        keep_record(folder_of(tmp_path, RunCell("a", ERM, seed)), record(plain, 10.0))
        keep_record(folder_of(tmp_path, RunCell("a", JTT, seed)), record(jtt, 15.0))
    chosen = {"method_options": {"upweight": 5}, "fields": {}, "searched": ["upweight"]}
    search = Record("complete", 30.0, settings={**chosen, "trials": 3})
    keep_record(folder_of(tmp_path, SearchCell("a", JTT)), search)
    groups = GroupsCell("a", "audit", "validation", 0)
    keep_record(folder_of(tmp_path, groups), Record("complete", 4.0))
    keep_record(folder_of(tmp_path, RunCell("a", DFR, 0)), record(0.9, 1.0))
    failed = Record("failed", 0.0, why="Expected <b> & 5_% of it")
    keep_record(folder_of(tmp_path, RunCell("a", DFR, 1)), failed)
    return tmp_path


def test_means_and_intervals_are_those_of_the_t_distribution(results):
    erm, jtt, _ = gather(results).lines
    low, high = stats.t.interval(0.95, 2, loc=0.6, scale=stats.sem([0.5, 0.6, 0.7]))
    found = erm.figures["average"]
    assert [found.mean, found.low, found.high] == pytest.approx([0.6, low, high])
    low, high = stats.t.interval(0.95, 2, loc=0.35 / 3, scale=stats.sem([0.1, 0.2, 0.05]))
    paired = jtt.differences["average"]
    assert [paired.mean, paired.low, paired.high] == pytest.approx([0.35 / 3, low, high])
    assert paired.seeds == 3
    # By hand: the deviation of 0.1, 0.2, 0.05 is 0.0763763, and t(2) at 0.975 is 4.3026527.
    assert paired.high - paired.mean == pytest.approx(4.3026527 * 0.0763763 / 3**0.5, abs=1e-6)
    assert erm.differences == {}


def test_costs_count_what_a_method_needs(results):
    erm, jtt, dfr = gather(results).lines
    assert [erm.cost, jtt.cost] == [1.0, (15 + 30) / 10]
    assert dfr.cost == pytest.approx((10 + 4 + 1) / 10)


def test_costs_are_of_processors_where_all_that_is_compared_knows_them(results):
    for seed, (plain, jtt) in enumerate([(4.0, 8.0), (4.0, 10.0), (4.0, 9.0)]):
        keep_record(folder_of(results, RunCell("a", ERM, seed)), record(0.5, 10.0, processor=plain))
        keep_record(folder_of(results, RunCell("a", JTT, seed)), record(0.5, 15.0, processor=jtt))
    erm, jtt, dfr = gather(results).lines
    assert [erm.cost, jtt.cost] == [1.0, (15 + 30) / 10]  # its search knows none
    search = read_record(folder_of(results, SearchCell("a", JTT)))
    keep_record(folder_of(results, SearchCell("a", JTT)), replace(search, processor=3.0))
    assert gather(results).lines[1].cost == (27 + 3 * 3) / 12
    assert dfr.cost == pytest.approx((10 + 4 + 1) / 10)


def test_differences_are_over_the_seeds_that_both_have(results):
    dfr = gather(results).lines[2]
    assert dfr.differences["average"].seeds == 1
    assert dfr.differences["average"].mean == pytest.approx(0.4)
    assert dfr.failed == {1: "Expected <b> & 5_% of it"}
    assert dfr.runs == {0: "runs/a/dfr@audit/seed-0", 1: "runs/a/dfr@audit/seed-1"}
    assert dfr.groups == {"g": pytest.approx(0.9)}


def test_a_reason_that_seeds_share_is_said_once_with_the_option_that_helps(results):
    few = "Expected at least 5 examples of each group, but got 2; set min_group=2 to use them"
    erm = "Expected a finite loss, but got nan"
    for seed, why in ((0, few), (1, few), (2, f"erm on a, seed 2 failed: {erm}")):
        place = folder_of(results, RunCell("a", DFR, seed))
        keep_record(place, Record("failed", 0.0, why=why))
    for seed in (0, 1):
        why = f"erm on a, seed {seed} failed: {erm}"
        keep_record(folder_of(results, RunCell("a", JTT, seed)), Record("failed", 0.0, why=why))
    _, jtt, dfr = gather(results).lines
    assert failures(jtt) == f"seed 0, 1: erm on a failed: {erm}"
    assert failures(dfr).startswith(
        "seed 0, 1: Expected at least 5 examples of each group, but got 2; set min_group=2 "
        "(--set dfr@audit.min_group=2 with another --out, or in a --grid one more line: "
        "{method: dfr@audit, name: ANOTHER, settings: {min_group: 2}}) to use them; seed 2: erm"
    )
    pytest.importorskip("jinja2")
    assert render(gather(results)).count("min_group: 2}") == 1


def test_what_to_do_is_said_once_where_it_is_the_same_for_all_seeds(results):
    for seed in (0, 1):
        why = f"Expected 5 examples of each group, but got {seed}; add examples, or take others"
        place = folder_of(results, RunCell("a", DFR, seed))
        keep_record(place, Record("failed", 0.0, why=why))
    assert failures(gather(results).lines[2]) == (
        "seed 0: Expected 5 examples of each group, but got 0; seed 1: Expected 5 examples of each "
        "group, but got 1; for all: add examples, or take others"
    )


def test_every_table_says_supervision_what_was_tuned_cost_and_failures(results):
    result = gather(results)
    assert [line.chosen for line in result.lines] == [{}, {"upweight": 5}, {}]
    heads, *rows = cells_of_data(result.lines)
    said = [dict(zip(heads, row, strict=True)) for row in rows]
    assert [row["supervision"] for row in said] == ["none"] * 3
    assert [row["tuned"] for row in said] == ["nothing", "upweight", "nothing"]
    assert [row["trials"] for row in said] == ["1", "3", "1"]
    assert [row["cost"] for row in said] == ["1.00", "4.50", "1.50"]
    assert said[2]["failed"] == "seed 1: Expected <b> & 5_% of it"
    assert said[1]["worst group minus erm"].startswith("+0.058 [")
    assert short_cells(result.lines)[0][4] == "worst group minus erm"
    names = [path.name for path in write_tables(result)]
    assert names == ["results.json", "table.md", "table.csv", "table.tex"]
    text = (results / "table.md").read_text()
    assert "- dfr@audit, seed 1: Expected <b> & 5_% of it" in text
    assert result.digest in text
    tex = (results / "table.tex").read_text()
    assert "method & seeds & average & worst group" in tex
    assert "dfr@audit & 1 of 2 & " in tex
    assert said[2]["seeds"] == "1 of 2"
    assert said[1]["seeds"] == "3"
    assert escaped(foot(result)) in tex.splitlines()[-5]
    assert list(result.table["name"]) == ["erm", "jtt", "dfr@audit"]
    written = json.loads((results / "results.json").read_text())
    assert written["lines"][1]["by_seed"]["0"]["average"] == 0.6
    assert written["lines"][2]["figures"]["average"]["low"] is None


def test_the_table_for_a_paper_stands_alone_with_reasons_and_remarks(results, monkeypatch):
    """Its environments nest, all text is escaped, and rows have the cells of the heads."""
    monkeypatch.setattr(written, "remarks_on_data", lambda _, name: [f"Of 100% of {name}_x."])
    tex = written.latex_tables(gather(results))
    opened: list[str] = []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+)\}", tex):
        if kind == "begin":
            opened.append(name)
        else:
            assert opened.pop() == name
    assert opened == []
    assert r"\caption{a: methods on test data, mean and 95\% t-interval over seeds.}" in tex
    assert r"\label{tab:a}" in tex
    assert tex.index(r"\caption") < tex.index(r"\begin{tabular}{lrrrrlr}")
    assert r"dfr@audit failed, seed 1: Expected \textless{}b\textgreater{} \& 5\_\% of it." in tex
    assert "--" not in tex_table("a", [["--x"]], caption="--", notes=["--set"])
    assert r"Of 100\% of a\_x." in tex
    rows = [one for one in tex.splitlines() if one.endswith(r"\\")]
    assert {row.count(" & ") for row in rows} == {6}
    comments = r"% \usepackage{booktabs}", r"% \usepackage{graphicx}"
    text = "\n".join(one.removesuffix("%") for one in tex.splitlines() if one not in comments)
    bare = re.sub(r"\\[a-zA-Z]+|\\[&%$#_{}]|\\\\|\$-\$", "", text.replace(" & ", " "))
    assert not re.search(r"[&%$#_]", bare)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_the_table_for_a_paper_can_be_set(results, tmp_path):
    packages = r"\usepackage{booktabs}\usepackage{graphicx}"
    body = written.latex_tables(gather(results))
    text = rf"\documentclass{{article}}{packages}\begin{{document}}{body}\end{{document}}"
    (tmp_path / "paper.tex").write_text(text)
    words = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Overfull" not in done.stdout


def test_a_table_for_a_paper_fits_a_line_and_has_minus_signs():
    cells = [["method", "worst group"], ["leace-x", "-0.100 [-0.200, 0.000]"], ["x", "-"]]
    tex = tex_table("a", cells, caption="a")
    assert r"leace-x & $-$0.100 [$-$0.200, 0.000] \\" in tex
    assert r"x & - \\" in tex
    assert r"\ifdim\wd0>\linewidth\resizebox{\linewidth}{!}{\usebox0}\else\usebox0\fi" in tex
    assert tex.index(r"\sbox0{%") < tex.index(r"\begin{tabular}") < tex.index(r"\end{tabular}}%")


@pytest.mark.parametrize("place", [0, 2])
def test_a_method_that_tuning_left_plain_is_told_though_it_has_settings(results, place):
    cell = folder_of(results, SearchCell("a", JTT)) / RECORD_NAME
    kept = json.loads(cell.read_text())
    cell.write_text(json.dumps({**kept, "settings": {**kept["settings"], "chosen": place}}))
    result = gather(results)
    assert [line.stayed for line in result.lines] == [False, place == 0, False]
    assert ("where the plain method stayed for jtt on a; cost" in foot(result)) == (place == 0)
    name = "jtt (plain)" if place == 0 else "jtt"
    assert short_cells(result.lines)[2][0] == cells_of_data(result.lines)[2][0] == name
    assert result.table["stayed"].tolist() == [False, place == 0, False]
    pytest.importorskip("jinja2")
    page = render(result)
    assert ("upweight 5 (the plain method)" in page) == (place == 0)
    assert ("jtt (plain)</th>" in page) == (place == 0)


def test_an_interval_of_one_seed_is_none():
    assert interval(OverSeeds(0.5, float("nan"), float("nan"), 1)) == "0.500"
    assert interval(None) == "-"
    assert interval(OverSeeds(-0.0001, -0.0004, 0.2, 3)) == "0.000 [0.000, 0.200]"


def test_what_is_no_result_is_refused(results, tmp_path):
    with pytest.raises(InputError, match="results of a benchmark"):
        gather(tmp_path / "none")
    place = folder_of(results, RunCell("a", ERM, 0)) / RECORD_NAME
    place.write_text('{"state": "odd", "seconds": 1}')
    with pytest.raises(CheckpointError, match="cannot be read"):
        gather(results)
