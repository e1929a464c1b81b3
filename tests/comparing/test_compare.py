import json
import math
from pathlib import Path

import pandas as pd
import pytest
from scipy import stats

import earlysieve as es
from earlysieve.comparing.compare import compare
from earlysieve.comparing.entry import read_entry
from earlysieve.comparing.written import all_cells, latex, markdown, write_comparison
from earlysieve.errors import DataError, InputError
from tests.cli.helpers import ok, problem
from tests.searching.nets import net, others


def run(
    folder: Path, seed: int, accuracy: float, *, method: str = "erm", best: bool = False, **more
) -> Path:
    """The folder of a run, as training writes it, with one epoch more than the one that counts."""
    folder.mkdir()
    config = {"method": method, "seed": seed, "device": None, "versions": {"torch": str(seed)}}
    (folder / "config.json").write_text(json.dumps({**config, **more}))
    rows = [{"epoch": e, "validation_accuracy": accuracy, "train_loss": 1.0} for e in (1, 2)]
    rows[1 if best else 0]["validation_accuracy"] = 0.01
    history = {"history": rows, "best_epoch": 1 if best else 2, "restored_best": best}
    (folder / "training.json").write_text(json.dumps(history))
    return folder


@pytest.fixture
def runs(tmp_path):
    plain = [run(tmp_path / f"erm{s}", s, a) for s, a in ((0, 0.6), (1, 0.64), (2, 0.62))]
    other = [
        run(tmp_path / f"sieve{s}", s, a, method="sieve", best=True)
        for s, a in ((1, 0.7), (2, 0.69))
    ]
    return plain, other


def test_seeds_of_one_configuration_are_folded_into_mean_and_interval(runs):
    plain, other = runs
    found = compare([plain[0], other[0], *plain[1:], *other[1:]])
    assert [len(line.entries) for line in found.lines] == [3, 2]
    one = found.lines[0].figures["accuracy"]
    low, high = stats.t.interval(0.95, 2, 0.62, stats.sem([0.6, 0.64, 0.62]))
    assert (one.value, one.low, one.high) == (
        pytest.approx(0.62),
        pytest.approx(low),
        pytest.approx(high),
    )
    assert [line.best_epoch for line in found.lines] == [2, 1]


def test_further_figures_have_a_column_where_one_is_known(tmp_path, runs):
    plain, _ = runs
    assert "group gap" not in compare(plain).columns
    history = json.loads((plain[0] / "training.json").read_text())
    history["history"][-1] |= {"validation_group_gap": 0.25}
    (plain[0] / "training.json").write_text(json.dumps(history))
    found = compare([plain[0], run(tmp_path / "other", 0, 0.5, method="kd")])
    assert found.columns[-1] == "group gap"
    assert found.table["group_gap"][0] == 0.25
    assert all_cells(found)[0][1][-2] == "0.250"
    assert all_cells(found)[1][0][-1] == "group gap"
    assert "group gap" not in all_cells(found, short=True)[0][0]


def test_only_seeds_that_match_are_paired(runs):
    plain, other = runs
    [difference] = compare([*plain, *other]).differences
    assert difference.seeds == (1, 2)
    assert difference.figures["accuracy"].value == pytest.approx((0.06 + 0.07) / 2)
    assert compare([plain[0], other[0]]).differences == ()
    [single] = compare([plain[1], other[0]]).differences
    assert math.isnan(single.figures["accuracy"].low)


def test_another_configuration_or_the_same_seed_again_is_a_line_of_its_own(tmp_path, runs):
    plain, _ = runs
    again = run(tmp_path / "again", 0, 0.5)
    longer = run(tmp_path / "longer", 3, 0.5, epochs=9)
    assert len(compare([*plain, again, longer]).lines) == 3


@pytest.mark.filterwarnings("ignore")
def test_audits_show_verdict_and_accuracies(tmp_path):
    result = es.audit(net(2).eval(), others(), folds=3, progress=False)
    result.save(tmp_path / "audit")
    entry = read_entry(tmp_path / "audit")
    assert (entry.kind, entry.verdict) == ("audit", result.summary.verdict)
    assert entry.figures["accuracy"].value == result.summary.accuracy
    assert entry.figures["worst group"].value == result.summary.worst_group_accuracy
    classes = [one.accuracy for one in result.summary.classes]
    assert entry.figures["worst class"].value == min(classes)
    other = run(tmp_path / "run", 0, 0.5)
    result.save(other / "audit-after")
    found = compare([tmp_path / "audit", other])
    assert [line.verdict for line in found.lines] == [result.summary.verdict] * 2
    assert found.lines[1].figures["accuracy"].value == 0.5
    assert found.differences == ()


def test_written_tables(tmp_path, runs):
    plain, other = runs
    found = compare([*plain, *other])
    paths = write_comparison(found, tmp_path / "out")
    table = pd.read_csv(paths[0])
    assert table["accuracy"].tolist() == pytest.approx([0.62, 0.695])
    assert "| 3 | - | - | 0.620 [" in paths[1].read_text()
    assert "2 models side by side" in paths[3].read_text()
    assert paths[2].read_text().count(r"\toprule") == len(all_cells(found)) == 2


def test_text_of_users_cannot_break_a_table():
    cells = [["a|b"], ["50% & $x_1$ \\ {y} ~ ^ #\n"]]
    assert markdown(cells).splitlines()[0] == r"| a\|b |"
    assert r"50\% \& \$x\_1\$ \textbackslash{} \{y\} \textasciitilde{} \textasciicircum{} \#" in (
        latex(cells)
    )


def test_bad_folders_are_refused(tmp_path, runs):
    plain, _ = runs
    with pytest.raises(InputError, match="two or more folders"):
        compare(plain[:1])
    with pytest.raises(InputError, match="twice"):
        compare([plain[0], plain[0] / ".." / plain[0].name])
    with pytest.raises(InputError, match="neither audit"):
        compare([plain[0], tmp_path])
    (plain[1] / "training.json").write_text("{}")
    with pytest.raises(DataError, match="restore the file"):
        compare(plain)
    (plain[1] / "training.json").write_text("[1")
    with pytest.raises(DataError, match="restore the file"):
        compare(plain)


def test_command(tmp_path, runs):
    plain, other = runs
    found = json.loads(ok("compare", *plain, *other, "--json").stdout)
    assert [line["seeds"] for line in found["lines"]] == [3, 2]
    assert found["differences"][0]["seeds"] == [1, 2]
    shown = ok("compare", *plain, *other, "--out", tmp_path / "out").stdout
    assert "minus the first" in shown
    assert (tmp_path / "out" / "compare.tex").exists()
    assert "neither" in problem("compare", plain[0], tmp_path)
