import math

import pytest
import torch
from torch import nn

import earlysieve as es
from earlysieve.errors import CheckpointError, InputError
from earlysieve.grouping.disagreement import divergence, groups_from_disagreement, largest
from earlysieve.grouping.early_copy import drawn_anew


class Logits(nn.Module):
    """Returns its inputs, plus what it is told to add."""

    def __init__(self, add=(0.0, 0.0)):
        super().__init__()
        self.register_buffer("add", torch.tensor(add))

    def forward(self, inputs):
        return inputs + self.add


DATA = [(torch.tensor([p, 1 - p]).log(), label) for p, label in ((0.9, 0), (0.4, 0), (0.3, 1))]


def test_errors_by_hand():
    found = es.infer_groups("errors", data=DATA, model=Logits())
    assert found.suspects.tolist() == [False, True, False]
    assert found.numbers.tolist() == [0, 1, 2]
    assert found.weights.tolist() == pytest.approx([0.1, 0.6, 0.3], abs=1e-6)
    assert found.source == "errors"


def test_divergence_by_hand():
    """KL((1/2, 1/2) || (1/4, 3/4)) = (log 2 + log 2/3) / 2; of equal ones exactly 0."""
    late = torch.tensor([[0.5, 0.5], [0.2, 0.8]]).log()
    early = torch.tensor([[0.25, 0.75], [0.2, 0.8]]).log()
    wanted = 0.5 * math.log(2) + 0.5 * math.log(2 / 3)
    found = divergence(late, early)
    assert found[0].item() == pytest.approx(wanted, abs=1e-6)
    assert found[1].item() == 0.0


def test_divergence_is_that_of_torch():
    generator = torch.Generator().manual_seed(0)
    late, early = torch.randn(2, 50, 4, generator=generator, dtype=torch.float64)
    other = nn.functional.kl_div(
        early.log_softmax(1), late.log_softmax(1), log_target=True, reduction="none"
    )
    assert torch.allclose(divergence(late, early), other.sum(1))


def test_largest_takes_the_first_of_equal_ones():
    assert largest(torch.tensor([1.0, 3.0, 3.0, 3.0]), 2).tolist() == [False, True, True, False]


def test_disagreement_with_a_copy_that_is_given():
    """The copy counts class 1 twelve times: 0.9 < 1.2, so the first is of class 1 to it."""
    early = Logits((0.0, math.log(12)))
    found = groups_from_disagreement(DATA, model=Logits(), early=early)
    assert found.suspects.tolist() == [True, False, False]
    state = groups_from_disagreement(DATA, model=Logits(), early=early.state_dict())
    assert torch.equal(state.weights, found.weights)
    two = groups_from_disagreement(DATA, model=Logits(), early=early, by="kl", count=2)
    assert two.suspects.tolist() == [True, True, False]
    assert found.notes == ()


def test_a_copy_of_the_same_weights_disagrees_on_nothing():
    same = Logits()
    found = groups_from_disagreement(DATA, model=Logits(), early=same)
    assert not found.suspects.any()
    assert found.weights.tolist() == [0.0, 0.0, 0.0]
    with pytest.raises(InputError, match="misleads no example"):
        es.infer_groups("disagreement", data=DATA, model=Logits(), early=same)


def test_a_copy_is_trained_where_none_is_given():
    generator = torch.Generator().manual_seed(0)
    data = [(torch.randn(4, generator=generator), k % 2) for k in range(40)]
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 2)).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.get_rng_state()
    found = es.infer_groups("disagreement", data=data, model=model, seed=1)
    assert torch.equal(state, torch.get_rng_state())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert model.training
    assert "No early copy was given" in found.notes[0]
    again = es.infer_groups("disagreement", data=data, model=model, seed=1)
    assert torch.equal(found.weights, again.weights)


def test_weights_drawn_anew_are_others():
    model = nn.Sequential(nn.Linear(4, 2), nn.BatchNorm1d(2)).requires_grad_(False)
    model[1].running_mean += 1
    made = drawn_anew(model)
    assert not torch.equal(made[0].weight, model[0].weight)
    assert made[1].running_mean.tolist() == [0, 0]
    assert all(parameter.requires_grad for parameter in made.parameters())


class Own(nn.Module):
    def __init__(self):
        super().__init__()
        self.token = nn.Parameter(torch.zeros(2))

    def forward(self, inputs):
        return inputs + self.token


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": None}, "Expected a model for the groups of 'disagreement'"),
        ({"by": "l2"}, 'Expected by="class"'),
        ({"count": 2}, 'Expected by="class"'),
        ({"by": "kl", "count": 0}, 'Expected by="class"'),
        ({"epochs": 0}, "Expected epochs >= 1, lr > 0"),
        ({"model": Own()}, r"'the model' \(Own\) has no reset_parameters; pass early="),
        ({"early": nn.Linear(2, 3)}, "Expected an early copy with 2 classes"),
    ],
)
def test_bad_settings(settings, message):
    with pytest.raises(InputError, match=message):
        es.infer_groups("disagreement", data=DATA, **{"model": nn.Linear(2, 2), **settings})


def test_bad_models():
    with pytest.raises(CheckpointError, match="early="):
        groups_from_disagreement(DATA, model=nn.Linear(2, 2), early={"weight": torch.zeros(3, 2)})
    with pytest.raises(InputError, match="Expected finite logits"):
        es.infer_groups("errors", data=DATA, model=Logits((float("nan"), 0.0)))
    with pytest.raises(InputError, match="Expected a model for the groups of 'errors'"):
        es.infer_groups("errors", data=DATA)


def test_labels_that_the_model_does_not_know_are_refused():
    model, x = nn.Linear(3, 2), torch.randn(20, 3)
    labels = torch.arange(20) % 3
    with pytest.raises(InputError, match="Expected labels from 0 to 1"):
        es.infer_groups("disagreement", data=list(zip(x, labels, strict=True)), model=model)
