"""An interrupted run that goes on equals one that was never interrupted, to the last bit."""

import os
import shutil
import signal

import numpy as np
import pytest
import torch
from torch import nn

from earlysieve.errors import CheckpointError
from earlysieve.model.batch import Batch
from earlysieve.training import Run, RunSettings, TrainConfig, fit, load_checkpoint, train_steps

from .helpers import Noisy, difference, erm, network

pytestmark = pytest.mark.filterwarnings("ignore::earlysieve.training.SingleClassWarning")

EPOCHS = 3
CONFIGS = {
    "sgd": TrainConfig(optimizer="sgd", lr=0.1, momentum=0.9),
    "sgd, cosine, accumulate": TrainConfig(
        optimizer="sgd", lr=0.1, momentum=0.9, scheduler="cosine", accumulate=3
    ),
    "adamw, warm-up, clip": TrainConfig(
        optimizer="adamw", lr=0.01, weight_decay=0.1, scheduler="linear-warmup", clip_norm=0.5
    ),
    "adam, fp16, accumulate": TrainConfig(
        optimizer="adam", lr=0.01, autocast="fp16", accumulate=2, clip_norm=1.0
    ),
}
EVENTS = EPOCHS * (4 + 2)  # 11 examples in batches of 3: four steps, an epoch, an evaluation


def train(folder, config, *, on_event=None, algorithm=None, epochs=EPOCHS, **options):
    options = {"validation": Noisy(8), "restore_best": True, "progress": False} | options
    return fit(
        algorithm or erm(config),
        Noisy(11),
        epochs=epochs,
        batch_size=3,
        seed=5,
        checkpoint_dir=folder,
        on_event=on_event,
        **options,
    )


def stop_after(number):
    seen = []

    def on_event(event):
        seen.append(event)
        if len(seen) == number:
            raise KeyboardInterrupt

    return on_event


@pytest.mark.parametrize("name", CONFIGS)
def test_an_interruption_at_every_event_changes_nothing(tmp_path, name):
    config = CONFIGS[name]
    whole_algorithm = erm(config)
    whole = train(tmp_path / "whole", config, algorithm=whole_algorithm)
    expected = load_checkpoint(tmp_path / "whole" / "last.pt")
    assert whole.steps == EPOCHS * 4
    for number in range(1, EVENTS + 1):
        folder = tmp_path / str(number)
        with pytest.raises(KeyboardInterrupt):
            train(folder, config, on_event=stop_after(number))
        torch.manual_seed(number)  # the program around the run may do what it likes
        np.random.seed(number)
        algorithm = erm(config, model=network(seed=99))
        resumed = train(folder, config, algorithm=algorithm)
        assert resumed == whole
        assert difference(load_checkpoint(folder / "last.pt"), expected) is None
        ours, theirs = algorithm.model.state_dict(), whole_algorithm.model.state_dict()
        assert difference(dict(ours), dict(theirs)) is None


def test_many_interruptions_in_a_row_change_nothing(tmp_path):
    config = CONFIGS["sgd, cosine, accumulate"]
    train(tmp_path / "whole", config)
    for _ in range(40):
        try:
            train(tmp_path / "cut", config, on_event=stop_after(1))
        except KeyboardInterrupt:
            continue
        break
    states = [load_checkpoint(tmp_path / name / "last.pt") for name in ("whole", "cut")]
    assert states[0]["position"] == {"epoch": EPOCHS, "batch": 0, "step": EPOCHS * 4}
    assert difference(*states) is None


def test_a_crash_goes_on_from_the_last_periodic_checkpoint(tmp_path):
    config = CONFIGS["sgd"]
    train(tmp_path / "whole", config)

    def power_cut(event):
        if event.step == 7 and not (tmp_path / "cut").exists():
            shutil.copytree(tmp_path / "before", tmp_path / "cut")

    train(tmp_path / "before", config, on_event=power_cut, checkpoint_every_steps=3)
    left = load_checkpoint(tmp_path / "cut" / "last.pt")["position"]
    assert left == {"epoch": 1, "batch": 2, "step": 6}
    train(tmp_path / "cut", config)
    states = [load_checkpoint(tmp_path / name / "last.pt") for name in ("whole", "cut")]
    assert difference(*states) is None


def test_ctrl_c_in_the_middle_of_a_step_waits_for_its_end(tmp_path):
    config = CONFIGS["sgd"]
    train(tmp_path / "whole", config)
    algorithm = erm(config)
    plain, count = algorithm.step, []

    def step(batch: Batch):
        count.append(1)
        if len(count) == 6:
            os.kill(os.getpid(), signal.SIGINT)
        return plain(batch)

    algorithm.step = step
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "cut", config, algorithm=algorithm)
    assert signal.getsignal(signal.SIGINT) is before
    assert load_checkpoint(tmp_path / "cut" / "last.pt")["position"]["step"] == 6
    train(tmp_path / "cut", config)
    states = [load_checkpoint(tmp_path / name / "last.pt") for name in ("whole", "cut")]
    assert difference(*states) is None


def test_a_second_ctrl_c_breaks_off_a_step_and_saves_nothing_half_done(tmp_path):
    config = CONFIGS["sgd"]
    algorithm = erm(config)
    plain, count = algorithm.step, []

    def step(batch: Batch):
        count.append(1)
        logs = plain(batch)
        if len(count) == 6:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
        return logs

    algorithm.step = step
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "cut", config, algorithm=algorithm)
    assert load_checkpoint(tmp_path / "cut" / "last.pt")["position"]["step"] == 4


def test_worker_processes_change_nothing(tmp_path):
    config = CONFIGS["sgd"]
    train(tmp_path / "whole", config)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "cut", config, on_event=stop_after(2), num_workers=2)
    train(tmp_path / "cut", config, num_workers=1)
    states = [load_checkpoint(tmp_path / name / "last.pt") for name in ("whole", "cut")]
    assert difference(*states) is None


def test_a_run_driven_by_hand_is_saved_and_taken_up_in_memory():
    settings = RunSettings(epochs=2, batch_size=3, seed=1)
    whole = Run(erm(CONFIGS["sgd"]), Noisy(11), settings)
    kinds = [event.kind for event in train_steps(whole)]
    assert kinds == (["step"] * 4 + ["epoch"]) * 2
    first = Run(erm(CONFIGS["sgd"]), Noisy(11), settings)
    events = train_steps(first)
    for _ in range(3):
        next(events)
    second = Run(erm(CONFIGS["sgd"]), Noisy(11), settings)
    second.load_state_dict(first.state_dict())
    events.close()
    assert [event.step for event in train_steps(second)] == [4, 4, 5, 6, 7, 8, 8]
    assert difference(second.state_dict(), whole.state_dict()) is None


def test_a_finished_run_is_loaded_and_not_repeated(tmp_path):
    config = CONFIGS["sgd"]
    first = train(tmp_path, config)
    algorithm, events = erm(config, model=network(seed=3)), []
    again = train(tmp_path, config, algorithm=algorithm, on_event=events.append)
    assert again == first
    assert events == []
    assert torch.equal(
        algorithm.model[0].weight,
        load_checkpoint(tmp_path / "last.pt")["best"]["model"]["0.weight"],
    )


def test_a_run_says_where_it_goes_on(tmp_path, capsys):
    told: list[str] = []

    def go_on(stop=None, **options):
        events = None if stop is None else stop_after(stop)
        try:
            train(tmp_path, CONFIGS["sgd"], on_event=events, tell=told.append, **options)
        except KeyboardInterrupt:
            told.append("stopped")

    go_on(stop=2)
    go_on(stop=4)  # the second half of the first epoch
    go_on()
    go_on()
    go_on(epochs=EPOCHS + 1)
    assert told == [
        "stopped",
        f"Going on with the run in '{tmp_path}' in epoch 1 of 3, after step 2.",
        "stopped",
        f"Going on with the run in '{tmp_path}' after epoch 1 of 3.",
        f"The run in '{tmp_path}' is finished (3 epochs): nothing is left to train. To train "
        "anew, start again with resume=False (--fresh).",
        f"Going on with the run in '{tmp_path}' after epoch 3 of 4.",
    ]
    train(tmp_path, CONFIGS["sgd"], epochs=EPOCHS + 1)
    assert capsys.readouterr().err == ""
    train(tmp_path, CONFIGS["sgd"], epochs=EPOCHS + 1, progress=True)
    assert "is finished (4 epochs)" in capsys.readouterr().err


def test_resume_false_starts_again(tmp_path):
    config, events = CONFIGS["sgd"], []
    train(tmp_path, config)
    train(tmp_path, config, resume=False, on_event=events.append)
    assert len(events) == EVENTS


def test_another_configuration_is_refused_by_field(tmp_path):
    train(tmp_path, CONFIGS["sgd"])
    with pytest.raises(
        CheckpointError,
        match=r"^Expected lr=\[0.1\], with which the checkpoint was made, but got lr=\[0.2\]; "
        r"go on with the first, or start again in another folder, or here with --fresh "
        r"\(resume=False\)$",
    ):
        train(tmp_path, TrainConfig(optimizer="sgd", lr=0.2))
    with pytest.raises(CheckpointError, match=r"Expected epochs=3, .* but got epochs=2; go on"):
        train(tmp_path, CONFIGS["sgd"], epochs=2)
    with pytest.raises(CheckpointError, match=r"='SGD', .* got optimizer='AdamW'"):
        train(tmp_path, CONFIGS["adamw, warm-up, clip"])


def test_a_finished_run_can_be_lengthened(tmp_path):
    config = CONFIGS["adam, fp16, accumulate"]
    whole = train(tmp_path / "whole", config, epochs=5)
    train(tmp_path / "longer", config, epochs=2)
    algorithm, events = erm(config, model=network(seed=3)), []
    longer = train(
        tmp_path / "longer", config, algorithm=algorithm, epochs=5, on_event=events.append
    )
    assert {event.epoch for event in events} == {3, 4, 5}
    assert longer == whole
    states = [load_checkpoint(tmp_path / name / "last.pt") for name in ("whole", "longer")]
    assert difference(*states) is None


def test_lengthening_is_refused_where_the_learning_rate_was_planned(tmp_path):
    config = CONFIGS["sgd, cosine, accumulate"]
    train(tmp_path, config)
    before = (tmp_path / "last.pt").read_bytes()
    with pytest.raises(
        CheckpointError,
        match=r"^Expected epochs=3, .* but got epochs=4; its learning rate was scheduled over all "
        r"epochs, so that a longer run is another: start it in another folder, from the weights of "
        r"this one if you like$",
    ):
        train(tmp_path, config, epochs=4)
    assert (tmp_path / "last.pt").read_bytes() == before


def test_another_model_is_refused_by_key(tmp_path):
    config = CONFIGS["sgd"]
    train(tmp_path, config)
    other = network()
    other[4] = nn.Linear(6, 3)
    with pytest.raises(CheckpointError, match=r"Expected '4.weight' to have shape \(3, 6\)"):
        train(tmp_path, config, algorithm=erm(config, model=other))
