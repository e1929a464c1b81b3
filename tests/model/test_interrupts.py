"""Ctrl-C leaves no hook, no mode and no moved tensor, wherever it falls between our own lines."""

import contextlib
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import torch
from torch import nn

import earlysieve as es
from earlysieve.attribution import gradcam
from earlysieve.auditing import audit as audit_run
from earlysieve.model.placement import on_device
from earlysieve.model.state import looking_at

from ..auditing.helpers import Net, Planted, same, state_of
from .architectures import cnn

PACKAGE = Path(es.__file__).parent
OWN = [*(PACKAGE / "model").glob("*.py"), PACKAGE / "auditing" / "run.py"]
WATCHED = {str(path) for path in [*OWN, *(PACKAGE / "attribution").glob("*.py")]} | {
    contextlib.__file__,
    torch.autograd.grad_mode.__file__,
}
AUDIT = partial(es.audit, layers=["first"], folds=2, pictures=0)


class Interrupting:
    """Sends SIGINT at the k-th line that runs in the watched files; counts those lines."""

    def __init__(self, at: int, files: set[str] = WATCHED) -> None:
        self.at, self.files, self.lines = at, files, 0

    def __call__(self, frame: FrameType, event: str, _argument: Any) -> Any:
        if frame.f_code.co_filename not in self.files:
            return None
        if event == "line":
            self.lines += 1
            if self.lines == self.at:
                signal.raise_signal(signal.SIGINT)
        return self


def interrupted(run: Callable[[], Any], at: int, files: set[str] = WATCHED) -> int:
    """Run, with Ctrl-C at a line; how many lines ran before that or in all."""
    interrupting = Interrupting(at, files)
    before, handler = sys.gettrace(), signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        sys.settrace(interrupting)
        run()
    except KeyboardInterrupt as error:
        kept.append(error)  # as an interactive Python does: its frames stay alive
    finally:
        sys.settrace(before)
        signal.signal(signal.SIGINT, handler)
    return interrupting.lines


kept: list[BaseException] = []


@pytest.fixture(autouse=True)
def _let_go():
    yield
    kept.clear()


def leaves_no_trace(run: Callable[[], Any], model: nn.Module, *, every: int = 1) -> None:
    run()
    # Random states have a keeper of their own.
    names = ("state", "modes", "requires", "identities", "grads", "hooks", "grad enabled")
    before = {name: state_of(model)[name] for name in names}
    total = interrupted(run, 0)
    assert total > 50
    left = []
    for at in range(1, total + 1, every):
        kept.clear()
        interrupted(run, at)
        after = {name: state_of(model)[name] for name in names}
        if not kept:
            left.append((at, "was not interrupted"))
        elif not same(after, before):
            changed = [name for name in names if not same(after[name], before[name])]
            left.append((at, *changed))
            restore(model, before)
    assert left == []


def restore(model: nn.Module, before: dict[str, Any]) -> None:
    """So that each interrupt is judged by itself."""
    torch.set_grad_enabled(before["grad enabled"])
    for module, mode in zip(model.modules(), before["modes"], strict=True):
        module.training = mode
        module._forward_hooks.clear()
        module._forward_pre_hooks.clear()


def network() -> nn.Module:
    model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5), nn.Linear(4, 2)).train()
    model[1].eval()
    return model


@pytest.mark.parametrize("stop", [False, True])
def test_capture(stop: bool) -> None:
    model, x = network(), torch.randn(2, 4)
    leaves_no_trace(lambda: es.capture(model, x, ["0", "1"], stop=stop), model)


def test_trace_layers() -> None:
    model, x = network(), torch.randn(2, 4)
    leaves_no_trace(lambda: es.trace_layers(model, x), model)


def test_gradcam() -> None:
    pytest.importorskip("captum")
    model, x = cnn().train(), torch.rand(1, 3, 8, 8)
    targets = torch.tensor([1])
    leaves_no_trace(lambda: gradcam(model, x, targets), model, every=13)


def test_audit() -> None:
    model, data = Net().train(), Planted(12)
    model.norm.eval()
    leaves_no_trace(lambda: AUDIT(model, data), model, every=23)


def test_the_frame_of_an_audit(monkeypatch: pytest.MonkeyPatch) -> None:
    """All lines that switch modes, without those that read out."""
    model, data = Net().train(), Planted(12)
    done = AUDIT(model, data)
    for name in ("examine", "judged"):
        remembered(monkeypatch, name)
    AUDIT(model, data)
    assert AUDIT(model, data).examples.equals(done.examples)
    leaves_no_trace(lambda: AUDIT(model, data), model)


def remembered(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Let a function of the audit give what it gave the first time."""
    function, found = getattr(audit_run, name), []

    def remember(*args: object, **options: object) -> object:
        if not found:
            found.append(function(*args, **options))
        return found[0]

    monkeypatch.setattr(audit_run, name, remember)


def test_moving_to_another_device_and_back() -> None:
    model = network()

    def move() -> None:
        meta = torch.device("meta")
        looking_at(lambda: on_device(model, meta, list), model)

    leaves_no_trace(move, model)
