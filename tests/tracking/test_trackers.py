import sys
from dataclasses import replace
from pathlib import Path

import pytest

import earlysieve as es
from earlysieve.errors import InputError, MissingDependencyError
from earlysieve.runs.reporter import Reporter
from earlysieve.runs.train_run import TrainRun
from earlysieve.tracking import check_trackers, named, tracked
from earlysieve.tracking.named import prepare_trackers
from earlysieve.tracking.tracker import Tracking, flat
from earlysieve.training import Event, FitResult, TrainConfig
from tests.searching.nets import HERE

CONFIG = TrainConfig(
    data=f"{HERE}:points",
    validation=f"{HERE}:others",
    model=f"{HERE}:net",
    epochs=2,
    batch_size=32,
    lr=0.5,
)


def train(folder: Path, *trackers: str) -> tuple[FitResult, list[str]]:
    said: list[str] = []
    run = TrainRun.prepare(CONFIG, folder, Reporter(said.append, trackers=trackers))
    return run.train(resume=True), said


def wanted(result: FitResult, name: str) -> list[tuple[int, float]]:
    return [(int(row["step"]), row[name]) for row in result.history]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tensorboard_files_hold_the_history(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    result, said = train(tmp_path / "a", "tensorboard")
    assert said == []
    found = EventAccumulator(str(tmp_path / "a" / "tensorboard")).Reload()
    for tag, name in (("train/loss", "train_loss"), ("validation/accuracy", "validation_accuracy")):
        read = [(one.step, one.value) for one in found.Scalars(tag)]
        assert read == [(step, pytest.approx(value)) for step, value in wanted(result, name)]
    assert found.Tensors("configuration/text_summary")
    train(tmp_path / "b", f"tensorboard:{tmp_path / 'all'}")
    assert list((tmp_path / "all" / "b").glob("events.*"))


@pytest.mark.filterwarnings("ignore")
def test_mlflow_holds_the_history_and_a_resumed_run_goes_on_in_its_run(tmp_path):
    tracking = pytest.importorskip("mlflow.tracking")
    store = tmp_path / "store"
    result, said = train(tmp_path / "a", f"mlflow:{store}")
    assert said == []
    train(tmp_path / "a", f"mlflow:{store}")
    client = tracking.MlflowClient(f"sqlite:///{store / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("earlysieve").experiment_id
    [run] = client.search_runs([experiment])
    assert run.info.run_name == "a"
    assert run.data.params["lr"] == "0.5"
    history = client.get_metric_history(run.info.run_id, "validation/accuracy")
    read = sorted((one.step, one.value) for one in history)
    assert read == wanted(result, "validation_accuracy")


@pytest.mark.filterwarnings("ignore")
def test_wandb_keeps_a_run_offline(tmp_path, monkeypatch):
    pytest.importorskip("wandb", reason="Weights & Biases is not installed")
    monkeypatch.setenv("WANDB_MODE", "offline")
    _, said = train(tmp_path / "a", f"wandb:{tmp_path / 'kept'}")
    assert said == []
    assert list((tmp_path / "kept").glob("wandb/offline-run-*/*.wandb"))


class Broken:
    def __init__(self, _tracking: object) -> None:
        self.calls = 0

    def log(self, _figures: object, _step: int) -> None:
        raise ConnectionError("no route\nto host")

    def close(self) -> None:
        raise AssertionError("a tracker that failed is left alone")


def test_a_tracker_that_fails_is_told_once_and_never_ends_a_run(tmp_path, monkeypatch):
    monkeypatch.setattr("earlysieve.tracking.listening.check_trackers", lambda specs: specs)
    monkeypatch.setattr("earlysieve.tracking.listening.open_tracker", lambda _, t: Broken(t))
    result, said = train(tmp_path / "a", "mlflow")
    assert result.epochs == 2
    assert said == [
        "No more figures for mlflow: ConnectionError, no route to host; the run goes on."
    ]


def test_a_tracker_that_cannot_be_opened_does_not_end_a_run(tmp_path, monkeypatch):
    def refuse(_spec: str, _tracking: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("earlysieve.tracking.listening.check_trackers", lambda specs: specs)
    monkeypatch.setattr("earlysieve.tracking.listening.open_tracker", refuse)
    said: list[str] = []
    with tracked(["wandb"], {}, tmp_path, said.append) as hear:
        hear(Event("epoch", 1, 2, {"loss": 1.0}))
    assert len(said) == 1
    assert "disk full" in said[0]


def test_unknown_and_missing_trackers_are_refused(monkeypatch):
    with pytest.raises(InputError, match="did you mean tensorboard"):
        check_trackers(["tensorbord"])
    monkeypatch.setattr(named, "need", lambda *_, **__: None)
    with pytest.raises(InputError, match="folder or address after the colon"):
        check_trackers(["mlflow:"])
    assert check_trackers(["mlflow:a", "tensorboard"]) == ("mlflow:a", "tensorboard")
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(MissingDependencyError, match=r"earlysieve\[wandb\]"):
        check_trackers(["wandb"])


@pytest.fixture
def opened(monkeypatch):
    """What each tracker is opened for."""
    found = []

    class Silent:
        def __init__(self, tracking):
            found.append(tracking)

        def log(self, _figures, _step):
            pass

        def close(self):
            pass

    monkeypatch.setattr("earlysieve.tracking.listening.check_trackers", lambda specs: specs)
    monkeypatch.setattr("earlysieve.tracking.listening.open_tracker", lambda _, t: Silent(t))
    for place in ("benchmarking.benchmark", "benchmarking.one_run", "benchmarking.one_search"):
        monkeypatch.setattr(f"earlysieve.{place}.prepare_trackers", lambda _: None)
    return found


def test_a_run_is_called_as_its_folder_or_by_its_title(tmp_path):
    plain = Tracking(None, tmp_path / "a b", {})
    assert (plain.name, plain.file_name) == ("a b", "a-b")
    titled = replace(plain, title="dfr@true on my/data, seed 0")
    assert titled.name == "dfr@true on my/data, seed 0"
    assert titled.file_name == "dfr@true-on-my-data-seed-0"


def test_runs_of_a_benchmark_and_of_its_search_are_named_by_method_data_seed_and_trial(
    opened, tmp_path
):
    """They were called "seed-0" and "000" all."""
    pytest.importorskip("optuna")
    protocol = es.Protocol(
        {"points": es.DataSplits(f"{HERE}:points", f"{HERE}:others", f"{HERE}:others")},
        seeds=(1,),
        budget=es.Budget(trials=2, epochs=1),
        tuned={"sieve": ["forget_lr=0.1:1"]},
        training={"model": f"{HERE}:net", "batch_size": 32, "lr": 0.05},
    )
    result = es.benchmark(
        protocol, ["dfr", "sieve"], tmp_path, reporter=Reporter(trackers=("any",))
    )
    assert not any(line.failed for line in result.lines)
    # A run is opened again for its figures on test data.
    assert list(dict.fromkeys(one.name for one in opened)) == [
        "erm on points, seed 1",
        "dfr@true on points, seed 1",
        "sieve on points, seed 1, trial 0 (plain)",
        "sieve on points, seed 1, trial 1",
        "sieve on points, seed 1",
    ]


@pytest.mark.filterwarnings("ignore:This sieve never forgets")
def test_runs_of_a_search_are_named_by_their_trial(opened, tmp_path):
    pytest.importorskip("optuna")
    config = replace(CONFIG, method="sieve", method_options={"layer": "stage1.0"}, epochs=1)
    es.search(
        config,
        tmp_path,
        space={"forget_lr": "0.1:1"},
        options=es.SearchOptions(trials=2, seeds=1),
        reporter=Reporter(trackers=("any",)),
    )
    data = Path(CONFIG.data).name
    begun = f"sieve on {data}, seed 0, trial"
    names = [one.name for one in opened]
    assert names[:2] == [f"{begun} 0 (plain)", f"{begun} 1"]
    assert f"sieve on {data}, seed 1, trial 0 (plain)" in names[2:]


def test_a_configuration_is_flattened():
    assert flat({"a": {"b": 1, "c": None}, "d": "x"}) == {"a.b": 1, "d": "x"}


def test_figures_of_audits_on_the_way_are_told_at_their_step(monkeypatch, tmp_path):
    heard: list[tuple[dict[str, float], int]] = []

    class Hearing:
        def log(self, figures, step):
            heard.append((dict(figures), step))

        def close(self):
            pass

    monkeypatch.setattr("earlysieve.tracking.listening.check_trackers", lambda specs: specs)
    monkeypatch.setattr("earlysieve.tracking.listening.open_tracker", lambda *_: Hearing())
    run = TrainRun.prepare(CONFIG, tmp_path / "run", Reporter(lambda _: None))
    run.reporter = replace(run.reporter, trackers=("any",))
    run.train(resume=True, after_epoch=lambda epoch: {"reliance": 0.5} if epoch == 2 else None)
    last = heard[-1][1]
    assert ({"audit/reliance": 0.5, "epoch": 2.0}, last) in heard
    assert sum("audit/reliance" in figures for figures, _ in heard) == 1


@pytest.mark.filterwarnings("ignore")
def test_what_trackers_write_to_is_made_once_before_any_run(tmp_path, monkeypatch):
    tracking = pytest.importorskip("mlflow.tracking")
    store = tmp_path / "store"
    prepare_trackers([f"mlflow:{store}"])
    client = tracking.MlflowClient(f"sqlite:///{store / 'mlflow.db'}")
    assert client.get_experiment_by_name("earlysieve") is not None
    asked = []

    def fails(place):
        asked.append(place)
        raise ConnectionError("no route to host")

    monkeypatch.setattr("earlysieve.tracking.mlflow.prepare", fails)
    for _ in range(2):  # a run says it, each time it is opened
        prepare_trackers([f"mlflow:http://{tmp_path.name}", "tensorboard"])
    assert asked == [f"http://{tmp_path.name}"]
