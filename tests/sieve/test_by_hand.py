"""A network of two weights follows the three updates as computed on paper."""

import math
from typing import Any, Literal

import pytest
import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

from earlysieve import Batch, FeatureSieve
from earlysieve.sieve.forgetting_loss import uniform_cross_entropy


class Bias(nn.Module):
    """Two logits from one number: (w a, -w a)."""

    def __init__(self, weight: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(weight, dtype=torch.float64))

    def forward(self, activation: torch.Tensor, mask: object = None) -> torch.Tensor:
        scaled = activation * self.weight
        return torch.cat([scaled, -scaled], dim=1)


class Early(nn.Module):
    """a = u x."""

    def __init__(self, weight: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(weight, dtype=torch.float64))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.weight


def sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def test_one_step_by_hand() -> None:
    """u = 0.5, v = 1 (late), r = 2 (readout), x = 1, y = 0; all by plain gradient descent.

    With logits (z, -z): CE(y=0) = log(1 + exp(-2z)), dCE/dz = -2 s(-2z); uniform CE has
    dU/dz = tanh(z), as U = log(2 cosh z).
    """
    u, v, r, lr, forget = 0.5, 1.0, 2.0, 0.1, 0.2
    model = nn.Sequential(Early(u), Bias(v))
    readout = Bias(r)
    sieve = FeatureSieve(
        model,
        "0",
        2,
        optimizer=torch.optim.SGD(model.parameters(), lr=lr),
        readout=readout,
        readout_optimizer=lambda parameters: torch.optim.SGD(parameters, lr=lr),
        forget_every=1,
        forget_lr=forget,
    )
    batch = Batch(torch.ones(1, 1, dtype=torch.float64), torch.tensor([0]))
    logs = sieve.step(batch)
    slope = -2 * sigmoid(-2 * v * u)
    u1, v1 = u - lr * slope * v, v - lr * slope * u
    r1 = r - lr * -2 * sigmoid(-2 * r * u) * u  # on the activation of the shared pass
    u2 = u1 - forget * math.tanh(r1 * u1) * r1
    early, late = model[0], model[1]
    assert isinstance(early, Early)
    assert isinstance(late, Bias)
    # Losses are taken in single precision.
    assert early.weight.item() == pytest.approx(u2, abs=1e-6)
    assert late.weight.item() == pytest.approx(v1, abs=1e-6)
    assert readout.weight.item() == pytest.approx(r1, abs=1e-6)
    assert logs["loss"] == pytest.approx(math.log(1 + math.exp(-2 * v * u)), abs=1e-6)
    assert logs["readout_loss"] == pytest.approx(math.log(1 + math.exp(-2 * r * u)), abs=1e-6)
    assert logs["forget_loss"] == pytest.approx(math.log(2 * math.cosh(r1 * u1)), abs=1e-6)


@pytest.mark.parametrize("order", ["shared", "published"])
def test_forgetting_follows_the_schedule(order: Literal["shared", "published"]) -> None:
    """A quarter of the initial learning rate forgets at a quarter of the step size."""

    def trained(lr: float, forget_lr: float, **options: Any) -> list[torch.Tensor]:
        model = nn.Sequential(Early(0.5), Bias(1.0))
        optimizer = torch.optim.SGD(model.parameters(), lr=lr)
        if options:
            LambdaLR(optimizer, lambda _: 0.25)
        sieve = FeatureSieve(
            model,
            "0",
            2,
            optimizer=optimizer,
            readout=Bias(2.0),
            forget_every=1,
            forget_lr=forget_lr,
            order=order,
            **options,
        )
        batch = Batch(torch.ones(1, 1, dtype=torch.float64), torch.tensor([0]))
        for _ in range(3):
            sieve.step(batch)
        sieve.forget_step(batch)
        return [parameter.detach() for parameter in model.parameters()]

    falling = trained(0.4, 0.8, forget_with_lr=True)
    constant = trained(0.1, 0.2)
    assert all(torch.equal(a, b) for a, b in zip(falling, constant, strict=True))
    at_full_rate = trained(0.4, 0.8, forget_with_lr=False)
    assert not torch.equal(falling[0], at_full_rate[0])


def test_published_order_by_hand() -> None:
    """Readout, then forget, then main, each on the parameters that the one before left."""
    u, v, r, lr, forget = 0.5, 1.0, 2.0, 0.1, 0.2
    model = nn.Sequential(Early(u), Bias(v))
    readout = Bias(r)
    sieve = FeatureSieve(
        model,
        "0",
        2,
        optimizer=torch.optim.SGD(model.parameters(), lr=lr),
        readout=readout,
        readout_optimizer=lambda parameters: torch.optim.SGD(parameters, lr=lr),
        forget_every=1,
        forget_lr=forget,
        order="published",
    )
    sieve.step(Batch(torch.ones(1, 1, dtype=torch.float64), torch.tensor([0])))
    r1 = r - lr * -2 * sigmoid(-2 * r * u) * u
    u1 = u - forget * math.tanh(r1 * u) * r1
    slope = -2 * sigmoid(-2 * v * u1)
    early, late = model[0], model[1]
    assert early.weight.item() == pytest.approx(u1 - lr * slope * v, abs=1e-6)  # type: ignore
    assert late.weight.item() == pytest.approx(v - lr * slope * u1, abs=1e-6)  # type: ignore


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_uniform_cross_entropy_has_its_floor_at_uniform(classes: int) -> None:
    logits = torch.randn(20, classes, generator=torch.Generator().manual_seed(0))
    assert uniform_cross_entropy(torch.zeros(4, classes)).item() == pytest.approx(math.log(classes))
    target = torch.full((20, classes), 1 / classes)
    expected = nn.functional.cross_entropy(logits, target)
    assert uniform_cross_entropy(logits).item() == pytest.approx(expected.item(), rel=1e-6)
    assert uniform_cross_entropy(logits).item() > math.log(classes)
