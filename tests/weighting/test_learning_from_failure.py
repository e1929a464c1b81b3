"""Learning from failure, by hand and bit for bit."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from earlysieve import LearningFromFailure
from earlysieve.errors import CheckpointError, InputError, TrainingError
from earlysieve.training import ERM
from earlysieve.training.algorithm import NonFiniteLossError
from earlysieve.weighting.learning_from_failure import generalised, relative_difficulty

from .helpers import Planted, bits, net, same, sgd


def lff(model, **more):
    return LearningFromFailure(model, **{"optimizer": sgd(model), **more})


def train(algorithm, epochs, data, seed=0):
    logs = []
    for epoch in range(epochs):
        torch.manual_seed(seed + epoch)  # of dropout
        logs += [algorithm.step(batch) for batch in data.epoch(seed + epoch)]
        algorithm.end_epoch()
    return logs


def test_losses_and_weights_by_hand():
    """p = 1/4: (1 - 1/2) / (1/2) = 1 for q = 1/2, and 1 - p for q = 1."""
    losses = torch.tensor([math.log(4)])
    assert generalised(losses, 0.5).item() == pytest.approx(1.0)
    assert generalised(losses, 1.0).item() == pytest.approx(0.75)
    assert generalised(losses, 0.0) is losses
    biased, other = torch.tensor([3.0, 0.0, 2.0, 0.0]), torch.tensor([1.0, 5.0, 0.0, 0.0])
    assert relative_difficulty(biased, other).tolist() == [0.75, 0.0, 1.0, 0.5]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 99), st.floats(0, 1))
def test_the_gradient_is_that_of_cross_entropy_times_a_power(seed, q):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(6, 4, generator=generator, dtype=torch.float64)
    labels = torch.randint(4, (6,), generator=generator)
    one, other = (logits.clone().requires_grad_() for _ in range(2))
    losses = nn.functional.cross_entropy(one, labels, reduction="none")
    generalised(losses, q).sum().backward()
    nn.functional.cross_entropy(other, labels, reduction="sum").backward()
    told = logits.softmax(1).gather(1, labels[:, None])
    assert torch.allclose(one.grad, told**q * other.grad, atol=1e-5)


@given(st.lists(st.tuples(*[st.floats(0, 1e3, width=32)] * 2), min_size=1, max_size=9))
def test_weights_of_the_two_add_up_to_one(pairs):
    biased, losses = torch.tensor(pairs).T
    found = relative_difficulty(biased, losses)
    assert ((found >= 0) & (found <= 1)).all()
    known = biased + losses > 1e-30
    assert torch.allclose((found + relative_difficulty(losses, biased))[known], torch.ones(()))


def test_the_first_step_is_a_plain_one_of_half_the_rate_bit_for_bit():
    """Twin and model are equal, so that each example weighs 1/2."""
    model, plain = net(0, dropout=0.0), net(0, dropout=0.0)
    batch = Planted().batch(torch.arange(16))
    algorithm = LearningFromFailure(model, optimizer=torch.optim.SGD(model.parameters(), lr=0.5))
    logs = algorithm.step(batch)
    ERM(plain, torch.optim.SGD(plain.parameters(), lr=0.25)).step(batch)
    assert same(bits(model), bits(plain))
    assert logs["mean_weight"] == 0.5


def test_steps_are_those_of_a_loop():
    model, twin = net(1, dropout=0.0), net(2, dropout=0.0)
    main, biased = net(1, dropout=0.0), net(2, dropout=0.0)
    algorithm = lff(model, biased=twin, q=0.7)
    optimizers = sgd(main), sgd(biased)
    for batch in Planted().epoch(0):
        algorithm.step(batch)
        ce = [nn.functional.cross_entropy(f(batch.inputs), batch.labels, reduction="none")
              for f in (main, biased)]  # fmt: skip
        weights = (ce[1] / (ce[0] + ce[1])).detach()
        losses = (weights * ce[0]).mean(), ((1 - torch.exp(-ce[1]) ** 0.7) / 0.7).mean()
        for loss, optimizer in zip(losses, optimizers, strict=True):
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    for found, expected in ((model, main), (algorithm.twin.model, biased)):
        for a, b in zip(found.parameters(), expected.parameters(), strict=True):
            assert torch.allclose(a, b, atol=1e-4)
    assert same(bits(twin), bits(net(2, dropout=0.0))), "the twin that was given is copied"


def test_the_twin_is_biased_and_the_model_leans_less():
    data = Planted(600, fails=0.1)
    model, plain = net(0, dropout=0.0), net(0, dropout=0.0)
    algorithm = lff(model)
    train(algorithm, 6, data)
    train(ERM(plain, sgd(plain)), 6, data)
    found = {}
    for name, network in (("model", model), ("twin", algorithm.twin.model), ("plain", plain)):
        network.eval()
        with torch.no_grad():
            right = (network(data.x).argmax(1) == data.y).double()
        found[name] = float(right[data.minority].mean())
    assert max(found["twin"], found["plain"]) < found["model"] - 0.05


def test_a_run_goes_on_from_its_state():
    data, model, other = Planted(), net(3), net(3)
    train(lff(model), 2, data)
    first = lff(other)
    train(first, 1, data)
    again = lff(other)
    again.load_state_dict(first.state_dict())
    train(again, 1, data, seed=1)
    assert same(bits(model), bits(other))
    with pytest.raises(CheckpointError, match="biased twin"):
        lff(net(0), biased=net(0, width=4)).load_state_dict(first.state_dict())


def test_a_loss_that_breaks_after_the_twin_s_step_is_told():
    model, twin = net(0), net(1)
    algorithm = lff(model, biased=twin)
    batch = Planted().batch(torch.arange(8))
    with torch.no_grad():
        model.head.bias.fill_(float("nan"))
    with pytest.raises(TrainingError, match="in the middle of an optimiser step") as caught:
        algorithm.step(batch)
    assert not isinstance(caught.value, NonFiniteLossError)


@pytest.mark.parametrize("q", [-0.1, 1.1, float("nan")])
def test_bad_settings(q):
    with pytest.raises(InputError, match="Expected q from 0 to 1"):
        lff(net(), q=q)
