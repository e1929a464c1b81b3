import json
import math
from dataclasses import astuple, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats

import earlysieve as es
from earlysieve.comparing.compare import Comparison, compare, difference
from earlysieve.comparing.entry import Entry, read_entry
from earlysieve.comparing.estimated import Estimated
from earlysieve.comparing.folded import fold
from earlysieve.comparing.labels import labels
from earlysieve.comparing.leans import not_compared
from earlysieve.comparing.measured_on import of_audit, of_run
from earlysieve.comparing.tex import latex
from earlysieve.comparing.written import all_cells, markdown, page, write_comparison
from earlysieve.errors import DataError, InputError
from earlysieve.groups.accuracy import wilson_interval
from earlysieve.groups.paired_shares import paired_difference
from tests.cli.helpers import ok, problem
from tests.cli.helpers import run as run_command
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


def test_folded_seeds_are_named_by_what_their_folders_have_in_common(tmp_path, runs):
    """The folder of the first seed alone was named, as if the line were of it."""
    plain, other = runs
    found = compare([*plain, *other])
    assert [line.name for line in found.lines] == [
        f"erm: {tmp_path}/erm* (3 seeds)",
        f"sieve: {tmp_path}/sieve* (2 seeds)",
    ]
    tens = [run(tmp_path / f"jtt1{s}-end", 10 + s, 0.5, method="jtt") for s in (0, 1)]
    assert compare([plain[0], *tens]).lines[1].name == f"jtt: {tmp_path}/jtt*-end (2 seeds)"
    assert compare([plain[0], other[0]]).lines[0].name == f"erm: {plain[0]}"
    twins = [run(tmp_path / f"erm{s}", s, 0.5, lr=0.5) for s in (3, 4)]
    assert [line.name for line in compare([*plain, *twins]).lines] == [
        f"erm: {plain[0]} and 2 more",
        f"erm: {twins[0]} and 1 more",
    ]


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


def test_runs_on_other_data_have_no_difference(tmp_path):
    one = run(tmp_path / "a", 0, 0.6, data="x", data_options={"limit": 9, "cache": "c"})
    same = run(tmp_path / "b", 0, 0.7, data="x", data_options={"limit": 9}, method="sieve")
    for name, more in (("c", {"data": "y"}), ("d", {"data": "x", "data_options": {"limit": 8}})):
        other = run(tmp_path / name, 0, 0.9, method="sieve", **more)
        found = compare([one, same, other])
        assert [difference.name for difference in found.differences] == [found.lines[1].name]
        assert any("since they learned from other data" in note for note in found.notes)


def test_a_folder_of_several_runs_is_told_to_name_these(tmp_path, runs):
    with pytest.raises(InputError, match=r"give the folders that it holds: '.*erm0' '.*erm1' and"):
        read_entry(tmp_path)
    with pytest.raises(InputError, match="give the --out of 'earlysieve audit'"):
        read_entry(tmp_path / "nothing")


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
    assert found.notes[-1] == (
        f"No difference of '{other}' to '{tmp_path / 'audit'}' is shown, since the first is an "
        "audit and not a run: name folders of one kind."
    )


@pytest.fixture
def leaning():
    """A table in which "ward" tells the label of 85% and "fever" of all, and models of either."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(600) % 2
    holds = torch.rand(600, generator=generator) < 0.85
    ward = torch.where(holds, labels, 1 - labels)
    fever = labels + 0.3 * torch.randn(600, generator=generator)
    table = pd.DataFrame({"ward": ward.float(), "fever": fever})

    def by(column):
        net = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.ReLU(), torch.nn.Linear(2, 2))
        with torch.no_grad():
            net[0].weight.copy_(torch.eye(2))
            net[0].bias.fill_(0.5)
            net[2].weight.zero_()
            net[2].weight[1, column] = 6.0
            net[2].bias.copy_(torch.tensor([6.0, 0.0]))
        return net.eval()

    return table, labels.numpy(), ~holds.numpy(), by


def test_audits_of_the_same_examples_say_how_models_do_where_the_first_is_misled(tmp_path, leaning):
    table, labels, against, by = leaning
    for name, column, rows in (("ward", 0, 600), ("fever", 1, 600), ("half", 1, 300)):
        data = (table[:rows], labels[:rows])
        es.audit(by(column), data, pictures=0, progress=False).save(tmp_path / name)
    found = compare([tmp_path / name for name in ("ward", "fever", "half")])
    first, second, third = (line.figures.get("where misled") for line in found.lines)
    right = es.AuditResult.load(tmp_path / "fever").examples.eval("prediction == label")
    assert first.value == 0
    assert second.value == pytest.approx(right[against].mean())
    assert (second.low, second.high) == pytest.approx(
        wilson_interval(int(right[against].sum()), int(against.sum()))
    )
    assert third is None  # is of other examples
    fever, half = (one.figures for one in found.differences)
    wards = es.AuditResult.load(tmp_path / "ward").examples.eval("prediction == label")
    expected = paired_difference(right.to_numpy(), wards.to_numpy())
    assert astuple(fever["accuracy"]) == pytest.approx(expected)
    assert fever["where misled"].value == second.value
    assert fever["where misled"].low > 0
    assert math.isnan(half["accuracy"].low)
    assert "paired 95% interval" in found.notes[1]
    assert f"{against.sum()} examples on which a reader of column 'ward'" in found.notes[0]
    assert "where misled" in all_cells(found, short=True)[0][0]
    assert "worst group" not in all_cells(found, short=True)[0][0]
    assert found.notes[2] == (
        f"'{tmp_path / 'half'}' and '{tmp_path / 'ward'}' are audits of different examples, so "
        "that differences have no paired interval and may come from the examples: audit both "
        "models on the same data, with the same --split, --limit and --seed."
    )
    written = write_comparison(found, tmp_path / "out")
    assert all(found.notes[n] in written[1].read_text() for n in (0, 2))
    assert "audits of different examples" in written[3].read_text()
    ward, fever, half = (str(tmp_path / name) for name in ("ward", "fever", "half"))
    ok("compare", ward, fever, "--fail-on-worse")
    assert "relies on" in ok("compare", ward, fever).stdout
    ok("compare", ward, fever, "--fail-on-worse", "--gate-on", "where-misled")
    ok("compare", ward, fever, "--fail-unless-better", "--gate-on", "where-misled")
    other = run_command("compare", ward, fever, "--fail-on-worse", "--gate-on", "worst-group")
    assert "no groups are known in" in other.stderr
    assert run_command("compare", ward, fever, "--gate-on", "accuracy").exit_code == 2
    told = run_command("compare", fever, ward, "--fail-on-worse", "--json")
    assert told.exit_code == 3
    assert json.loads(told.stdout)["gate"]["passed"] is False
    assert f"Gate failed: '{ward}' is worse than '{fever}' in accuracy: -0." in told.stderr
    unknown = run_command("compare", ward, half, "--fail-on-worse")
    assert unknown.exit_code == 3
    assert "cannot be told: no difference of accuracies has an interval" in unknown.stderr


def test_rows_of_another_table_with_the_same_labels_are_not_the_same_examples(tmp_path, leaning):
    """Rows have no names but their numbers, so that two tables passed for one."""
    table, labels, _, by = leaning
    other = table.sample(frac=1, random_state=0).reset_index(drop=True)
    scaled = (table - table.mean()) / table.std()
    wider = table.assign(age=np.arange(600.0), flag=0.0)
    wide = torch.nn.Sequential(torch.nn.Linear(4, 2), torch.nn.ReLU(), by(1)[2])
    tables = {"first": (table, by(0)), "other": (other, by(1)), "scaled": (scaled, by(1)),
              "wider": (wider, wide)}  # fmt: skip
    for name, (columns, model) in tables.items():
        es.audit(model, (columns, labels), swaps=0, pictures=0, progress=False).save(
            tmp_path / name
        )
    first, strange, same, more = (tmp_path / name for name in tables)
    assert not math.isnan(compare([first, same]).differences[0].figures["accuracy"].low)
    assert not math.isnan(compare([first, more]).differences[0].figures["accuracy"].low)
    found = compare([first, strange])
    assert math.isnan(found.differences[0].figures["accuracy"].low)
    assert "where misled" not in found.lines[1].figures
    assert found.notes[-1] == (
        f"'{strange}' and '{first}' are audits of different tables (as many rows, with the same "
        "labels, but of other values), so that differences have no paired interval and may come "
        "from the examples: audit both models on the same data, with the same --split, --limit "
        "and --seed."
    )
    assert run_command("compare", first, strange, "--fail-on-worse").exit_code == 3
    kept = json.loads((strange / "audit.json").read_text())
    assert len(kept["config"].pop("columns_of_rows")) == 2
    (strange / "audit.json").write_text(json.dumps(kept))  # as one that was made before
    assert not math.isnan(compare([first, strange]).differences[0].figures["accuracy"].low)


def _edited(folder: Path, *, without: tuple[str, ...] = (), **config: object) -> Path:
    """An audit whose configuration says something else, or lacks what older audits did not keep."""
    kept = json.loads((folder / "audit.json").read_text())
    left = {key: value for key, value in kept["config"].items() if key not in without}
    (folder / "audit.json").write_text(json.dumps({**kept, "config": {**left, **config}}))
    return folder


def test_other_images_with_the_same_labels_are_not_the_same_examples(tmp_path):
    """Rows have no names but their numbers: audits of two data sets were paired."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(120) % 2
    images = torch.rand(120, 1, 6, 6, generator=generator) + labels.view(-1, 1, 1, 1)
    others = torch.rand(120, 1, 6, 6, generator=generator) + labels.view(-1, 1, 1, 1)
    data = {"first": images, "scaled": images * 3 - 1, "other": others}
    for k, (name, inputs) in enumerate(data.items()):
        torch.manual_seed(k)
        model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(36, 4), torch.nn.ReLU(),
                                    torch.nn.Linear(4, 2))  # fmt: skip
        groups = labels.roll(1) if name == "other" else labels
        es.audit(model, (inputs, labels, groups), group_names=("dry", "wet"), swaps=0, pictures=0,
                 progress=False).save(tmp_path / name)  # fmt: skip
    first, scaled, other = (tmp_path / name for name in data)

    def paired(path: Path) -> bool:
        found = compare([first, path]).differences
        return not math.isnan(found[0].figures["accuracy"].low)

    assert paired(scaled)
    assert not paired(other)
    assert "are audits of different data (as many" in compare([first, other]).notes[-1]
    for flag in ("--fail-on-worse", "--fail-unless-better"):
        gate = run_command("compare", first, other, flag, "--gate-on", "accuracy")
        assert gate.exit_code == 3
    _edited(first, data="bars:strong")
    assert not paired(_edited(other, data="bars:honest"))
    assert paired(_edited(scaled, data="bars:copy"))
    assert paired(_edited(other, data="bars:strong"))  # prepared for another model
    older = ("first_inputs",)
    _edited(first, without=older)
    assert not paired(_edited(other, without=older, data="bars:honest"))  # by their groups
    assert paired(_edited(scaled, without=older, data="bars:copy"))
    caution = f"'{scaled}' is an audit of bars:copy, '{first}' one of bars:strong: that these hold"
    assert any(note.startswith(caution) for note in compare([first, scaled]).notes)
    assert not any("that these hold" in n for n in compare([first, other]).notes)


def test_worst_groups_of_the_same_examples_have_a_paired_interval(tmp_path, leaning):
    table, labels, misled, by = leaning
    data = (table, labels, misled.astype(int))
    for name, column in (("ward", 0), ("fever", 1)):
        es.audit(by(column), data, folds=3, swaps=0, progress=False).save(tmp_path / name)
    ward, fever = (str(tmp_path / name) for name in ("ward", "fever"))
    figures = compare([ward, fever]).differences[0].figures
    assert figures["worst group"].value > 0.5
    assert 0 < figures["worst group"].low < figures["worst group"].high <= 1
    assert not math.isnan(figures["worst class"].high)
    ok("compare", ward, fever, "--fail-on-worse", "--gate-on", "worst-group")
    worse = run_command("compare", fever, ward, "--fail-on-worse", "--gate-on", "worst-group")
    assert "is worse than" in worse.stderr
    assert "in worst group: -" in worse.stderr
    html = page(compare([ward, fever]))
    assert '<span class="detail">[' in html  # below the figure, so that all columns have room
    assert "]</td>" not in html


def test_audits_of_other_seeds_are_paired_and_worst_groups_of_other_groups_are_not(
    tmp_path, leaning
):
    table, labels, misled, by = leaning
    old = np.arange(600) % 3 // 2
    names = {"ward": (("holds", "fails"), misled.astype(int)), "fever": (("young", "old"), old)}
    for seed, (name, (called, groups)) in enumerate(names.items()):
        es.audit(by(seed), (table, labels, groups), group_names=called, folds=3 + seed, swaps=0,
                 seed=seed, progress=False).save(tmp_path / name)  # fmt: skip
    found = compare([tmp_path / name for name in names])
    one = found.differences[0]
    right = [
        es.AuditResult.load(tmp_path / name).examples.eval("prediction == label").to_numpy()
        for name in ("fever", "ward")
    ]
    assert astuple(one.figures["accuracy"]) == pytest.approx(paired_difference(*right))
    assert one.seeds == ()
    assert all_cells(found)[1][1][1] == "-"
    assert "worst group" not in one.figures
    assert any("The groups of 'fever' are not those of the first" in note for note in found.notes)
    assert not any("share no seed" in note for note in found.notes)


def test_a_repair_that_changes_nothing_is_not_worse_and_not_better(tmp_path, leaning):
    table, labels, _, by = leaning
    before, after = str(tmp_path / "before"), str(tmp_path / "after")
    for path in (before, after):
        es.audit(by(0), (table, labels), pictures=0, progress=False).save(path)
    misled = ("--gate-on", "where-misled")
    ok("compare", before, after, "--fail-on-worse", *misled)
    told = run_command("compare", before, after, "--fail-unless-better", *misled, "--json")
    assert told.exit_code == 3
    assert json.loads(told.stdout)["gate"]["passed"] is False
    assert (
        f"Gate failed: '{after}' is not better than '{before}' in where misled by more than "
        "chance: +0.000" in told.stderr
    )
    both = run_command("compare", before, after, "--fail-on-worse", "--fail-unless-better", *misled)
    assert both.exit_code == 3
    other = run_command(
        "compare", before, after, "--fail-unless-better", "--gate-on", "worst-group"
    )
    assert "is better than" in other.stderr
    assert "cannot be told" in other.stderr
    alone = run_command("compare", before, after, "--fail-unless-better")
    assert alone.exit_code == 2
    assert "--gate-on where-misled" in alone.stderr


def entry(path, seed, on, reliance, config=None):
    figures = {"reliance": Estimated(reliance), "accuracy": Estimated(0.9)}
    return Entry(
        Path(path),
        "audit",
        "",
        {"p": path} if config is None else config,
        seed,
        "shortcut",
        on,
        figures=figures,
    )


def test_reliance_on_different_things_has_no_difference():
    first, second, third = fold(
        [entry("a", 0, "colour", 0.5), entry("b", 0, "size", 0.3), entry("c", 0, "colour", 0.2)]
    )
    assert difference(second, first).figures.keys() == {"accuracy"}
    assert difference(third, first).figures["reliance"].value == pytest.approx(-0.3)
    found = Comparison((first, second, third), ())
    rows = all_cells(found)[0]
    assert [row[3] for row in rows] == ["relies on", "colour", "size", "colour"]
    assert found.table["leans_on"].tolist() == ["colour", "size", "colour"]
    (note,) = not_compared(found.lines)
    assert "that of 'b' is on another thing than colour" in note
    assert not_compared((first, third)) == ()
    assert "relies on" not in all_cells(Comparison((first, third), ()))[0][0]


def test_seeds_that_lean_on_different_things_have_no_mean_reliance():
    (line,) = fold([entry("a", 0, "colour", 0.5, {}), entry("b", 1, "size", 0.3, {})])
    assert line.leans_on == "colour (1 of 2), size (1 of 2)"
    assert line.figures.keys() == {"accuracy"}


def test_why_runs_have_no_difference_or_no_interval_is_said_once_for_all(tmp_path, runs):
    plain, other = runs
    third = run(tmp_path / "third", 1, 0.7, method="kd")
    alone = compare([plain[1], other[0], third, plain[0]])
    assert alone.notes == (
        f"Differences of '{other[0]}', '{third}' to '{plain[1]}' have no interval, since these "
        "runs share one seed only: train both with more seeds.",
    )
    (none,) = compare([plain[0], other[0]]).notes
    assert "since they share no seed: give both the same --seed" in none
    fitted = run(tmp_path / "dfr", 0, 0.7, method="dfr")
    kept = {"history": [{"epoch": 1}], "best_epoch": None, "restored_best": False}
    (fitted / "training.json").write_text(json.dumps(kept))
    (none,) = compare([plain[0], fitted]).notes
    assert "since no figures are kept of the former" in none
    assert "a benchmark's own tables judge it on test data" in none


def test_written_tables(tmp_path, runs):
    plain, other = runs
    found = compare([*plain, *other])
    paths = write_comparison(found, tmp_path / "out")
    table = pd.read_csv(paths[0])
    assert table["accuracy"].tolist() == pytest.approx([0.62, 0.695])
    assert found.notes == ()
    assert "| 3 | 0.620 [" in paths[1].read_text()
    assert "2 models side by side" in paths[3].read_text()
    tex = paths[2].read_text()
    assert tex.count(r"\toprule") == tex.count(r"\end{table}") == len(all_cells(found)) == 2
    assert r"% \usepackage{booktabs}" in tex
    assert r"\label{tab:compare}" in tex
    assert r"\label{tab:differences}" in tex


def test_what_figures_are_of_is_said_wherever_they_stand(tmp_path):
    given = {"data": "photos/bar", "validation": "split:val"}
    plain = [run(tmp_path / f"erm{s}", s, 0.6, **given) for s in (0, 1)]
    other = run(tmp_path / "kd", 0, 0.5, method="kd", data="photos/bar", validation="held/out")
    same = "validation data (split:val of photos/bar)"
    told = "Figures of 'erm' are of " + same + ", not of test data."
    found = compare([*plain, other])
    csv, md, tex, html = write_comparison(found, tmp_path / "out")
    assert pd.read_csv(csv)["measured_on"].tolist() == [same, "validation data (held/out)"]
    assert told in md.read_text()
    caption = next(one for one in tex.read_text().splitlines() if one.startswith(r"\caption"))
    assert f"on {same} and validation data (held/out); of seeds the mean" in caption
    assert "Figures of &#39;erm&#39; are of " + same in html.read_text()
    shown = " ".join(ok("compare", *plain, other).stdout.split())
    assert told in shown
    alone = json.loads(ok("compare", *plain, "--json").stdout)
    assert alone["measured_on"] == [f"Figures are of {same}, not of test data."]


def test_audits_say_which_data_they_are_of():
    assert of_audit({"data": "x.csv", "split": "test"}) == "audited data (x.csv, split test)"
    assert of_audit({"data_options": {"split": "val"}}) == "audited data (split val)"
    assert of_audit({}) == "audited data"
    assert of_run({}) == "validation data"
    assert of_run({"data": "d", "validation": "0.2"}) == "validation data (0.2 of d)"


def test_best_epochs_of_seeds_are_a_mean_with_one_decimal(tmp_path):
    runs = [run(tmp_path / f"r{s}", s, 0.6, best=s > 0) for s in range(3)]
    assert all_cells(compare(runs))[0][1][-1] == "1.3"
    assert all_cells(compare([runs[0], run(tmp_path / "k", 0, 0.5, method="kd")]))[0][1][-1] == "2"


def named(*paths, methods=None):
    kinds = methods or [""] * len(paths)
    return labels(
        fold(
            [Entry(Path(p), "audit", m, {"p": p}, None) for p, m in zip(paths, kinds, strict=True)]
        )
    )


def test_lines_are_named_by_what_tells_them_apart():
    assert named("a/x/before", "a/x/after") == ["before", "after"]
    assert named("a/x/audit", "a/y/audit") == ["x", "y"]
    assert named("a/x", "a/x/audit-after") == ["x", "audit-after"]
    assert named("r/1", "r/2", methods=["erm", "sieve"]) == ["erm", "sieve"]
    assert named("r/1", "r/2", methods=["erm", "erm"]) == ["erm: 1", "erm: 2"]
    assert named("r/erm-1", "r/erm-2", methods=["erm", "erm"]) == ["erm-1", "erm-2"]
    lines = [
        Entry(Path(f"{d}/runs/bar/erm/seed-{s}"), "run", "erm", {"data": f"p/{n}"}, s)
        for d, n in (("r", "bar"), ("q", "nico"))
        for s in (0, 1)
    ]
    assert labels(fold(lines)) == ["erm, bar", "erm, nico"]
    lines = [replace(e, config={"p": e.path.parts[0], "data": "p"}) for e in lines]
    lines[2:] = [
        replace(e, seed=s, path=e.path.parent / f"seed-{s}") for s, e in enumerate(lines[2:], 1)
    ]
    assert labels(fold(lines)) == ["erm: r", "erm: q"]  # a line whose first seed failed, too
    assert named("x/x", "x") == ["audit: x/x", "audit: x"]


def test_runs_of_a_benchmark_are_named_as_its_tables_name_them(tmp_path):
    (tmp_path / "protocol.json").write_text("{}")
    arms = (("dfr", "dfr@audit"), ("dfr", "dfr@true"), ("gce.py:METHOD", "gce"))
    lines = [
        Entry(tmp_path / "runs" / "bar" / arm / f"seed-{seed}", "run", method, {"arm": arm}, seed)
        for method, arm in arms
        for seed in (0, 1)
    ]
    assert labels(fold(lines)) == ["dfr@audit", "dfr@true", "gce"]
    (tmp_path / "protocol.json").unlink()
    assert labels(fold(lines)) == ["dfr@audit", "dfr@true", "gce.py:METHOD: gce"]


def test_an_audit_of_examples_that_were_learned_from_is_told(tmp_path):
    data = torch.randn(60, 2, generator=torch.Generator().manual_seed(0))
    net = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.ReLU(), torch.nn.Linear(2, 2))
    for name, seen in (("before", False), ("after", True), ("again", True)):
        audited = es.audit(net, (data, (data[:, 0] > 0).long()), pictures=0, seen_in_training=seen)
        audited.save(tmp_path / name)
    found = compare([tmp_path / name for name in ("before", "after")])
    assert sum("'after': audited on examples that the model" in note for note in found.notes) == 1
    both = compare([tmp_path / name for name in ("after", "again")])
    assert not any("audited on examples that" in note for note in both.notes)


def test_latex_has_the_columns_that_matter_and_others_where_asked_for(tmp_path, runs):
    plain, other = runs
    history = json.loads((plain[0] / "training.json").read_text())
    for row in history["history"]:
        row["validation_calibration_error"] = 0.1
    (plain[0] / "training.json").write_text(json.dumps(history))
    found = compare([*plain[:1], *other])
    short = write_comparison(found, tmp_path / "short")[2].read_text()
    heads = next(line for line in short.splitlines() if line.startswith("model"))
    assert heads == r"model & seeds & accuracy & best epoch \\"
    assert "calibration error" not in short
    assert "calibration error" in (tmp_path / "short" / "compare.md").read_text()
    wide = write_comparison(found, tmp_path / "wide", all_columns=True)[2].read_text()
    assert "calibration error" in wide
    assert str(tmp_path) not in short.split(r"\toprule", 1)[1]


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


def test_places_may_be_strings_but_not_one_alone(tmp_path):
    with pytest.raises(InputError, match="a list of two or more folders, but got 'one' alone"):
        compare("one")
    with pytest.raises(InputError, match="Expected the folder of an audit or of a finished run"):
        compare([str(tmp_path / "one"), str(tmp_path / "two")])
