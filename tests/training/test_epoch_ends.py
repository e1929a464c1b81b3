"""Epochs that end badly: nothing that was learned is lost, and nothing untrained is called best."""

import pytest
import torch
from torch.utils.data import DataLoader, Subset, TensorDataset

import earlysieve as es
from earlysieve.errors import InputError, OutputError, TrainingError
from earlysieve.training import (
    EpochSampler,
    OneClassWarning,
    Run,
    RunSettings,
    TrainConfig,
    fit,
    load_checkpoint,
    loop,
)
from earlysieve.training import run_folder as storing

from .helpers import Noisy, difference, erm, network

pytestmark = pytest.mark.filterwarnings("ignore::earlysieve.training.SingleClassWarning")
CONFIG = TrainConfig(lr=0.1, epochs=2, batch_size=4)
LENGTH = {"epochs": 2, "batch_size": 4, "progress": False}


def jtt(model, **options):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    return es.JTT(model, optimizer=optimizer, data=Noisy(), identification_epochs=3, **options)


def distilled_twice(model):
    teacher = network(1)
    student = es.SimKDStudent(model, teacher)
    optimizer = torch.optim.SGD(student.parameters(), lr=0.1)
    return es.DeTT(student, teacher, optimizer=optimizer, data=Noisy(), identification_epochs=3)


@pytest.mark.parametrize("make", [jtt, distilled_twice])
def test_patience_counts_from_the_second_training(make):
    algorithm = make(network())
    before = {key: value.clone() for key, value in algorithm.model.state_dict().items()}
    options = {"epochs": 6, "batch_size": 4, "progress": False, "refresh_batches": 2}
    found = fit(algorithm, Noisy(), validation=Noisy(), patience=2, **options)
    assert found.epochs >= 5
    assert algorithm.weights is not None
    assert difference(before, dict(algorithm.model.state_dict())) is not None
    assert ["validation_accuracy" in row for row in found.history] == [False] * 3 + [True] * (
        found.epochs - 3
    )
    assert found.best_epoch is not None
    assert found.best_epoch > 3


def test_no_network_is_best_that_has_not_learned():
    algorithm = jtt(network())
    before = {key: value.clone() for key, value in algorithm.model.state_dict().items()}
    options = {"epochs": 3, "batch_size": 4, "progress": False, "refresh_batches": 2}
    found = fit(algorithm, Noisy(), validation=Noisy(), restore_best=True, **options)
    assert (found.best_epoch, found.best_score, found.restored_best) == (None, None, False)
    assert difference(before, dict(algorithm.model.state_dict())) is None


def test_a_resumed_run_still_knows_what_has_not_learned(tmp_path):
    straight = jtt(network())
    options = {"batch_size": 4, "validation": Noisy(), "progress": False}
    expected = fit(straight, Noisy(), epochs=5, **options)
    for epochs in (2, 3, 5):
        resumed = jtt(network())
        found = fit(resumed, Noisy(), epochs=epochs, checkpoint_dir=tmp_path, **options)
    assert found.history == expected.history
    assert difference(straight.model.state_dict(), resumed.model.state_dict()) is None


def test_nan_is_no_best_score():
    scores = iter([float("nan"), 0.5, float("nan"), 0.6])
    found = fit(
        erm(CONFIG),
        Noisy(),
        epochs=4,
        batch_size=4,
        validation=Noisy(groups=True),
        select=lambda _: next(scores),
        patience=3,
        progress=False,
    )
    assert (found.best_epoch, found.best_score) == (4, 0.6)


def test_a_selection_that_gives_no_number_is_named():
    with pytest.raises(InputError, match="Expected select to give a number, but got None; return"):
        fit(erm(CONFIG), Noisy(), validation=Noisy(), select=lambda _: None, **LENGTH)


@pytest.mark.parametrize(
    "validation",
    [
        Noisy(),
        Subset(Noisy(), [0, 1, 2]),
        DataLoader(Noisy(), batch_size=2),
        [{"x": torch.zeros(4), "y": 0}],
    ],
)
def test_groups_are_asked_for_before_the_first_step(tmp_path, validation):
    algorithm = erm(CONFIG)
    before = {key: value.clone() for key, value in algorithm.model.state_dict().items()}
    message = (
        "Expected groups in the validation data for select='worst_group_accuracy', but got none; "
        "select by 'accuracy' or 'loss', or add groups"
    )
    with pytest.raises(InputError) as error:
        fit(
            algorithm,
            Noisy(),
            validation=validation,
            select="worst_group_accuracy",
            checkpoint_dir=tmp_path / "run",
            **LENGTH,
        )
    assert str(error.value) == message
    assert not (tmp_path / "run").exists()
    assert difference(before, dict(algorithm.model.state_dict())) is None


def test_groups_that_some_examples_have_are_groups():
    class Late(Noisy):
        def __getitem__(self, i):
            return (*super().__getitem__(i)[:2], -1 if i < 6 else i % 3)

    found = fit(erm(CONFIG), Noisy(), validation=Late(), select="worst_group_accuracy", **LENGTH)
    assert found.best_epoch is not None


class Breaks(Noisy):
    """Validation data that cannot be read when they are asked for the second time."""

    def __init__(self, error):
        super().__init__()
        self.reads, self.error = 0, error

    def __getitem__(self, i):
        self.reads += 1
        if self.reads > len(self):
            raise self.error
        return super().__getitem__(i)


@pytest.mark.parametrize("error", [OSError(5, "broken disk"), MemoryError(), SystemExit(3)])
def test_validation_that_breaks_loses_no_epoch(tmp_path, error):
    straight = erm(CONFIG)
    expected = fit(straight, Noisy(), validation=Noisy(), **LENGTH)
    with pytest.raises(type(error)):
        fit(erm(CONFIG), Noisy(), validation=Breaks(error), checkpoint_dir=tmp_path, **LENGTH)
    saved = load_checkpoint(tmp_path / "last.pt")
    assert (saved["position"]["epoch"], saved["position"]["step"]) == (1, 6)
    assert saved["epoch"]["row"] is not None
    resumed = erm(CONFIG)
    found = fit(resumed, Noisy(), validation=Noisy(), checkpoint_dir=tmp_path, **LENGTH)
    assert found.history == expected.history
    assert difference(straight.model.state_dict(), resumed.model.state_dict()) is None


def test_a_callback_that_breaks_loses_no_step(tmp_path):
    def fail(event):
        if event.step == 5:
            raise ZeroDivisionError("of the user")

    with pytest.raises(ZeroDivisionError):
        fit(erm(CONFIG), Noisy(), checkpoint_dir=tmp_path, on_event=fail, **LENGTH)
    assert load_checkpoint(tmp_path / "last.pt")["position"]["step"] == 5


class LongEnd:
    """Plain training whose end of an epoch breaks once, half done, as a pass over data may."""

    def __init__(self, error=None):
        self.inner, self.error = erm(CONFIG), error
        self.model, self.ends = self.inner.model, 0

    def step(self, batch):
        return self.inner.step(batch)

    def end_epoch(self):
        self.ends += 1
        if self.error is not None:
            with torch.no_grad():
                next(self.model.parameters()).add_(1.0)
            raise self.error
        return {"ends": float(self.ends)}

    def state_dict(self):
        return {"inner": self.inner.state_dict(), "ends": self.ends}

    def load_state_dict(self, state):
        self.inner.load_state_dict(state["inner"])
        self.ends = state["ends"]


@pytest.mark.parametrize("error", [OSError(5, "broken disk"), KeyboardInterrupt()])
def test_an_end_of_an_epoch_that_breaks_half_way_loses_no_step(tmp_path, error):
    straight = LongEnd()
    expected = fit(straight, Noisy(), **LENGTH)
    with pytest.raises(type(error)):
        fit(LongEnd(error), Noisy(), checkpoint_dir=tmp_path, **LENGTH)
    assert load_checkpoint(tmp_path / "last.pt")["position"] == {"epoch": 0, "batch": 3, "step": 3}
    resumed = LongEnd()
    assert fit(resumed, Noisy(), checkpoint_dir=tmp_path, **LENGTH).history == expected.history
    assert difference(straight.model.state_dict(), resumed.model.state_dict()) is None


def test_an_epoch_whose_end_finds_nan_saves_none(tmp_path):
    with pytest.raises(TrainingError, match="the last good state is in"):
        fit(LongEnd(TrainingError("half done")), Noisy(), checkpoint_dir=tmp_path, **LENGTH)
    assert load_checkpoint(tmp_path / "last.pt")["position"]["step"] == 0


def test_a_full_disk_is_told_and_the_next_run_goes_on(tmp_path, monkeypatch):
    full, real = [False], storing.save_checkpoint

    def save(path, state):
        if full[0]:
            raise OutputError("Expected to write, but the disk is full; free some space")
        real(path, state)

    monkeypatch.setattr(storing, "save_checkpoint", save)

    def watch(event):
        full[0] = event.kind == "epoch" and event.epoch == 2

    with pytest.raises(OutputError, match="the disk is full"):
        fit(erm(CONFIG), Noisy(), checkpoint_dir=tmp_path, on_event=watch, **LENGTH)
    assert load_checkpoint(tmp_path / "last.pt")["position"]["epoch"] == 1


def test_an_error_keeps_its_name_where_saving_fails_too(tmp_path, monkeypatch):
    real, calls = storing.save_checkpoint, []

    def save(path, state):
        calls.append(path)
        if len(calls) > 1:
            raise OutputError("Expected to write, but the disk is full; free some space")
        real(path, state)

    monkeypatch.setattr(storing, "save_checkpoint", save)

    def fail(event):
        raise ZeroDivisionError("of the user")

    with pytest.raises(ZeroDivisionError) as error:
        fit(erm(CONFIG), Noisy(), checkpoint_dir=tmp_path, on_event=fail, **LENGTH)
    assert any("the disk is full" in note for note in error.value.__notes__)


def test_several_processes_are_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(loop, "processes", lambda: 2)
    with pytest.raises(TrainingError) as error:
        fit(erm(CONFIG), Noisy(), checkpoint_dir=tmp_path / "run", **LENGTH)
    assert str(error.value).startswith("Expected one process to train, but torch.distributed has 2")
    assert not (tmp_path / "run").exists()


def test_training_on_one_class_is_said():
    class Few(Noisy):
        """Labels are known before anything is read."""

        labels = torch.zeros(11)

    one = TensorDataset(torch.randn(8, 4), torch.zeros(8, dtype=torch.int64))
    with pytest.warns(OneClassWarning, match="^Training sees examples of class 0 only, so that"):
        fit(erm(CONFIG), one, **LENGTH)
    with pytest.warns(OneClassWarning, match="of class 0 only"):
        Run(erm(CONFIG), Few(), RunSettings(epochs=1))


def test_an_unlabelled_part_of_a_run_says_nothing(recwarn):
    fit(erm(CONFIG), Noisy(), **LENGTH)
    assert not [w for w in recwarn if "class" in str(w.message)]


@pytest.mark.parametrize("seed", [-1, 2**63, 2**70])
def test_seeds_out_of_range_are_named(seed):
    for call in (
        lambda: fit(erm(CONFIG), Noisy(), seed=seed, **LENGTH),
        lambda: EpochSampler(3, 2, seed=seed),
        lambda: TrainConfig(seed=seed),
        lambda: es.refresh_statistics(network(), Noisy(), seed=seed),
    ):
        with pytest.raises(InputError, match="Expected seed to be"):
            call()


def test_the_largest_seed_trains():
    assert fit(erm(CONFIG), Noisy(), seed=2**63 - 1, **LENGTH).epochs == 2
