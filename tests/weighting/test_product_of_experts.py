"""A product of experts, whose weak one is an early readout."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from earlysieve import ProductOfExperts
from earlysieve.errors import CheckpointError, InputError, LayerError
from earlysieve.training import ERM
from earlysieve.weighting.product_of_experts import product

from .helpers import CLASSES, Planted, bits, net, same, sgd


class Uniform(nn.Module):
    """Says the same of every class, whatever it is trained to."""

    def __init__(self, value: float = 0.1) -> None:
        super().__init__()
        self.value = nn.Parameter(torch.tensor(value))

    def forward(self, activation, mask):
        return self.value.expand(len(activation), CLASSES)


def poe(model, **more):
    usual = {"layer": "early", "num_classes": CLASSES, "optimizer": sgd(model)}
    return ProductOfExperts(model, **{**usual, **more})


def train(algorithm, epochs=2, data=None):
    data, logs = data or Planted(), []
    for epoch in range(epochs):
        torch.manual_seed(epoch)  # of dropout
        logs += [algorithm.step(batch) for batch in data.epoch(epoch)]
        algorithm.end_epoch()
    return logs


@pytest.mark.parametrize("more", [{"readout": Uniform()}, {"strength": 0.0}])
@pytest.mark.parametrize("autocast", [None, "bf16"])
def test_a_uniform_expert_is_plain_training_bit_for_bit(more, autocast):
    model, plain = net(0), net(0)
    train(poe(model, autocast=autocast, **more))
    train(ERM(plain, sgd(plain), autocast=autocast))
    assert same(bits(model), bits(plain))
    other = net(0)
    train(poe(other, autocast=autocast))
    assert not same(bits(other), bits(plain))


def test_the_product_by_hand():
    """(1/2, 1/2) times (1/4, 3/4) is (1/4, 3/4); (2/3, 1/3) times its square is (2/11, 9/11)."""
    flat, third = torch.zeros(1, 2), torch.tensor([[math.log(2), 0.0]])
    expert = torch.tensor([[0.0, math.log(3)]])
    assert product(flat, expert, 1.0).softmax(1).tolist()[0] == pytest.approx([0.25, 0.75])
    assert product(third, expert, 2.0).softmax(1).tolist()[0] == pytest.approx([2 / 11, 9 / 11])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 99), st.floats(0, 3), st.floats(-5, 5))
def test_the_product_is_that_of_probabilities(seed, strength, shift):
    generator = torch.Generator().manual_seed(seed)
    f, r = torch.randn(2, 5, 4, generator=generator, dtype=torch.float64)
    expected = f.softmax(1) * r.softmax(1) ** strength
    found = product(f, r + shift, strength).softmax(1)
    assert torch.allclose(found, expected / expected.sum(1, keepdim=True))


def test_one_step_is_that_of_a_loop():
    """The readout speaks before it learns, and gets no gradient of the product."""
    model, other = net(1), net(1)
    algorithm = poe(model, readout_lr=0.1, strength=2.0)
    reference = sgd(other)
    for rows in (range(16), range(16, 32)):
        batch = Planted().batch(torch.tensor(list(rows)))
        algorithm.prepare(batch)
        readout = algorithm.weighting.reader
        torch.manual_seed(0)
        with torch.no_grad():
            pooled = nn.Sequential(*other.early)[:2](batch.inputs).relu().mean((2, 3))
        said = readout.read(pooled, None)
        other.load_state_dict(model.state_dict())
        torch.manual_seed(0)
        logs = algorithm.step(batch)
        torch.manual_seed(0)
        logits = other(batch.inputs)
        combined = logits.log_softmax(1) + 2.0 * said.log_softmax(1)
        loss = nn.functional.cross_entropy(combined, batch.labels)
        reference.zero_grad()
        loss.backward()
        reference.step()
        assert logs["loss"] == pytest.approx(loss.item(), abs=1e-5)
        assert logs["readout_loss"] == pytest.approx(
            nn.functional.cross_entropy(said, batch.labels).item(), abs=1e-5
        )
        for a, b in zip(model.parameters(), other.parameters(), strict=True):
            assert torch.allclose(a, b, atol=1e-5)


def test_the_expert_takes_over_what_it_can_read():
    """Trained beside a readout that knows the colour, the network leans less on it."""
    data = Planted(600, fails=0.1)
    accuracies = []
    for strength in (0.0, 1.0):
        model = net(0, dropout=0.0)
        train(poe(model, strength=strength, readout_lr=0.1), epochs=6, data=data)
        model.eval()
        with torch.no_grad():
            right = (model(data.x).argmax(1) == data.y).double()
        accuracies.append(float(right[data.minority].mean()))
    assert accuracies[1] > accuracies[0] + 0.1


def test_a_run_goes_on_from_its_state():
    model, other = net(2), net(2)
    whole = poe(model)
    train(whole, epochs=2)
    first = poe(other)
    data = Planted()
    torch.manual_seed(0)
    for batch in data.epoch(0):
        first.step(batch)
    first.end_epoch()
    again = poe(other)
    again.load_state_dict(first.state_dict())
    torch.manual_seed(1)
    for batch in data.epoch(1):
        again.step(batch)
    assert same(bits(model), bits(other))
    with pytest.raises(CheckpointError, match="readout of layer 'late'"):
        poe(other, layer="late").load_state_dict(first.state_dict())


def test_bad_settings():
    for more, message in (
        ({"strength": -1.0}, "Expected strength to be a number of at least 0, but got -1"),
        ({"strength": float("nan")}, "Expected strength"),
        ({"readout_lr": -1.0}, "Expected readout_lr"),
    ):
        with pytest.raises(InputError, match=message):
            poe(net(), **more)
    batch = Planted().batch(torch.arange(8))
    with pytest.raises(LayerError, match="nowhere"):
        poe(net(), layer="nowhere").step(batch)
    with pytest.raises(InputError, match="as num_classes says"):
        poe(net(), num_classes=5).step(batch)
