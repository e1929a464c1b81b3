"""Methods in Lightning do what the library's own `fit` does; audits and repairs beside them."""

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

import earlysieve as es
from earlysieve.errors import InputError, TrainingError
from earlysieve.integrations.lightning import (
    AuditCallback,
    MethodCallback,
    RepairCallback,
)
from earlysieve.training.algorithm import Algorithm

from ..training.helpers import difference
from .helpers import (
    BATCH,
    EPOCHS,
    METHODS,
    SEED,
    Order,
    Points,
    fitted,
    loader,
    momentum,
    network,
)

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*does not have many workers:UserWarning",
    "ignore:.*Checkpoint directory.*exists and is not empty:UserWarning",
    "ignore:.*returned `None`:UserWarning",
    "ignore::DeprecationWarning",
    "ignore::FutureWarning",
)


class Module(pl.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.net = network()

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        return functional.cross_entropy(self.net(batch[0]), batch[1])

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return momentum(self.parameters())


def trainer(*callbacks: Any, epochs: int = EPOCHS, **options: Any) -> pl.Trainer:
    return pl.Trainer(
        max_epochs=epochs,
        callbacks=list(callbacks),
        accelerator="cpu",
        logger=False,
        enable_checkpointing=any(isinstance(c, ModelCheckpoint) for c in callbacks),
        enable_progress_bar=False,
        enable_model_summary=False,
        **options,
    )


def same(module: Module, weights: dict[str, Tensor]) -> bool:
    return difference(dict(module.net.state_dict()), weights) is None


@pytest.mark.parametrize("name", METHODS)
def test_a_method_equals_fit(name: str) -> None:
    module, callback = Module(), MethodCallback(METHODS[name], network="net")
    trainer(callback).fit(module, loader())
    weights, state = fitted(METHODS[name])
    assert same(module, weights)
    assert callback.algorithm is not None
    assert difference(callback.algorithm.state_dict(), state) is None
    assert "training_step" not in vars(module)
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in module.modules())


def test_balanced_batches_are_a_sampler() -> None:
    module = Module()
    sampler = es.BalancedSampler(Points().groups, seed=SEED)
    batches = DataLoader(es.with_index(Points()), batch_size=BATCH, sampler=sampler)
    trainer(MethodCallback(METHODS["group-dro"], network="net")).fit(module, batches)
    assert same(module, fitted(METHODS["group-dro"], balanced=True)[0])


def test_a_resumed_run_equals_one_that_was_not_interrupted(tmp_path: Path) -> None:
    saving = ModelCheckpoint(dirpath=tmp_path, save_top_k=-1, filename="{epoch}")
    trainer(MethodCallback(METHODS["dedier"], network="net"), saving, epochs=2).fit(
        Module(), loader()
    )
    module, order = Module(), Order()
    order.epoch = 2
    resumed = MethodCallback(METHODS["dedier"], network="net")
    trainer(resumed, ModelCheckpoint(dirpath=tmp_path, save_top_k=0)).fit(
        module, loader(order), ckpt_path=tmp_path / "epoch=1.ckpt", weights_only=True
    )
    weights, state = fitted(METHODS["dedier"])
    assert same(module, weights)
    assert resumed.algorithm is not None
    assert difference(resumed.algorithm.state_dict(), state) is None


def test_clipping_and_accumulation_are_lightnings() -> None:
    module = Module()
    options = {"accumulate_grad_batches": 2, "gradient_clip_val": 0.1}
    trainer(MethodCallback(METHODS["early"], network="net"), **options).fit(module, loader())
    model = network().train()
    optimizer = momentum(model.parameters())
    algorithm = METHODS["early"](model, optimizer)
    batches = loader()
    for _ in range(EPOCHS):
        for number, batch in enumerate(batches, 1):
            loss, _ = es.loss_of(algorithm, batch)
            assert loss is not None
            (loss / 2).backward()
            if number % 2 == 0 or number == len(batches):
                torch.nn.utils.clip_grad_norm_(model.parameters(), 0.1)
                optimizer.step()
                optimizer.zero_grad()
        algorithm.end_epoch()  # type: ignore[attr-defined]
    assert same(module, dict(model.state_dict()))


class Broken(pl.Callback):
    def on_train_batch_end(self, *_: Any) -> None:
        raise RuntimeError("stop")


def test_the_module_has_its_step_back_after_an_error() -> None:
    module = Module()
    with pytest.raises(RuntimeError, match="stop"):
        trainer(MethodCallback(METHODS["erm"], network="net"), Broken()).fit(module, loader())
    assert "training_step" not in vars(module)


class ByHand(Module):
    def __init__(self) -> None:
        super().__init__()
        self.automatic_optimization = False


def test_what_cannot_be_trained_so_is_told_before_the_first_step() -> None:
    def sieve(model: nn.Module, optimizer: Any) -> Algorithm:
        return es.FeatureSieve(model, "0", 3, optimizer=optimizer)

    with pytest.raises(InputError, match="one optimiser that Lightning steps"):
        trainer(MethodCallback(METHODS["erm"])).fit(ByHand(), loader())
    module = Module()
    with pytest.raises(InputError, match="but FeatureSieve also updates the network"):
        trainer(MethodCallback(sieve, network="net")).fit(module, loader())
    with pytest.raises(InputError, match="it has no 'body'; its parts are net"):
        trainer(MethodCallback(METHODS["erm"], network="body")).fit(module, loader())
    assert same(module, dict(network().state_dict()))


class Logged(pl.Callback):
    def __init__(self) -> None:
        self.rows: list[dict[str, float]] = []

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        self.rows.append({k: float(v) for k, v in trainer.callback_metrics.items()})


def test_audits_come_every_so_many_epochs_and_change_nothing(tmp_path: Path) -> None:
    held_out, seen = Points(60, seed=1), Logged()
    audits = AuditCallback(
        held_out, every=2, network="net", out=str(tmp_path), layers=["0"], seen_in_training=False
    )
    module = Module()
    trainer(audits, MethodCallback(METHODS["early"], network="net"), seen, epochs=5).fit(
        module, loader()
    )
    assert same(module, fitted(METHODS["early"], epochs=5)[0])
    assert list(audits.results) == [2, 4]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["epoch-2", "epoch-4"]
    assert seen.rows[1]["audit/accuracy"] == pytest.approx(audits.results[2].summary.accuracy)
    assert "audit/accuracy" not in seen.rows[0]
    assert seen.rows[0]["method/readout_loss"] > 0
    with pytest.raises(InputError, match="^Expected every to be at least 1, but got 0; "):
        AuditCallback(held_out, every=0)


def test_a_repair_follows_training() -> None:
    held_out = Points(60, seed=1)
    callback = RepairCallback(held_out, network="net", method="afr", seen_in_training=False)
    with pytest.raises(TrainingError, match="^Expected a training that has ended"):
        _ = callback.repaired
    module = Module()
    trainer(callback).fit(module, loader())
    expected = es.repair(module.net, held_out, method="afr", seen_in_training=False, progress=False)
    got = callback.repaired.state_dict()
    assert difference(dict(got), dict(expected.state_dict())) is None
    assert not torch.equal(got["4.weight"], module.net[4].weight)


def _without_groups(data: Points) -> TensorDataset:
    return TensorDataset(data.x, data.y)


def test_a_repair_that_lacks_groups_says_so_before_training() -> None:
    callback = RepairCallback(_without_groups(Points(60, seed=1)), network="net", method="dfr")
    module = Module()
    before = {name: value.clone() for name, value in module.net.state_dict().items()}
    with pytest.raises(InputError, match='that name groups.*pass groups="audit"'):
        trainer(callback).fit(module, loader())
    assert same(module, before)
    with pytest.raises(InputError, match="did you mean dfr"):
        RepairCallback(Points(60), method="dfrr")


def test_a_repair_by_groups_of_an_audit_of_what_was_trained() -> None:
    held_out = _without_groups(Points(300, seed=1))
    options = {"method": "leace", "seen_in_training": False, "settings": {"min_group": 1}}
    callback = RepairCallback(held_out, network="net", groups="audit", **options)
    module = Module()
    trainer(callback).fit(module, loader())
    groups = es.infer_groups(es.audit(module.net, held_out, seen_in_training=False, pictures=0))
    expected = es.repair(module.net, held_out, groups=groups, progress=False, **options)
    assert difference(dict(callback.repaired.state_dict()), dict(expected.state_dict())) is None
