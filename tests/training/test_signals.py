"""Ctrl-C and SIGTERM: what is deferred, what is left alone, and what comes of it."""

import os
import signal

import pytest
import torch

from earlysieve._interrupts import deferred_interrupts
from earlysieve._signals import Terminated, terminable, terminate
from earlysieve.training import TrainConfig, fit, load_checkpoint

from .helpers import Noisy, difference, erm

CONFIG = TrainConfig(lr=0.1)
LENGTH = {"epochs": 2, "batch_size": 4, "progress": False}


@pytest.fixture(autouse=True)
def handlers():
    """The handlers of a program that has none of its own, and those of the tests afterwards."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


def signalled(number, *, times=1, at=4):
    """Plain training that gets a signal in the middle of a step."""
    algorithm = erm(CONFIG)
    plain, count = algorithm.step, []

    def step(batch):
        count.append(1)
        for _ in range(times if len(count) == at else 0):
            os.kill(os.getpid(), number)
        return plain(batch)

    algorithm.step = step
    return algorithm


@pytest.mark.parametrize("num_workers", [0, 2])
def test_sigterm_waits_for_the_end_of_a_step_and_saves(tmp_path, num_workers):
    options = {**LENGTH, "num_workers": num_workers}
    straight = erm(CONFIG)
    fit(straight, Noisy(), **options)
    with pytest.raises(SystemExit) as error:
        fit(signalled(signal.SIGTERM), Noisy(), checkpoint_dir=tmp_path, **options)
    assert error.value.code == 143
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert load_checkpoint(tmp_path / "last.pt")["position"]["step"] == 4
    resumed = erm(CONFIG)
    fit(resumed, Noisy(), checkpoint_dir=tmp_path, **options)
    assert difference(straight.model.state_dict(), resumed.model.state_dict()) is None


def test_a_second_sigterm_ends_at_once(tmp_path):
    with pytest.raises(Terminated):
        fit(signalled(signal.SIGTERM, times=2), Noisy(), checkpoint_dir=tmp_path, **LENGTH)
    assert load_checkpoint(tmp_path / "last.pt")["position"]["step"] == 3  # of the epoch before


def test_a_handler_of_the_program_is_left_alone(tmp_path):
    came = []
    signal.signal(signal.SIGTERM, lambda number, _: came.append(number))
    assert fit(signalled(signal.SIGTERM), Noisy(), **LENGTH).steps == 6
    assert came == [signal.SIGTERM]
    with terminable():
        os.kill(os.getpid(), signal.SIGTERM)
    assert came == [signal.SIGTERM] * 2


def test_an_ignored_ctrl_c_stays_ignored():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    assert fit(signalled(signal.SIGINT), Noisy(), **LENGTH).steps == 6
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_sigterm_of_a_command_is_deferred_while_it_trains(tmp_path):
    with terminable():
        assert signal.getsignal(signal.SIGTERM) is terminate
        with pytest.raises(Terminated):
            fit(signalled(signal.SIGTERM), Noisy(), checkpoint_dir=tmp_path, **LENGTH)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert load_checkpoint(tmp_path / "last.pt")["position"]["step"] == 4


def test_what_was_asked_for_is_told_apart():
    with deferred_interrupts() as requests:
        requests.answer()
        assert not requests()
        os.kill(os.getpid(), signal.SIGINT)
        assert requests()
        with pytest.raises(KeyboardInterrupt):
            requests.answer()
        with pytest.raises(Terminated):
            os.kill(os.getpid(), signal.SIGTERM)


class Slow(Noisy):
    """Sends SIGTERM to the worker that reads example 5, as schedulers do to whole jobs."""

    def __getitem__(self, i):
        if i == 5 and torch.utils.data.get_worker_info() is not None:
            os.kill(os.getpid(), signal.SIGTERM)
        return super().__getitem__(i)


def test_workers_leave_a_first_sigterm_to_the_main_process():
    plain, loaded = erm(CONFIG), erm(CONFIG)
    fit(plain, Noisy(), epochs=1, batch_size=4, progress=False)
    fit(loaded, Slow(), epochs=1, batch_size=4, progress=False, num_workers=1)
    assert difference(plain.model.state_dict(), loaded.model.state_dict()) is None
