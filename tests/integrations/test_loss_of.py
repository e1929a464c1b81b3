"""A method's loss in a loop by hand, and with Accelerate, does what `fit` does, bit for bit."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import earlysieve as es
from earlysieve.auditing.leans import leans_of
from earlysieve.errors import InputError
from earlysieve.integrations.each_epoch import EpochAudits
from earlysieve.training import ERM, NonFiniteLossError

from ..training.helpers import difference
from .helpers import BATCH, EPOCHS, METHODS, SEED, Order, Points, fitted, loader, momentum, network


@pytest.mark.parametrize("name", METHODS)
def test_a_loop_by_hand_equals_fit(name: str) -> None:
    model = network().train()
    optimizer = momentum(model.parameters())
    algorithm = METHODS[name](model, optimizer)
    batches = loader()
    for _ in range(EPOCHS):
        for batch in batches:
            loss, logs = es.loss_of(algorithm, batch)
            if loss is None:
                assert name == "jtt"
                continue
            assert logs["loss"] == float(loss.detach())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        if hasattr(algorithm, "end_epoch"):
            algorithm.end_epoch()
    weights, state = fitted(METHODS[name])
    assert difference(dict(model.state_dict()), weights) is None
    assert difference(algorithm.state_dict(), state) is None
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


@pytest.mark.parametrize("name", ["dedier", "group-dro"])
def test_accelerate_equals_fit(name: str) -> None:
    accelerate = pytest.importorskip("accelerate", reason="needs accelerate")
    model = network().train()
    accelerator = accelerate.Accelerator(cpu=True)
    model, optimizer, batches = accelerator.prepare(model, momentum(model.parameters()), loader())
    algorithm = METHODS[name](model, optimizer)
    for _ in range(EPOCHS):
        for batch in batches:
            loss, _logs = es.loss_of(algorithm, batch)
            optimizer.zero_grad()
            accelerator.backward(loss)
            optimizer.step()
        algorithm.end_epoch()  # type: ignore[attr-defined]
    weights, _ = fitted(METHODS[name])
    assert difference(dict(accelerator.unwrap_model(model).state_dict()), weights) is None


def test_a_balanced_sampler_draws_what_fit_does() -> None:
    sampler = es.BalancedSampler(Points().groups, seed=5)
    order = Order(Points().groups).sampler
    for epoch in (0, 1, 4):
        sampler.set_epoch(epoch)
        drawn = list(sampler)
        assert drawn == [i for batch in order.batches(epoch) for i in batch]
    assert list(sampler) == [i for batch in order.batches(5) for i in batch]
    assert len(sampler) == len(Points())


def test_fit_can_be_audited_on_the_way_and_gives_the_same(tmp_path: Path) -> None:
    model = network().train()
    algorithm = METHODS["early"](model, momentum(model.parameters()))
    audits = EpochAudits(Points(60, seed=1), every=2, out=tmp_path, options={"layers": ["0"]})
    es.fit(
        algorithm,
        Points(),
        epochs=EPOCHS,
        batch_size=BATCH,
        seed=SEED,
        on_event=audits.listen(model),
        progress=False,
    )
    assert difference(dict(model.state_dict()), fitted(METHODS["early"])[0]) is None
    assert list(audits.results) == [2]
    kept = es.AuditResult.load(tmp_path / "epoch-2").summary
    assert kept.explanation == audits.results[2].summary.explanation
    row = audits.table.to_dict("records")[0]
    assert (row["epoch"], row["verdict"], row["accuracy"]) == (2, kept.verdict, kept.accuracy)
    assert row["leans_on"] == leans_of(audits.results[2])
    assert len(EpochAudits(Points(60, seed=1)).table) == 0


def refusal(algorithm: Any) -> str:
    with pytest.raises(InputError) as error:
        es.loss_of(algorithm, next(iter(loader())))
    return str(error.value)


def test_methods_that_are_no_single_loss_are_refused() -> None:
    model = network()
    optimizer = momentum(model.parameters())
    sieve = es.FeatureSieve(model, "0", 3, optimizer=optimizer)
    assert "but FeatureSieve also updates the network after each step" in refusal(sieve)
    assert "without clip_norm" in refusal(ERM(model, optimizer, clip_norm=1.0))
    assert "without autocast" in refusal(ERM(model, optimizer, autocast="bf16"))
    assert "its attribute `stepper`, but object has none" in refusal(object())


def test_a_loss_that_is_not_finite_is_refused_and_the_method_steps_again_by_itself() -> None:
    model = network().train()
    algorithm = METHODS["erm"](model, momentum(model.parameters()))
    with torch.no_grad():
        nn.init.constant_(model[4].bias, float("nan"))
    batch = next(iter(loader()))
    with pytest.raises(NonFiniteLossError):
        es.loss_of(algorithm, batch)
    nn.init.zeros_(model[4].bias)
    before = model[0].weight.detach().clone()
    algorithm.step(es.Batch(batch[0], batch[1]))
    assert not torch.equal(before, model[0].weight)
