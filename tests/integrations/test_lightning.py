"""The Lightning callback does after each batch what a plain loop would, and resumes."""

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

pytest.importorskip("lightning", reason="needs lightning")

import lightning.pytorch as pl
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.plugins import MixedPrecision

from earlysieve import Batch, FeatureSieve, ForgetSchedule, MLPHead
from earlysieve.errors import InputError, LayerError, TrainingError
from earlysieve.integrations.lightning import SieveCallback
from earlysieve.integrations.lightning.network import find_network

from ..training.helpers import difference

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*does not have many workers:UserWarning",
    "ignore:.*Checkpoint directory.*exists and is not empty:UserWarning",
    "ignore::DeprecationWarning",
    "ignore::FutureWarning",
)


class Module(pl.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.net = nn.Sequential(
                nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 8), nn.Linear(8, 3)
            )
        self.logged: list[dict[str, float]] = []

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)

    def training_step(self, batch: list[Tensor], batch_idx: int) -> Tensor:
        x, y = batch
        return functional.cross_entropy(self(x), y)

    def log_dict(self, dictionary: dict[str, float], **kwargs: Any) -> None:
        self.logged.append(dict(dictionary))
        super().log_dict(dictionary, **kwargs)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), 1e-2)


def data(labels: int = 3) -> TensorDataset:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(40, 4, generator=generator)
    return TensorDataset(x, torch.randint(0, labels, (40,), generator=generator))


def train(module: Module, callback: Any, folder: Path, epochs: int = 2, **options: Any) -> Any:
    resume = options.pop("resume", None)
    callbacks = [c for c in (callback, options.pop("checkpoint", None)) if c is not None]
    trainer = pl.Trainer(
        accelerator="cpu",
        max_epochs=epochs,
        callbacks=callbacks,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=any(isinstance(c, ModelCheckpoint) for c in callbacks),
        default_root_dir=folder,
        **options,
    )
    trainer.fit(module, DataLoader(data(), 8), ckpt_path=resume)
    return trainer


def by_hand(accumulate: int = 1, epochs: int = 2, **options: Any) -> tuple[Module, FeatureSieve]:
    module = Module().train()
    optimizer = torch.optim.Adam(module.parameters(), 1e-2)
    sieve = FeatureSieve(module, "net.1", 3, **options)
    for _ in range(epochs):
        batches = list(DataLoader(data(), 8))
        for number, (x, y) in enumerate(batches, start=1):
            (functional.cross_entropy(module(x), y) / accumulate).backward()
            stepped = number % accumulate == 0 or number == len(batches)
            if stepped:
                optimizer.step()
                optimizer.zero_grad()
            sieve.after_step(Batch(x, y), stepped=stepped)
        sieve.end_epoch()
    return module, sieve


@pytest.mark.parametrize("accumulate", [1, 2])
@pytest.mark.parametrize(
    "options",
    [
        {"forget_every": 2, "forget_lr": 0.1},
        {"forget_every": ForgetSchedule(1, warmup=1, unit="epoch"), "readout": MLPHead(4)},
    ],
    ids=["by step", "by epoch"],
)
def test_a_lightning_run_equals_a_loop_by_hand(
    tmp_path: Path, accumulate: int, options: dict[str, Any]
) -> None:
    module, callback = Module(), SieveCallback("net.1", 3, **options)
    train(module, callback, tmp_path, accumulate_grad_batches=accumulate)
    expected, sieve = by_hand(accumulate, **options)
    assert difference(dict(module.state_dict()), dict(expected.state_dict())) is None
    assert difference(callback.state_dict(), sieve.state_dict()) is None
    assert any("sieve/forget_loss" in logs for logs in module.logged)
    assert len(module.logged) == 10
    assert list(tmp_path.iterdir()) == []


def test_the_network_may_be_a_part_of_the_module(tmp_path: Path) -> None:
    module, other = Module(), Module()
    train(module, SieveCallback("1", 3, network="net", forget_every=1, log=False), tmp_path)
    train(other, SieveCallback("net.1", 3, forget_every=1), tmp_path)
    assert difference(dict(module.state_dict()), dict(other.state_dict())) is None
    assert module.logged == []


def test_forgetting_off_is_lightning_alone(tmp_path: Path) -> None:
    plain, sieved = Module(), Module()
    train(plain, None, tmp_path)
    with pytest.warns(UserWarning, match="never forgets"):
        train(sieved, SieveCallback("net.1", 3, forget_every=0), tmp_path)
    assert difference(dict(plain.state_dict()), dict(sieved.state_dict())) is None


def test_a_resumed_run_equals_one_that_was_not_interrupted(tmp_path: Path) -> None:
    options = {"forget_every": 3, "forget_lr": 0.1}

    def callback() -> SieveCallback:
        return SieveCallback("net.1", 3, **options)

    def keep() -> ModelCheckpoint:
        return ModelCheckpoint(tmp_path / "kept", save_top_k=-1)

    whole, whole_callback = Module(), callback()
    train(whole, whole_callback, tmp_path, epochs=3)
    train(Module(), callback(), tmp_path, epochs=1, checkpoint=keep())
    (file,) = (tmp_path / "kept").glob("*.ckpt")
    resumed, resumed_callback = Module(), callback()
    train(resumed, resumed_callback, tmp_path, epochs=3, checkpoint=keep(), resume=file)
    assert difference(resumed_callback.state_dict(), whole_callback.state_dict()) is None
    assert difference(dict(resumed.state_dict()), dict(whole.state_dict())) is None


def test_schedules_by_epoch_go_on_after_a_checkpoint_before_an_epochs_end(tmp_path: Path) -> None:
    """Lightning saves after the last batch, before the epoch is counted."""

    def callback() -> SieveCallback:
        return SieveCallback("net.1", 3, forget_every=ForgetSchedule(2, unit="epoch"))

    def keep() -> ModelCheckpoint:
        return ModelCheckpoint(tmp_path / "kept", save_top_k=-1, every_n_train_steps=5)

    whole, whole_callback = Module(), callback()
    train(whole, whole_callback, tmp_path, epochs=3)
    train(Module(), callback(), tmp_path, epochs=1, checkpoint=keep())
    (file,) = (tmp_path / "kept").glob("*.ckpt")
    resumed, resumed_callback = Module(), callback()
    train(resumed, resumed_callback, tmp_path, epochs=3, checkpoint=keep(), resume=file)
    assert difference(resumed_callback.state_dict(), whole_callback.state_dict()) is None
    assert difference(dict(resumed.state_dict()), dict(whole.state_dict())) is None


def test_checkpoints_within_an_epoch_hold_the_step_that_was_just_made(tmp_path: Path) -> None:
    keep = ModelCheckpoint(tmp_path, save_top_k=-1, every_n_train_steps=3)
    train(Module(), SieveCallback("net.1", 3), tmp_path, epochs=1, checkpoint=keep)
    (file,) = tmp_path.glob("*.ckpt")
    state = torch.load(file, weights_only=True)["callbacks"]["SieveCallback[net.1]"]
    assert state["steps_done"] == 3


def test_precision_follows_the_trainer(tmp_path: Path) -> None:
    callback = SieveCallback("net.1", 3)
    train(Module(), callback, tmp_path, epochs=1, precision="bf16-mixed")
    assert callback.sieve is not None
    assert callback.sieve.precision.dtype == torch.bfloat16


def test_bad_input_stops_before_the_first_update(tmp_path: Path) -> None:
    cases = [
        (SieveCallback("net.4", 3), LayerError, "^Expected trainable parameters after layer"),
        (SieveCallback("net.9", 3), LayerError, "'net.9'"),
        (SieveCallback("net.1", 2), InputError, "^Expected a model that gives 2 logits"),
        (SieveCallback("net.1", 4), InputError, "^Expected a model that gives 4 logits"),
        (
            SieveCallback("1", 3, network="nett"),
            InputError,
            "^Expected network to name a part of the LightningModule, but it has no 'nett'; its "
            "parts are net$",
        ),
    ]
    for callback, error, message in cases:
        module = Module()
        before = copy.deepcopy(dict(module.state_dict()))
        with pytest.raises(error, match=message):
            train(module, callback, tmp_path)
        assert difference(dict(module.state_dict()), before) is None


def test_a_module_that_only_trains_has_to_name_its_network() -> None:
    class OnlyTrains(pl.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.net, self.other = nn.Linear(4, 3), nn.Linear(4, 3)

    module = OnlyTrains()
    assert find_network(module, "net") is module.net
    with pytest.raises(InputError, match=r"name its part that does \(network=\), of net, other$"):
        find_network(module, None)


def test_a_callback_that_is_not_training_has_no_sieve() -> None:
    callback = SieveCallback("net.1", 3)
    assert callback.state_dict() == {}
    with pytest.raises(TrainingError, match="^Expected a callback whose training has started, but"):
        callback.on_train_epoch_end(None, None)


class Overflowing(Module):
    """The gradients of its second batch are too large for fp16's gradient scaler."""

    def training_step(self, batch: list[Tensor], batch_idx: int) -> Tensor:
        loss = super().training_step(batch, batch_idx)
        return loss * 1e37 if batch_idx == 1 else loss


def test_a_step_that_the_gradient_scaler_skipped_is_none(tmp_path: Path) -> None:
    callback = SieveCallback("net.1", 3, forget_every=1)
    module = Overflowing()
    scaled = MixedPrecision("16-mixed", "cpu", torch.amp.GradScaler("cpu"))
    trainer = train(module, callback, tmp_path, epochs=1, plugins=[scaled])
    assert callback.sieve is not None
    assert trainer.global_step == 5
    assert callback.sieve.steps_done == 4
    assert ["sieve/forget_loss" in logs for logs in module.logged] == [
        True,
        False,
        True,
        True,
        True,
    ]
