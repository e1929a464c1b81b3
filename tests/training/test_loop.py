"""The loop: evaluation, early stopping, failures, progress."""

import signal
import threading

import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

from earlysieve._interrupts import deferred_interrupts
from earlysieve.errors import InputError, TrainingError
from earlysieve.model.batch import Batch
from earlysieve.training import (
    ERM,
    Algorithm,
    EpochSampler,
    OneClassWarning,
    Run,
    RunSettings,
    SingleClassWarning,
    TrainConfig,
    evaluate,
    fit,
    load_checkpoint,
    read_config,
    train_steps,
)
from earlysieve.training.progress import format_logs
from earlysieve.training.randomness import read_states

from .helpers import Noisy, difference, erm

CONFIG = TrainConfig(optimizer="sgd", lr=0.1)


class Scripted:
    """Sets the model's only parameter to the next value of a list at the end of each epoch."""

    def __init__(self, values):
        self.model = nn.Linear(1, 2, bias=False)
        self.values = list(values)
        self.epoch = 0

    def step(self, batch):
        return {"loss": 1.0, "accuracy": 0.5}

    def end_epoch(self):
        with torch.no_grad():
            self.model.weight.copy_(torch.tensor([[0.0], [self.values[self.epoch]]]))
        self.epoch += 1
        return {"value": self.values[self.epoch - 1]}

    def state_dict(self):
        return {"epoch": self.epoch}

    def load_state_dict(self, state):
        self.epoch = state["epoch"]


# Logits (0, v x): at v > 0 all of the three are right, at v < 0 none is.
POINTS = TensorDataset(torch.tensor([[1.0], [1.0], [-1.0]]), torch.tensor([1, 1, 0]))


def by_value(evaluation):
    return -evaluation.loss


def test_training_learns_and_leaves_the_program_alone():
    algorithm = erm(CONFIG)
    algorithm.model.eval()
    before = read_states()
    result = fit(algorithm, Noisy(40), epochs=5, batch_size=8, progress=False)
    assert difference(before, read_states()) is None
    assert not algorithm.model.training
    assert [row["epoch"] for row in result.history] == [1, 2, 3, 4, 5]
    assert result.history[-1]["step"] == result.steps == 25
    assert result.history[-1]["train_loss"] < result.history[0]["train_loss"]
    assert evaluate(algorithm.model, Noisy(40)).accuracy > 0.9
    assert isinstance(algorithm, Algorithm)


def test_frozen_layers_stay_frozen_and_the_rest_trains():
    algorithm = erm(CONFIG)
    algorithm.model[1].eval()
    mean = algorithm.model[1].running_mean.clone()
    weight = algorithm.model[0].weight.detach().clone()
    fit(algorithm, Noisy(10), epochs=1, batch_size=5, progress=False)
    assert torch.equal(algorithm.model[1].running_mean, mean)
    assert not torch.equal(algorithm.model[0].weight, weight)
    assert algorithm.model.training
    assert not algorithm.model[1].training


def test_epoch_means_are_over_examples():
    class Sizes(Scripted):
        def step(self, batch):
            return {"loss": float(len(batch)), "accuracy": 0.0}

    result = fit(Sizes([1.0]), Noisy(5), epochs=1, batch_size=3, progress=False)
    assert result.history == [
        {
            "epoch": 1,
            "step": 2,
            "train_loss": (3 * 3 + 2 * 2) / 5,
            "train_accuracy": 0.0,
            "train_value": 1.0,
        }
    ]


def test_early_stopping_by_hand():
    algorithm = Scripted([0.1, 3.0, 2.0, 1.0, 9.0])
    result = fit(
        algorithm,
        POINTS,
        epochs=5,
        batch_size=2,
        validation=POINTS,
        patience=2,
        select=by_value,
        progress=False,
    )
    assert result.stopped_early
    assert (result.epochs, result.best_epoch) == (4, 2)
    assert result.restored_best
    assert algorithm.model.weight[1].item() == 3.0
    assert result.best_score == -result.history[1]["validation_loss"]
    assert [row["validation_accuracy"] for row in result.history] == [1.0] * 4


def test_the_first_of_equal_evaluations_is_the_best():
    result = fit(
        Scripted([1.0, 2.0]),
        POINTS,
        epochs=2,
        validation=POINTS,
        select="accuracy",
        progress=False,
    )
    assert result.best_epoch == 1
    assert not result.restored_best  # no patience: the model stays as trained


def test_evaluation_every_second_epoch_and_at_the_end():
    events = []
    result = fit(
        Scripted([1.0] * 5),
        POINTS,
        epochs=5,
        validation=POINTS,
        evaluate_every=2,
        progress=False,
        on_event=events.append,
    )
    assert [e.epoch for e in events if e.kind == "evaluation"] == [2, 4, 5]
    assert ["validation_loss" in row for row in result.history] == [False, True, False, True, True]


def test_a_model_of_one_class_is_said_loudly():
    class Constant(nn.Module):
        def __init__(self):
            super().__init__()
            self.bias = nn.Parameter(torch.tensor([0.0, 9.0]))

        def forward(self, x):
            return self.bias.expand(len(x), 2)

    model = Constant()
    algorithm = ERM(model, torch.optim.SGD(model.parameters(), lr=1e-6))
    with pytest.warns(SingleClassWarning, match="predicts class 1 for all 6 examples"):
        fit(algorithm, Noisy(6), epochs=1, validation=Noisy(6), progress=False)


def poisoned(at_step):
    algorithm = erm(CONFIG)
    plain, count = algorithm.step, []

    def step(batch):
        count.append(1)
        inputs = batch.inputs * float("nan") if len(count) == at_step else batch.inputs
        return plain(Batch(inputs, batch.labels, batch.index))

    algorithm.step = step
    return algorithm


def test_nan_names_step_and_settings_and_saves_the_last_good_state(tmp_path):
    with pytest.raises(TrainingError) as error:
        fit(
            poisoned(at_step=6),
            Noisy(11),
            epochs=2,
            batch_size=3,
            checkpoint_dir=tmp_path,
            progress=False,
        )
    assert str(error.value) == (
        "Expected a finite loss, but got nan; lower the learning rate or set clip_norm (epoch 2, "
        "step 6; algorithm=ERM, optimizer=SGD, lr=[0.1], accumulate=1, batch_size=3); the last "
        f"good state is in '{tmp_path / 'last.pt'}'"
    )
    good = erm(CONFIG)
    run = Run(good, Noisy(11), RunSettings(2, 3, 0))
    for event in train_steps(run):
        if event.kind == "step" and event.step == 5:
            break
    saved = load_checkpoint(tmp_path / "last.pt")
    assert difference(saved["position"], run.state_dict()["position"]) is None
    assert difference(saved["model"], dict(good.model.state_dict())) is None  # BatchNorm included
    assert difference(saved["random"], run.state_dict()["random"]) is None


def test_nan_without_a_folder_is_reported_too():
    with pytest.raises(TrainingError, match=r"batch_size=3\)$"):
        fit(poisoned(at_step=1), Noisy(11), epochs=1, batch_size=3, progress=False)


def test_spoilt_parameters_are_never_saved(tmp_path):
    class Spoils(Scripted):
        def step(self, batch):
            with torch.no_grad():
                self.model.weight[0] = float("inf")
            return {"loss": 1.0}

        def end_epoch(self):
            return {}

    with pytest.raises(TrainingError, match="Expected finite parameters, but 'weight' holds NaN"):
        fit(Spoils([1.0]), POINTS, epochs=1, checkpoint_dir=tmp_path, progress=False)
    with pytest.raises(TrainingError, match=r"'weight' holds NaN .* \(epoch 1, step 1;"):
        fit(
            Spoils([1.0]),
            POINTS,
            epochs=1,
            checkpoint_dir=tmp_path,
            checkpoint_every_steps=1,
            resume=False,
            progress=False,
        )
    assert load_checkpoint(tmp_path / "last.pt")["position"]["step"] == 0


@pytest.mark.filterwarnings("ignore::earlysieve.training.SingleClassWarning")
def test_no_example_waits_for_the_next_epoch():
    algorithm = erm(TrainConfig(optimizer="sgd", lr=0.1, accumulate=3, scheduler="cosine"))
    fit(algorithm, Noisy(11), epochs=2, batch_size=3, progress=False)  # four batches an epoch
    assert algorithm.stepper.pending == 0
    assert algorithm.stepper.scheduler.last_epoch == 4  # 3 + 1 batches, twice


def test_a_logged_loss_that_is_not_finite_stops_the_run(tmp_path):
    class Logs(Scripted):
        def step(self, batch):
            return {"loss": 1.0, "readout_loss": float("inf")}

    message = r"^Expected a finite readout_loss, but got inf; .* \(epoch 1, step 1; algorithm=Logs"
    with pytest.raises(TrainingError, match=message):
        fit(Logs([1.0]), POINTS, epochs=1, progress=False)


def test_modes_are_restored_at_once_after_a_failure():
    algorithm = erm(CONFIG)
    algorithm.model.eval()

    def fail(event):
        raise RuntimeError("full")

    with pytest.raises(RuntimeError, match="full") as error:
        fit(algorithm, Noisy(11), epochs=1, batch_size=3, progress=False, on_event=fail)
    assert error.value.__traceback__ is not None
    assert not any(module.training for module in algorithm.model.modules())


def test_a_sampler_of_another_order_is_used():
    weights = torch.tensor([1.0] + [0.0] * 10)
    seen = []

    class Sees(Scripted):
        def step(self, batch):
            seen.extend(batch.index.tolist())
            return {"loss": 1.0}

    sampler = EpochSampler(11, 4, seed=0, weights=weights)
    with pytest.warns(OneClassWarning):
        fit(Sees([1.0]), Noisy(11), epochs=1, sampler=sampler, progress=False)
    assert seen == [0] * 11


def test_the_configuration_is_written_beside_the_checkpoint_and_compared(tmp_path):
    config = TrainConfig(optimizer="sgd", lr=0.1, epochs=1, device="cpu")
    options = {"epochs": 1, "checkpoint_dir": tmp_path, "progress": False}
    fit(erm(config), Noisy(6), config=config, **options)
    assert read_config(tmp_path / "config.json") == config
    moved = TrainConfig(optimizer="sgd", lr=0.1, epochs=1, device="cuda", num_workers=1)
    fit(erm(config), Noisy(6), config=moved, **options)  # where it runs does not matter
    other = TrainConfig(optimizer="sgd", lr=0.1, epochs=1, method_options={"k": 1})
    with pytest.raises(ValueError, match=r"Expected method_options=\{\}, with which"):
        fit(erm(config), Noisy(6), config=other, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, "Expected epochs to be at least 1, but got 0; pass a larger number"),
        ({"epochs": 1, "batch_size": 0}, "Expected batch_size to be at least 1"),
        ({"epochs": 1, "patience": 2}, "Expected validation data for patience, but got none"),
        ({"epochs": 1, "restore_best": True}, "Expected validation data for restore_best"),
        ({"epochs": 1, "select": "f1"}, "Expected select to be one of accuracy, loss, worst"),
        ({"epochs": 1, "checkpoint_every_steps": 0}, "Expected checkpoint_every_steps to be at"),
    ],
)
def test_settings_out_of_range_are_named(options, message):
    with pytest.raises(InputError, match=message):
        fit(erm(CONFIG), Noisy(6), progress=False, **options)


def test_progress_is_shown_on_standard_error_and_can_be_quiet(capsys):
    fit(erm(CONFIG), Noisy(6), epochs=2, batch_size=3, validation=Noisy(6), seed=1)
    out, err = capsys.readouterr()
    assert out == ""
    assert "epoch 2/2, validation: loss " in err
    assert "4/4" in err
    fit(erm(CONFIG), Noisy(6), epochs=2, batch_size=3, validation=Noisy(6), seed=1, progress=False)
    assert capsys.readouterr() == ("", "")


def test_figures_on_one_line():
    logs = {"readout_accuracy": 0.25, "accuracy": 0.5, "loss": 0.6931}
    assert format_logs(logs) == "loss 0.693, accuracy 0.500, readout accuracy 0.250"
    assert format_logs({"weighted_examples": 1234.0}) == "weighted examples 1,234"


def test_interrupts_outside_the_main_thread_are_left_alone():
    handler, found = signal.getsignal(signal.SIGINT), []

    def work():
        with deferred_interrupts() as interrupted:
            found.append((interrupted(), signal.getsignal(signal.SIGINT) is handler))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [(False, True)]
