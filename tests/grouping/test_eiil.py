import math

import pytest
import torch
from torch import nn

import earlysieve as es
from earlysieve.errors import InputError
from earlysieve.grouping.eiil import groups_from_eiil, scale_derivatives

GENERATOR = torch.Generator().manual_seed(0)
LOGITS = 2 * torch.randn(60, 3, generator=GENERATOR)
LABELS = torch.randint(3, (60,), generator=GENERATOR)
DATA = list(zip(LOGITS, LABELS.tolist(), strict=True))


def test_derivatives_by_hand():
    """Softmax (0, log 3) is (1/4, 3/4): mean logit 3/4 log 3, minus that of the label."""
    logits = torch.tensor([[0.0, math.log(3)]] * 2)
    found = scale_derivatives(logits, torch.tensor([0, 1]))
    assert found.tolist() == pytest.approx([0.75 * math.log(3), -0.25 * math.log(3)])


def test_derivatives_are_those_of_autograd():
    scale = torch.ones(60, 1, requires_grad=True)
    nn.functional.cross_entropy(LOGITS * scale, LABELS, reduction="sum").backward()
    found = scale_derivatives(LOGITS, LABELS)
    assert torch.allclose(found, scale.grad[:, 0].double(), atol=1e-6)
    assert torch.allclose(scale_derivatives(LOGITS.double() + 1e4, LABELS), found, atol=1e-9)


def test_the_split_is_what_gradient_steps_come_to():
    """Ascent on the penalty over soft assignments, as the method was published."""
    losses_of = lambda scale: nn.functional.cross_entropy(  # noqa: E731
        LOGITS * scale, LABELS, reduction="none"
    )
    assigned = torch.randn(60, generator=GENERATOR, requires_grad=True)
    optimizer = torch.optim.Adam([assigned], lr=0.1)
    for _ in range(300):
        scale = torch.ones((), requires_grad=True)
        share = assigned.sigmoid()
        penalty = torch.zeros(())
        for part in (share, 1 - share):
            risk = (losses_of(scale) * part).mean()
            penalty = penalty + torch.autograd.grad(risk, scale, create_graph=True)[0] ** 2
        optimizer.zero_grad()
        (-penalty).backward()
        optimizer.step()
    found = groups_from_eiil(DATA, model=nn.Identity(), epochs=0).suspects
    split = (assigned > 0) == found
    assert split.all() or not split.any()
    assert 0 < found.sum() < (LOGITS.argmax(1) != LABELS).sum(), "some errors are none here"


def test_with_two_classes_suspects_are_the_errors():
    data = [(row[:2], label % 2) for row, label in DATA]
    found = es.infer_groups("eiil", data=data, model=nn.Identity(), epochs=0)
    errors = es.infer_groups("errors", data=data, model=nn.Identity())
    assert torch.equal(found.numbers, errors.numbers)
    assert torch.equal(found.weights, errors.weights)
    assert found.source == "eiil"


def test_the_reference_is_a_copy_that_is_trained_for_a_while():
    x = torch.randn(80, 4, generator=GENERATOR)
    data = [(row, int(row[0] > 0)) for row in x]
    model = nn.Linear(4, 2)
    before = [value.clone() for value in model.state_dict().values()]
    state = torch.get_rng_state()
    found = groups_from_eiil(data, model=model, epochs=1, seed=2)
    assert torch.equal(state, torch.get_rng_state())
    assert all(map(torch.equal, before, model.state_dict().values()))
    assert torch.equal(found.weights, groups_from_eiil(data, model=model, epochs=1, seed=2).weights)
    usual = groups_from_eiil(data, model=model, seed=2)
    assert usual.config["epochs"] == 100  # of two steps each
    assert not torch.equal(found.weights, usual.weights)
    assert not torch.equal(found.weights, groups_from_eiil(data, model=model, epochs=0).weights)


@pytest.mark.parametrize("source", ["eiil", "spare"])
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": None}, "Expected a model for the groups of"),
        ({"epochs": -1}, "Expected epochs >= 0"),
        ({"lr": 0.0}, "Expected epochs >= 1, lr > 0"),
        ({"batch_size": 0}, "batch_size >= 2"),
        ({"twins": "small"}, "Expected settings of"),
    ],
)
def test_bad_settings(source, settings, message):
    with pytest.raises(InputError, match=message):
        es.infer_groups(source, data=DATA, **{"model": nn.Linear(3, 3), **settings})
