"""Forgetting erases the feature: it does not merely fool the readout that asked for it."""

import copy
import math
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from earlysieve import Batch, FeatureSieve, LinearHead, MLPHead
from earlysieve.readouts.feature_store import FeatureStore
from earlysieve.readouts.folds import assign_folds
from earlysieve.readouts.linear import fit_linear


def planted(seed: int) -> Batch:
    """Labels that one input says at once, and that two others say by the sign of their product."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(600, 8, generator=generator)
    y = (x[:, 1] * x[:, 2] > 0).long()
    x[:, 0] = (2 * y - 1) + 0.5 * torch.randn(600, generator=generator)
    return Batch(x, y)


def parts(data: Batch) -> list[Batch]:
    assert isinstance(data.inputs, Tensor)
    return [Batch(data.inputs[i : i + 100], data.labels[i : i + 100]) for i in range(0, 600, 100)]


def fresh_accuracy(model: nn.Sequential) -> float:
    """Of a linear readout fitted anew on early features, on examples that nobody has seen."""
    fitted_on, held_out = planted(1), planted(2)
    early = copy.deepcopy(model[0]).eval()
    store = FeatureStore()
    with torch.no_grad():
        store.append(early(fitted_on.inputs))
        features = early(held_out.inputs)
    readout = fit_linear(store, fitted_on.labels, assign_folds(fitted_on.labels, 1), 2)
    found = readout.logits(features)[:, 0].argmax(1)
    return float((found == held_out.labels).double().mean())


def trained(readout: Any, forget_lr: float) -> tuple[nn.Sequential, FeatureSieve]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        early = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU())
        late = nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 2))
    model = nn.Sequential(early, late).train()
    sieve = FeatureSieve(
        model,
        "0",
        2,
        optimizer=torch.optim.Adam(model.parameters(), 1e-2),
        readout=readout,
        forget_lr=forget_lr,
    )
    for _ in range(10):
        for batch in parts(planted(0)):
            sieve.main_step(batch)
            sieve.readout_step(batch)
    return model, sieve


def test_a_forget_step_lowers_the_loss_against_uniform_towards_its_floor() -> None:
    _, sieve = trained(LinearHead(), 0.1)
    batch = planted(3)
    losses = [sieve.forget_step(batch)["forget_loss"] for _ in range(40)]
    assert all(after < before for before, after in pairwise(losses))
    assert losses[0] > 2 * math.log(2)
    assert math.log(2) < losses[-1] < 1.2 * math.log(2)


@pytest.mark.parametrize(
    ("readout", "at_most"), [(LinearHead(), 0.92), (MLPHead(16), 0.75)], ids=["linear", "mlp"]
)
def test_a_fresh_readout_is_weaker_after_forgetting(readout: Any, at_most: float) -> None:
    """Accuracy by chance is 0.5. A readout of more capacity finds, and erases, more."""
    model, sieve = trained(readout, 0.5)
    before = fresh_accuracy(model)
    for _ in range(20):
        for batch in parts(planted(0)):
            sieve.readout_step(batch)
            sieve.readout_step(batch)
            sieve.forget_step(batch)
    assert before > 0.97
    assert fresh_accuracy(model) < at_most


def test_a_fresh_readout_stays_as_strong_where_the_readout_learns_without_forgetting() -> None:
    model, sieve = trained(LinearHead(), 0.5)
    before = fresh_accuracy(model)
    for batch in parts(planted(0)) * 10:
        sieve.readout_step(batch)
    assert fresh_accuracy(model) == before
