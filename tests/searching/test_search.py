import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from earlysieve.errors import CheckpointError, InputError, TrainingError
from earlysieve.runs.reporter import Reporter
from earlysieve.searching.one_trial import RECORD_NAME, TrainRun
from earlysieve.searching.places import finished, is_all_begun, places_of, take_up
from earlysieve.searching.plan import Plan
from earlysieve.searching.search import SearchOptions, search
from earlysieve.searching.space import Dimension, space_of
from earlysieve.searching.storage import quiet_optuna
from earlysieve.searching.worker import Work, open_study
from earlysieve.training import TrainConfig
from tests.searching.nets import HERE, others

optuna = pytest.importorskip("optuna")

CONFIG = TrainConfig(
    data=f"{HERE}:points",
    validation=f"{HERE}:others",
    model=f"{HERE}:net",
    method="jtt",
    epochs=3,
    batch_size=16,
    lr=0.05,
    seed=4,
    select="worst_group_accuracy",
)
FEW = SearchOptions(trials=4, seeds=2)


def values_of(out: Path) -> list[tuple[str, object, object]]:
    records = sorted((out / "trials").glob(f"*/{RECORD_NAME}"))
    found = [(path.parent.name, json.loads(path.read_text())) for path in records]
    return [(name, record["values"], record["score"]) for name, record in found]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    out = tmp_path_factory.mktemp("whole")
    return out, search(CONFIG, out, options=FEW)


def test_trial_0_is_plain_training_and_trial_1_has_the_configured_settings(whole):
    out, result = whole
    trials = values_of(out)
    assert [name for name, *_ in trials] == ["000", "001", "002", "003"]
    assert trials[0][1] == {}
    assert trials[1][1] == {"identification_epochs": 1, "upweight": 20.0}
    assert json.loads((out / "trials/000/config.json").read_text())["method"] == "erm"
    assert len({str(values) for _, values, _ in trials}) == 4
    assert [row.place for row in result.trials] == [0, 1, 2, 3]


def test_only_fresh_seeds_are_reported(whole):
    out, result = whole
    assert set(result.plain.figures) == {5, 6}
    runs = {path.name for path in (out / "again").iterdir()}
    assert {"000-seed-5", "000-seed-6"} <= runs
    written = json.loads((out / "search.json").read_text())
    assert written["plain"]["means"]["accuracy"]["seeds"] == 2
    if result.chosen == 0:
        assert result.best is None
        assert "stays" in result.explanation
    else:
        assert set(result.difference) == set(result.plain.means)


def test_the_smallest_group_of_the_validation_data_is_counted(whole):
    counts = np.bincount(others().groups)
    assert whole[1].plain.smallest_group == (str(counts.argmin()), counts.min())


def test_no_warning_of_a_plain_sieve_ends_a_search_before_it_begins(tmp_path):
    with pytest.raises(InputError, match="storage that can be reached"):
        search(
            replace(CONFIG, method="sieve", method_options={"layer": "stage1"}),
            tmp_path / "s",
            options=SearchOptions(storage=f"journal:{tmp_path}"),
        )


def test_a_finished_search_is_read_and_more_trials_are_added_to_it(whole, monkeypatch):
    out, result = whole
    before = values_of(out)
    trained: list[Path] = []
    usual = TrainRun.train

    def train(self, *, resume):
        trained.append(self.out)
        return usual(self, resume=resume)

    monkeypatch.setattr(TrainRun, "train", train)
    told: list[str] = []
    assert search(CONFIG, out, options=FEW, reporter=Reporter(told.append)) == result
    assert told[0] == "Nothing is left to search: 4 of 4 trials are kept from earlier."
    assert [path for path in trained if path.parent.name == "trials"] == []
    more = search(CONFIG, out, options=replace(FEW, trials=5), reporter=Reporter(told.append))
    assert "Going on with the search: 4 of 5 trials are kept from earlier." in told
    kept = [text for text in told if "nothing is left to train" in text]
    assert kept  # the runs with fresh seeds
    assert not any("--fresh" in text or "resume=False" in text for text in told)
    assert [path.name for path in trained if path.parent.name == "trials"] == ["004"]
    assert values_of(out)[:4] == before
    assert len(more.trials) == 5


def test_another_search_in_the_same_folder_is_refused_with_the_difference(whole):
    out, _ = whole
    with pytest.raises(InputError, match=r"config\.lr: 0\.05 there, 0\.1 here"):
        search(replace(CONFIG, lr=0.1), out, options=FEW)
    with pytest.raises(InputError, match=r"space\.upweight\.low: 2 there, none here"):
        search(CONFIG, out, fixed={"upweight"}, options=FEW)


def test_trials_of_other_data_are_refused(whole, monkeypatch):
    from tests.searching import nets

    out, _ = whole
    before = values_of(out)
    monkeypatch.setattr(nets, "others", lambda: nets.Points(120, 2, 0.5))
    with pytest.raises(InputError, match="the validation data are others now"):
        search(CONFIG, out, options=replace(FEW, trials=5))
    assert values_of(out) == before


@pytest.mark.parametrize("stop", [KeyboardInterrupt, MemoryError])
def test_an_interrupted_search_ends_as_if_nothing_had_happened(whole, tmp_path, monkeypatch, stop):
    out, _ = whole
    usual = TrainRun.save

    def save(self, found):
        if self.out.name == "002":
            raise stop
        return usual(self, found)

    with monkeypatch.context() as patched:
        patched.setattr(TrainRun, "save", save)
        with pytest.raises(stop):
            search(CONFIG, tmp_path, options=FEW)
    search(CONFIG, tmp_path, options=FEW)
    assert values_of(tmp_path) == values_of(out)[:4]


@pytest.mark.parametrize("place", [1, 3])
def test_a_kill_between_two_values_changes_none(whole, tmp_path, monkeypatch, place):
    out, _ = whole
    usual, drawn = Dimension.draw, []

    def draw(self, trial):
        drawn.append(self.name)
        if len(drawn) == 2 * place:
            raise KeyboardInterrupt
        return usual(self, trial)

    with monkeypatch.context() as patched:
        patched.setattr(Dimension, "draw", draw)
        with pytest.raises(KeyboardInterrupt):
            search(CONFIG, tmp_path, options=FEW)
    search(CONFIG, tmp_path, options=FEW)
    assert values_of(tmp_path) == values_of(out)[:4]


def test_a_trial_that_diverges_is_a_result_but_a_plain_one_is_an_error(tmp_path, monkeypatch):
    usual = TrainRun.train

    def train(self, *, resume):
        if self.out.name == wrong:
            raise TrainingError("Expected a finite loss, but got nan; lower the learning rate")
        return usual(self, resume=resume)

    monkeypatch.setattr(TrainRun, "train", train)
    wrong = "002"
    result = search(CONFIG, tmp_path / "a", options=SearchOptions(trials=3, seeds=1))
    assert [row.state for row in result.trials] == ["complete", "complete", "failed"]
    assert "finite loss" in result.trials[2].why
    wrong = "000"
    with pytest.raises(TrainingError):
        search(CONFIG, tmp_path / "b", options=SearchOptions(trials=3, seeds=1))


def test_trials_that_lag_behind_are_pruned_but_never_the_plain_one(tmp_path, monkeypatch):
    monkeypatch.setattr(optuna.Trial, "should_prune", lambda self: True)
    fixed = {"identification_epochs"}
    result = search(CONFIG, tmp_path, fixed=fixed, options=SearchOptions(trials=3, seeds=1))
    assert [row.state for row in result.trials] == ["complete", "pruned", "pruned"]
    assert result.chosen == 0
    record = json.loads((tmp_path / "trials/001" / RECORD_NAME).read_text())
    assert "behind the median" in record["why"]


def test_several_processes_share_a_search_without_a_trial_too_many(tmp_path):
    result = search(CONFIG, tmp_path, options=SearchOptions(trials=5, jobs=2, seeds=1))
    assert [row.place for row in result.trials] == [0, 1, 2, 3, 4]
    assert [name for name, *_ in values_of(tmp_path)] == ["000", "001", "002", "003", "004"]


def test_a_journal_file_may_hold_the_search(tmp_path):
    options = SearchOptions(trials=2, seeds=1, storage=f"journal:{tmp_path / 'journal.log'}")
    assert len(search(CONFIG, tmp_path / "out", options=options).trials) == 2
    record = tmp_path / "out/trials/001" / RECORD_NAME
    record.write_text(record.read_text().replace("20.0", "21.0"))
    with pytest.raises(CheckpointError, match="other values"):
        search(CONFIG, tmp_path / "out", options=replace(options, trials=2, storage=None))


def test_a_storage_that_cannot_be_reached_is_said_without_its_password(tmp_path):
    url = "nothing://me:secret@nowhere/search"
    with pytest.raises(InputError, match="storage that can be reached") as caught:
        search(CONFIG, tmp_path, options=SearchOptions(storage=url))
    assert "secret" not in str(caught.value).partition("but got")[0]


@pytest.mark.parametrize(
    ("url", "driver", "package"),
    [
        ("postgresql://me@nowhere/search", "psycopg2", "pip install psycopg2-binary"),
        ("postgresql+pg8000://me@nowhere/search", "pg8000", "pip install pg8000"),
    ],
)
def test_a_driver_that_is_not_installed_is_named(tmp_path, monkeypatch, url, driver, package):
    monkeypatch.setitem(sys.modules, driver, None)
    with pytest.raises(InputError, match=f"driver of this database is not installed: {package};"):
        search(CONFIG, tmp_path, options=SearchOptions(storage=url))


def test_validation_data_are_needed(tmp_path):
    with pytest.raises(InputError, match="--validation 0.2"):
        search(replace(CONFIG, validation=None, select="accuracy"), tmp_path)


def test_no_time_for_trial_0_is_an_error(tmp_path):
    with pytest.raises(InputError, match="give the search more time"):
        search(CONFIG, tmp_path, options=SearchOptions(timeout=1e-9))


@pytest.mark.parametrize("field", [{"trials": 0}, {"jobs": 0}, {"seeds": 0}, {"timeout": 0.0}])
def test_options_out_of_their_range_are_refused(field):
    with pytest.raises(InputError, match=next(iter(field))):
        SearchOptions(**field)


@pytest.mark.filterwarnings("ignore:Heartbeat of storage")
def test_what_a_dead_process_left_is_queued_once(tmp_path):
    plan = Plan(CONFIG, space_of(CONFIG))
    work = Work(plan, tmp_path, None, "a", 3)
    study = open_study(work)
    with quiet_optuna():
        for _ in range(2):
            study.ask()  # begun, and nobody holds their folders
        for _ in range(3):
            take_up(study, tmp_path, 3)
        trials = study.get_trials()
        assert [trial.state.name for trial in trials] == ["FAIL", "FAIL", "WAITING", "WAITING"]
        assert places_of(trials) == {0: 0, 1: 1, 2: 0, 3: 1}
        assert "plain" in trials[2].user_attrs
        assert finished(trials) == {}
        assert not is_all_begun(trials, 2)
        study.tell(study.ask(), 0.5)
        study.tell(study.ask(), 0.6)
    assert [trial.value for trial in finished(study.get_trials()).values()] == [0.5, 0.6]
    assert is_all_begun(study.get_trials(), 2)
    assert not is_all_begun(study.get_trials(), 3)


def test_an_error_of_one_process_ends_the_search(tmp_path):
    options = SearchOptions(trials=3, jobs=2, seeds=1)
    record = tmp_path / "trials/000" / RECORD_NAME
    record.parent.mkdir(parents=True)
    record.write_text("{")
    with pytest.raises(CheckpointError, match="cannot be read"):
        search(CONFIG, tmp_path, options=options)
