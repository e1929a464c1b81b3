import json
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from earlysieve.benchmarking.benchmark import benchmark, run_grid
from earlysieve.benchmarking.cells import folder_of
from earlysieve.benchmarking.gather import gather
from earlysieve.benchmarking.grid import grid_of
from earlysieve.benchmarking.lines import FIGURES
from earlysieve.benchmarking.protocol import Budget, DataSplits, Protocol
from earlysieve.errors import EarlysieveError, InputError, TrainingError
from earlysieve.runs.reporter import Reporter
from earlysieve.runs.train_run import TrainRun
from tests.benchmarking.nets import HERE
from tests.cli.helpers import ok, process

PROTOCOL = Protocol(
    {"points": DataSplits(f"{HERE}:points", f"{HERE}:held", f"{HERE}:others")},
    seeds=(0, 1),
    budget=Budget(epochs=3),
    training={"model": f"{HERE}:net", "batch_size": 32, "lr": 0.05},
)
METHODS = ["group-dro@audit", "dfr", "kd", "sieve"]
ROOT = Path(__file__).parents[2]
WORDS = (
    *("benchmark", "--data", f"points={HERE}:points", "--validation", f"{HERE}:held"),
    *("--test", f"{HERE}:others", "--model", f"{HERE}:net", "--epochs", 3, "--batch-size", 32),
    *("--lr", 0.05, "--out", "results", "--quiet"),
)


def figures(out: Path) -> dict[str, object]:
    """What came of each run, without what a clock says."""
    found = {}
    for path in sorted(out.glob("runs/*/*/*/cell.json")):
        record = json.loads(path.read_text())
        found[path.parent.relative_to(out).as_posix()] = (record["state"], record["figures"])
    return found


@pytest.fixture
def trained(monkeypatch):
    """The folders that were trained in, in their order."""
    found: list[str] = []
    usual = TrainRun.train

    def train(self, *, resume):
        found.append("/".join(self.out.parts[-2:]))
        return usual(self, resume=resume)

    monkeypatch.setattr(TrainRun, "train", train)
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    out = tmp_path_factory.mktemp("whole") / "results"
    return out, benchmark(PROTOCOL, METHODS, out)


def test_epochs_are_chosen_by_groups_of_a_reference_and_students_learn_from_any_run(tmp_path):
    protocol = replace(PROTOCOL, seeds=(0,), select="worst_pseudo_group_accuracy")
    student = {"method": "kd", "teacher": "group-dro"}
    result = benchmark(protocol, ["jtt", "dfr@audit", student], tmp_path)
    assert not any(line.failed for line in result.lines)
    audited = str(tmp_path / "groups/points/reference-validation/seed-0/audit")
    for name, teacher in {"erm": None, "jtt": None, "kd": "group-dro@true"}.items():
        run = tmp_path / f"runs/points/{name}/seed-0"
        config = json.loads((run / "config.json").read_text())
        assert config["select"] == "worst_pseudo_group_accuracy"
        assert config["validation_groups_from"] == audited
        weights = config["method_options"].get("teacher_checkpoint")
        assert weights == (teacher and str(tmp_path / f"runs/points/{teacher}/seed-0/model.pt"))
        history = json.loads((run / "training.json").read_text())
        assert "worst_pseudo_group_accuracy" in json.dumps(history)
    costs = {line.name: line.cost for line in result.lines}
    assert costs["erm"] > 1  # its reference counts, too
    assert gather(tmp_path).lines == result.lines


def test_every_cell_is_an_ordinary_run_and_the_plain_ones_serve_all(whole):
    out, result = whole
    assert [line.name for line in result.lines] == [
        *("erm", "group-dro@audit", "dfr@true", "kd", "sieve"),
    ]
    assert all(len(line.by_seed) == 2 and not line.failed for line in result.lines)
    grouped = set(FIGURES) - {"bias_amplification"}  # only where groups name an attribute
    assert all(grouped <= set(line.figures) <= set(FIGURES) for line in result.lines)
    for line in result.lines:
        for place in line.runs.values():
            for name in ("config.json", "training.json", "model.pt", "log.txt", "made_with.json"):
                assert (out / place / name).exists(), (place, name)
    config = json.loads((out / "runs/points/kd/seed-1/config.json").read_text())
    plain = str(out / "runs/points/erm/seed-1/model.pt")
    assert config["method_options"]["teacher_checkpoint"] == plain
    repair = json.loads((out / "runs/points/dfr@true/seed-1/config.json").read_text())
    assert (repair["checkpoint"], repair["data"]) == (plain, f"{HERE}:held")
    groups = json.loads((out / "runs/points/group-dro@audit/seed-0/config.json").read_text())
    assert groups["groups_from"] == str(out / "groups/points/audit-train/seed-0/groups.csv")
    sieve = json.loads((out / "runs/points/sieve/seed-0/config.json").read_text())
    assert sieve["method_options"]["layer"] == "stage1.0"
    made = json.loads((out / "runs/points/erm/seed-0/made_with.json").read_text())
    assert set(made["versions"]) >= {"torch", "earlysieve"}


def test_the_repair_is_the_one_that_train_makes_of_the_validation_data(whole, tmp_path):
    """The configuration of a cell, trained again by itself, gives its very weights."""
    import torch

    from earlysieve.runs.reporter import Reporter
    from earlysieve.training import read_config

    out, _ = whole
    for place in ("dfr@true/seed-0", "group-dro@audit/seed-0"):
        run = out / "runs/points" / place
        again = TrainRun.prepare(read_config(run / "config.json"), tmp_path, Reporter())
        again.train(resume=False)
        ours, theirs = again.algorithm.model.state_dict(), torch.load(run / "model.pt")
        assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_the_test_data_are_opened_once_for_each_run_and_that_is_logged(whole):
    out, _ = whole
    logs = sorted(out.glob("runs/*/*/*/test.log"))
    assert len(logs) == 10
    for log in logs:
        (line,) = log.read_text().splitlines()
        assert f"test data '{HERE}:others' of '{HERE}:points' opened" in line
        assert line[:4].isdigit()
    plain = (out / "runs/points/erm/seed-0/test.log").read_text()
    assert "of 3, chosen by accuracy" in plain


def test_nothing_is_repeated_and_methods_seeds_and_data_are_added(whole, trained, tmp_path):
    out, result = whole
    told: list[str] = []
    assert benchmark(PROTOCOL, METHODS, out, reporter=Reporter(told.append)) == result
    assert (trained, told[0]) == (
        [],
        "Nothing is left to run: 14 of 14 cells are kept from earlier.",
    )
    before = figures(out)
    seeds = replace(PROTOCOL, seeds=(2,))
    benchmark(seeds, ["dfr"], out)
    assert trained == ["erm/seed-2", "dfr@true/seed-2"]
    more = benchmark(PROTOCOL, ["jtt"], out, reporter=Reporter(told.append))
    assert told[1] == "Going on with the benchmark: 2 of 4 cells are kept from earlier."
    assert told[2:] == ["2 of 4: jtt on points, seed 0 ...", "4 of 4: jtt on points, seed 1 ..."]
    assert trained[2:] == ["jtt/seed-0", "jtt/seed-1"]
    assert before.items() <= figures(out).items()
    assert [len(line.by_seed) for line in more.lines] == [3, 2, 3, 2, 2, 2]
    other = {"again": DataSplits(f"{HERE}:points", f"{HERE}:held", f"{HERE}:held")}
    both = benchmark(
        replace(PROTOCOL, data={**PROTOCOL.data, **other}, seeds=(0,)), [METHODS[3]], out
    )
    assert trained[4:] == ["erm/seed-0", "sieve/seed-0"]
    assert {line.data for line in both.lines} == {"points", "again"}


def test_what_is_kept_is_counted_and_only_new_cells_and_failures_are_told(tmp_path, trained):
    """Every kept cell was printed again, as if it were run now."""
    one = replace(PROTOCOL, seeds=(0,), budget=Budget(epochs=2))
    heard: list[str] = []

    def hear(cell, record):
        heard.append(f"{cell.title}: {record.state}")

    few = {"method": "dfr", "settings": {"min_group": 10_000}}
    first = ["erm on points, seed 0: complete", "dfr@true on points, seed 0: failed"]
    benchmark(one, [few], tmp_path, on_cell=hear)
    assert heard == first
    told: list[str] = []
    benchmark(one, [few, "jtt"], tmp_path, on_cell=hear, reporter=Reporter(told.append))
    assert heard[2:] == [first[1], "jtt on points, seed 0: complete"]
    assert told[0] == (
        "Going on with the benchmark: 2 of 3 cells are kept from earlier, 1 of which failed "
        "(--retry-failed tries again)."
    )
    benchmark(one, ["jtt"], tmp_path, on_cell=hear)
    assert len(heard) == 4


def test_compare_takes_the_folder_for_all_its_runs(whole):
    """Repairs and students name the run of their own seed, and are one line all the same."""
    from earlysieve.benchmarking.gather import run_folders
    from earlysieve.comparing.compare import compare

    out, result = whole
    found = compare(run_folders(out))
    assert [line.entries[0].method for line in found.lines][:5] == [
        *("erm", "group-dro", "dfr", "kd", "sieve"),
    ]
    assert all(len(line.entries) >= 2 for line in found.lines[:5])
    assert len(found.lines) <= len(gather(out).lines) >= len(result.lines)
    assert "erm" in ok("compare", out).stdout


def test_compare_takes_a_data_set_or_a_method_of_a_benchmark_for_its_runs(
    whole, monkeypatch, tmp_path
):
    from earlysieve.benchmarking.gather import run_folders, runs_in

    out, _ = whole
    data = out / "runs/points"
    assert runs_in(out) == run_folders(out)
    assert runs_in(data) == [one for one in run_folders(out) if one.is_relative_to(data)]
    assert len(runs_in(data)) >= 10
    seeds = runs_in(data / "erm")
    assert seeds[:2] == [data / "erm/seed-0", data / "erm/seed-1"]
    assert runs_in(seeds[0]) is None
    assert runs_in(out / "groups") is None
    assert runs_in(tmp_path) is None
    monkeypatch.chdir(data)
    assert runs_in(Path("erm"))[0] == Path("erm/seed-0")
    assert runs_in(Path())[0] == Path("erm/seed-0")
    (out / "runs/other").mkdir()
    with pytest.raises(InputError, match="has none; give the --out of 'earlysieve benchmark'"):
        runs_in(out / "runs/other")
    (out / "runs/other").rmdir()
    told = ok("compare", data / "erm", data / "dfr@true").stdout
    assert [line.split()[1] for line in told.splitlines() if line.startswith("│")][:2] == [
        "erm",
        "dfr@true",
    ]


def test_a_killed_benchmark_ends_as_one_that_was_not(whole, tmp_path, trained):
    """Killed while the groups of an audit are told, and while a method trains."""
    out, _ = whole
    words = (*WORDS, "--seeds", 1, "--methods", ",".join(METHODS))
    for awaited in ("groups/points/audit-validation/seed-0", "runs/points/kd/seed-0"):
        child = process(*words, cwd=tmp_path, PYTHONPATH=f"{ROOT}/src:{ROOT}")
        place = tmp_path / "results" / awaited / "log.txt"
        limit = time.monotonic() + 240
        while not place.exists() and child.poll() is None and time.monotonic() < limit:
            time.sleep(0.01)
        assert child.poll() is None
        child.kill()
        child.communicate()
    done = set(figures(tmp_path / "results"))
    assert 0 < len(done) < 5
    benchmark(replace(PROTOCOL, seeds=(0,)), METHODS, tmp_path / "results")
    ours, wanted = figures(tmp_path / "results"), figures(out)
    assert len(ours) == 5
    assert ours == {place: wanted[place] for place in ours}
    assert not done & {f"runs/points/{place}" for place in trained}


def test_two_processes_share_the_cells(whole, tmp_path):
    out, _ = whole
    words = (*WORDS, "--seeds", 2, "--methods", "kd,dfr,sieve")
    pair = [process(*words, cwd=tmp_path, PYTHONPATH=f"{ROOT}/src:{ROOT}") for _ in range(2)]
    said = [child.communicate() for child in pair]
    assert [child.returncode for child in pair] == [0, 0], said
    logs = (tmp_path / "results").glob("*/*/*/*/log.txt")
    begun = Counter(
        line for log in logs for line in log.read_text().splitlines() if "begun" in line
    )
    assert len(begun) == 8
    assert set(begun.values()) == {1}
    ours = figures(tmp_path / "results")
    assert ours == {place: figures(out)[place] for place in ours}


def test_several_jobs_give_the_same(whole, tmp_path):
    out, _ = whole
    heard = []
    one = replace(PROTOCOL, seeds=(0,))
    result = benchmark(
        one, ["kd"], tmp_path, jobs=2, on_cell=lambda cell, _: heard.append(cell.arm.name)
    )
    assert heard == ["erm", "kd"]
    assert [len(line.by_seed) for line in result.lines] == [1, 1]
    assert figures(tmp_path).items() <= figures(out).items()


def test_a_cell_that_fails_is_told_and_the_others_go_on(tmp_path, monkeypatch, trained):
    usual = TrainRun.save
    wrong = {"erm/seed-1", "jtt/seed-0"}

    def save(self, result):
        if "/".join(self.out.parts[-2:]) in wrong:
            raise TrainingError("Expected a finite loss, but got nan; lower the learning rate")
        return usual(self, result)

    monkeypatch.setattr(TrainRun, "save", save)
    heard = []
    result = benchmark(
        PROTOCOL, ["jtt", "kd"], tmp_path, on_cell=lambda cell, one: heard.append(one.state)
    )
    assert sorted(heard) == ["complete"] * 3 + ["failed"] * 3
    failed = {line.name: line.failed for line in result.lines}
    assert failed["jtt"] == {0: "Expected a finite loss, but got nan; lower the learning rate"}
    assert failed["kd"][1].startswith("erm on points, seed 1 failed: Expected a finite loss")
    assert "finite loss" in (tmp_path / "table.md").read_text()
    trained.clear()
    benchmark(PROTOCOL, ["jtt", "kd"], tmp_path)
    assert trained == []
    wrong.clear()
    better = benchmark(PROTOCOL, ["jtt", "kd"], tmp_path, retry_failed=True)
    assert sorted(trained) == ["erm/seed-1", "jtt/seed-0", "kd/seed-1"]
    assert all(not line.failed for line in better.lines)


CHARGED = """
import sys

import earlysieve as es
from earlysieve.benchmarking import work

usual = work.make_run


def make_run(*given):
    before = set(sys.modules)
    record = usual(*given)
    print("imported", sorted({"pandas", "scipy.stats"} & (sys.modules.keys() - before)))
    return record


work.make_run = make_run
here = "tests.benchmarking.nets"
data = {"points": es.DataSplits(f"{here}:points", f"{here}:held", f"{here}:others")}
training = {"model": f"{here}:net", "batch_size": 32}
es.benchmark(es.Protocol(data, (0,), es.Budget(epochs=1), training=training), ["erm"], sys.argv[1])
"""


def test_the_first_cell_is_not_charged_for_imports(tmp_path):
    words = [sys.executable, "-c", CHARGED, str(tmp_path / "results")]
    said = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert said == "imported []\n"


def test_a_training_over_its_budget_has_failed(tmp_path):
    late = replace(PROTOCOL, seeds=(0,), budget=Budget(epochs=3, minutes=1e-9))
    (line,) = benchmark(late, ["erm"], tmp_path).lines
    assert "within 1e-09 minutes (epoch 1 of 3)" in line.failed[0]


def test_ctrl_c_ends_a_benchmark_which_then_goes_on(tmp_path, monkeypatch, trained):
    usual = TrainRun.save

    def save(self, result):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(TrainRun, "save", save)
        with pytest.raises(KeyboardInterrupt):
            benchmark(PROTOCOL, ["jtt"], tmp_path)
    assert usual is TrainRun.save
    result = benchmark(PROTOCOL, ["jtt"], tmp_path)
    assert [len(line.by_seed) for line in result.lines] == [2, 2]


def test_a_stopped_extension_leaves_tables_of_what_is_finished(tmp_path, monkeypatch):
    one = replace(PROTOCOL, seeds=(0,))
    benchmark(one, ["erm"], tmp_path)
    usual = TrainRun.save

    def save(self, result):
        if self.out.parts[-2] == "sieve":
            raise KeyboardInterrupt
        return usual(self, result)

    monkeypatch.setattr(TrainRun, "save", save)
    with pytest.raises(KeyboardInterrupt):
        benchmark(one, ["jtt", "sieve"], tmp_path)
    assert "| jtt |" in (tmp_path / "table.md").read_text()
    written = json.loads((tmp_path / "results.json").read_text())
    assert [line["name"] for line in written["lines"]] == ["erm", "jtt"]


SILENT = DataSplits(f"{HERE}:silent", f"{HERE}:held", f"{HERE}:others")


@pytest.mark.parametrize(
    ("data", "methods", "part"),
    [
        (SILENT, ["group-dro"], r"training data with groups .* \(only the validation and test"),
        (
            SILENT,
            ["group-dro"],
            "group-dro@audit, or @ xrm, disagreement, errors, eiil, spare or a file",
        ),
        (
            replace(SILENT, validation=f"{HERE}:silent"),
            ["dfr"],
            "validation data with groups for the method 'dfr'",
        ),
        (
            replace(SILENT, data=f"{HERE}:points", test=f"{HERE}:silent"),
            ["erm"],
            "groups in the test data of 'points', as its training data name some",
        ),
        (replace(SILENT, test="split:test"), ["erm"], "split|test"),
        (
            replace(SILENT, data=f"{HERE}:points", validation=f"{HERE}:few"),
            ["dfr@xrm"],
            r"at least 5 examples of each class, and of one 10, in the validation data of 'points'"
            r", since 'dfr@xrm' takes no smaller groups, but got 4 of class 0, 4 of class 1; give "
            r"more data with --validation, or allow .*: --set dfr@xrm\.min_group=2",
        ),
        (replace(SILENT, data=f"{HERE}:nothing"), ["erm"], "nothing"),
        (SILENT, [{"method": "jtt", "settings": {"identification_epochs": 3}}], "more epochs"),
        (SILENT, [{"method": "sieve", "settings": {"layer": "stge1"}}], "stage1"),
        (SILENT, [{"method": "dedier", "settings": {"stage": 9}}], "a stage from 1"),
        (SILENT, [{"method": "kd", "settings": {"teacher": "m:n"}}], "m"),
    ],
)
def test_bad_input_is_said_before_anything_is_written(tmp_path, data, methods, part):
    out = tmp_path / "out"
    with pytest.raises(EarlysieveError, match=part):
        benchmark(replace(PROTOCOL, data={"points": data}), methods, out)
    assert not out.exists()


def test_audits_are_told_what_must_not_matter(tmp_path):
    data = {"limit": 160, "shortcut": "colour"}
    dfr = {"method": "dfr@audit", "settings": {"min_group": 1}}
    small = {"model": "earlysieve.networks:small_cnn", "batch_size": 32}

    def under(*names, **more):
        splits = DataSplits("digits", "0.25", "split:test", data, irrelevant=names, **more)
        return Protocol({"d": splits}, seeds=(0,), budget=Budget(epochs=1), training=small)

    with pytest.raises(InputError, match=r"--irrelevant among .*'colur'; did you mean colour"):
        benchmark(under("colur"), [dfr], tmp_path / "no")
    with pytest.raises(InputError, match=r"--relevant among .*'textur'; did you mean texture"):
        benchmark(under("colour", relevant=["textur"]), [dfr], tmp_path / "no")
    assert not (tmp_path / "no").exists()
    benchmark(under("colour", relevant=["texture"]), [dfr], tmp_path)
    found = json.loads((tmp_path / "groups/d/audit-validation/seed-0/audit/audit.json").read_text())
    assert found["config"]["irrelevant"] == ["colour"]
    assert found["config"]["relevant"] == ["texture"]
    with pytest.raises(InputError, match="irrelevant"):
        benchmark(under(), [dfr], tmp_path)


def test_groups_of_a_file_are_checked_to_be_of_the_data(tmp_path):
    file = tmp_path / "g.csv"
    file.write_text("group\n0\n1\n")
    with pytest.raises(EarlysieveError, match="160 examples, but got those of 2"):
        benchmark(PROTOCOL, [f"group-dro@{file}"], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "runs").mkdir()
    with pytest.raises(InputError, match=r"'runs' without protocol\.json"):
        benchmark(PROTOCOL, ["erm"], tmp_path)
    with pytest.raises(InputError, match="jobs to be at least 1"):
        run_grid(grid_of(PROTOCOL, ["erm"]), tmp_path, jobs=0)


def test_a_share_that_is_held_out_is_what_repairs_are_fitted_to(tmp_path):
    data = DataSplits("digits", "0.25", "split:test", {"limit": 160, "shortcut": "colour"})
    small = {"model": "earlysieve.networks:small_cnn", "batch_size": 32}
    one = Protocol({"d": data}, seeds=(0,), budget=Budget(epochs=1), training=small)
    grid = grid_of(one, ["crt"])
    seen = []
    usual = TrainRun._fit

    def fit(self, **given):
        seen.append(len(self.job.data))
        return usual(self, **given)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(TrainRun, "_fit", fit)
        run_grid(grid, tmp_path)
    assert seen == [120, 40]
    assert folder_of(tmp_path, grid_cell(grid)).exists()


def grid_cell(grid):
    from earlysieve.benchmarking.cells import cells_of

    return cells_of(grid)[-1]


def test_all_parts_are_prepared_as_the_network_expects(tmp_path, monkeypatch):
    from earlysieve.benchmarking import configs, on_test

    seen = []

    def prepared(config, tell):
        return replace(config, data_options={**config.data_options, "image_size": 20})

    def open_beside(plain, spec, **given):
        data = usual(plain, spec, **given)
        seen.append(tuple(data[0][0].shape[1:]))
        return data

    usual = on_test.open_beside
    monkeypatch.setattr(configs, "prepared_config", prepared)
    monkeypatch.setattr(on_test, "open_beside", open_beside)
    data = DataSplits("digits", "0.25", "split:test", {"limit": 120})
    small = {"model": "earlysieve.networks:small_cnn", "batch_size": 32}
    one = Protocol({"d": data}, seeds=(0,), budget=Budget(epochs=1), training=small)
    result = benchmark(one, ["afr"], tmp_path)
    assert not any(line.failed for line in result.lines)
    assert set(seen) == {(20, 20)}
    for name in ("erm", "afr"):
        config = json.loads((tmp_path / f"runs/d/{name}/seed-0/config.json").read_text())
        assert config["data_options"]["image_size"] == 20


def test_twins_draw_a_bar_where_people_watch(tmp_path, monkeypatch):
    drawn = []

    def track(items, label, *, progress):
        drawn.append((label, progress))
        return items

    monkeypatch.setattr("earlysieve.grouping.twins.track", track)
    one = replace(PROTOCOL, seeds=(0,), budget=Budget(epochs=1))
    benchmark(one, ["dfr@xrm"], tmp_path, reporter=Reporter(progress=None))
    assert drawn == [("Twins", None)]


def test_trackers_get_the_figures_on_test_data_in_the_run_of_training(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    result = benchmark(
        replace(PROTOCOL, seeds=(0,)),
        ["erm"],
        tmp_path,
        reporter=Reporter(trackers=("tensorboard",)),
    )
    (line,) = (one for one in result.lines if one.method == "erm")
    assert not line.failed
    folder = tmp_path / "runs/points/erm/seed-0"
    found = EventAccumulator(str(folder / "tensorboard")).Reload()
    kept = json.loads((folder / "cell.json").read_text())["figures"]
    steps = json.loads((folder / "training.json").read_text())["steps"]
    for name in ("average", "worst_group"):
        (one,) = found.Scalars(f"test/{name}")
        assert (one.step, one.value) == (steps, pytest.approx(kept[name]))
    assert found.Scalars("train/loss")
