"""A sieve in `fit`: interruptions change nothing, files are safe, losses that break stop it."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from earlysieve import Batch, FeatureSieve, ForgetSchedule, MLPHead
from earlysieve.errors import TrainingError
from earlysieve.training import NonFiniteLossError, fit, load_checkpoint

from ..training.helpers import Noisy, difference, network

pytestmark = pytest.mark.filterwarnings("ignore::earlysieve.training.SingleClassWarning")

EPOCHS = 3
EVENTS = EPOCHS * 5  # 11 examples in batches of 3: four steps and the end of an epoch
OPTIONS: dict[str, dict[str, Any]] = {
    "shared": {"forget_every": 2, "forget_steps": 2},
    "published": {"forget_every": 2, "order": "published"},
    "accumulate, bf16, clip": {
        "forget_every": 1,
        "accumulate": 3,
        "autocast": "bf16",
        "clip_norm": 1.0,
    },
    "two layers by epoch": {
        "layer": ["0", "2"],
        "forget_every": ForgetSchedule(2, unit="epoch"),
        "readout_steps": 2,
        "readout": MLPHead(4),
    },
}


def sieve_of(*, seed: int = 0, **options: Any) -> FeatureSieve:
    model = network(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    options = {"layer": "1", "optimizer": optimizer, "forget_lr": 0.05} | options
    return FeatureSieve(model, num_classes=2, **options)


def train(folder: Path, algorithm: FeatureSieve, **options: Any) -> Any:
    return fit(
        algorithm,
        Noisy(11),
        epochs=EPOCHS,
        batch_size=3,
        seed=5,
        checkpoint_dir=folder,
        progress=False,
        **options,
    )


def stop_after(number: int) -> Any:
    seen = []

    def on_event(event: object) -> None:
        seen.append(event)
        if len(seen) == number:
            raise KeyboardInterrupt

    return on_event


@pytest.mark.parametrize("name", OPTIONS)
def test_an_interruption_at_every_event_changes_nothing(tmp_path: Path, name: str) -> None:
    whole = train(tmp_path / "whole", sieve_of(**OPTIONS[name]))
    assert whole.steps == EPOCHS * 4
    assert "train_forget_loss" in whole.history[0] | whole.history[1]
    expected = load_checkpoint(tmp_path / "whole" / "last.pt")
    for number in range(1, EVENTS + 1, 1 if name == "accumulate, bf16, clip" else 7):
        folder = tmp_path / str(number)
        with pytest.raises(KeyboardInterrupt):
            train(folder, sieve_of(**OPTIONS[name]), on_event=stop_after(number))
        torch.manual_seed(number)
        resumed = train(folder, sieve_of(seed=9, **OPTIONS[name]))
        assert resumed == whole
        assert difference(load_checkpoint(folder / "last.pt"), expected) is None


@pytest.mark.parametrize("prepared", [False, True])
def test_states_survive_a_safe_file(tmp_path: Path, prepared: bool) -> None:
    data = [Noisy(11)[i] for i in range(8)]
    batch = Batch(torch.stack([x for x, _ in data]), torch.tensor([y for _, y in data]))
    first, second = sieve_of(accumulate=3), sieve_of(accumulate=3)
    if prepared:
        first.step(batch)
    torch.save(first.state_dict(), tmp_path / "sieve.pt")
    second.load_state_dict(torch.load(tmp_path / "sieve.pt", weights_only=True))
    assert difference(first.state_dict(), second.state_dict()) is None
    second.model.load_state_dict(first.model.state_dict())
    for sieve in (first, second):
        torch.manual_seed(0)
        for _ in range(3):
            sieve.step(batch)
    assert difference(first.state_dict(), second.state_dict()) is None


class Breaks(Noisy):
    """Gives NaN from the given access on."""

    def __init__(self, after: int) -> None:
        super().__init__(11)
        self.left = after

    def __getitem__(self, i: int) -> tuple:
        self.left -= 1
        x, y = super().__getitem__(i)
        return (x * float("nan") if self.left < 0 else x), y


@pytest.mark.parametrize("order", ["shared", "published"])
def test_a_main_or_readout_loss_of_nan_stops_with_the_last_whole_step_saved(
    tmp_path: Path, order: Any
) -> None:
    train(tmp_path / "whole", sieve_of(order=order), on_event=None)
    sieve = sieve_of(order=order)
    with pytest.raises(TrainingError) as caught:
        fit(
            sieve,
            Breaks(11 + 6),
            epochs=EPOCHS,
            batch_size=3,
            seed=5,
            checkpoint_dir=tmp_path,
            progress=False,
        )
    message = str(caught.value)
    kind = "" if order == "shared" else "readout "
    assert message.startswith(f"Expected a finite {kind}loss, but got nan; lower the learning rate")
    assert "(epoch 2, step 7; algorithm=FeatureSieve, optimizer=AdamW, lr=[0.01], " in message
    assert "layer=['1'], num_classes=2, readout=LinearHead(), forget_every=5, " in message
    assert "forget_lr=0.05, forget_with_lr=False, readout_lr=0.01" in message
    assert message.endswith(f"; the last good state is in '{tmp_path / 'last.pt'}'")
    saved = load_checkpoint(tmp_path / "last.pt")
    assert saved["position"] == {"epoch": 1, "batch": 2, "step": 6}
    assert all(bool(v.isfinite().all()) for v in saved["model"].values())
    train(tmp_path, sieve_of(order=order))
    states = [load_checkpoint(folder / "last.pt") for folder in (tmp_path, tmp_path / "whole")]
    assert difference(*states) is None


class Bursts(nn.Module):
    """A readout whose logits are NaN from the given call on."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.last, self.left = nn.Linear(6, 2), after

    def forward(self, activation: torch.Tensor, mask: object) -> torch.Tensor:
        self.left -= 1
        return self.last(activation) * (float("nan") if self.left < 0 else 1.0)


@pytest.mark.parametrize(("calls", "kind"), [(8, "forget"), (9, "readout")])
def test_a_loss_that_breaks_after_the_main_update_saves_no_half_step(
    tmp_path: Path, calls: int, kind: str
) -> None:
    """One call is the check; four steps make six, the fifth one for each of its two updates."""
    sieve = sieve_of(readout=Bursts(calls), forget_every=2)
    with pytest.raises(TrainingError) as caught:
        train(tmp_path, sieve)
    message = str(caught.value)
    assert not isinstance(caught.value, NonFiniteLossError)
    assert message.startswith(f"Expected a finite {kind} loss, but got nan; lower the learning rat")
    assert re.search(r"\(in the middle of optimiser step \d+; optimizer=AdamW, ", message)
    assert "forget_every=2" in message
    saved = load_checkpoint(tmp_path / "last.pt")
    assert saved["position"]["step"] == 4
    assert all(bool(v.isfinite().all()) for v in saved["model"].values())


def test_a_loss_that_is_not_finite_changes_nothing_where_it_comes_first() -> None:
    for order in ("shared", "published"):
        sieve = sieve_of(order=order)
        good = Batch(torch.randn(4, 4, generator=torch.manual_seed(0)), torch.tensor([0, 1, 0, 1]))
        sieve.step(good)
        before = {n: p.detach().clone() for n, p in sieve.model.named_parameters()}
        with pytest.raises(NonFiniteLossError):
            sieve.step(Batch(good.inputs * float("inf"), good.labels))
        assert (
            difference(before, {n: p.detach() for n, p in sieve.model.named_parameters()}) is None
        )
