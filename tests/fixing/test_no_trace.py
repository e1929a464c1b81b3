"""The given model, its hooks and modes, and random states are what they were, whatever happens."""

import random

import numpy as np
import pytest
import torch
from torch import nn

import earlysieve as es
from earlysieve.fixing import trials
from earlysieve.fixing.retraining import Recipe
from earlysieve.training import TrainConfig

from .helpers import Leaning, Net

QUICK = Recipe(TrainConfig(optimizer="adamw", lr=0.05, epochs=1, scheduler="cosine"))


class Normed(Net):
    """With BatchNorm, Dropout, a frozen layer, and one part in evaluation mode."""

    def __init__(self):
        super().__init__()
        self.norm, self.drop = nn.BatchNorm1d(6), nn.Dropout(0.3)
        self.norm.running_var.fill_(0.9)
        self.first.weight.requires_grad_(False)
        self.train()
        self.norm.eval()

    def forward(self, x):
        return self.head(self.drop(self.norm(self.act(self.first(x)))))


def traces(model):
    state = {key: value.clone() for key, value in model.state_dict().items()}
    hooks = [
        len(held)
        for module in model.modules()
        for held in (module._forward_hooks, module._forward_pre_hooks, module._backward_hooks)
    ]
    plain = (
        [module.training for module in model.modules()],
        [value.requires_grad for value in model.parameters()],
        [value.grad is None for value in model.parameters()],
        hooks,
        list(model._modules),
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        random.getstate(),
        np.random.get_state()[1].tolist(),
        torch.get_rng_state().tolist(),
    )
    return state, plain


def unchanged(before, model):
    state, plain = traces(model)
    assert all(torch.equal(before[0][key], state[key]) for key in state)
    for one, other in zip(before[1], plain, strict=True):
        assert one == other


@pytest.fixture
def model():
    torch.manual_seed(5)
    random.seed(5)
    np.random.seed(5)
    return Normed()


def test_repairs_and_trainings_leave_no_trace(model, tmp_path):
    before = traces(model)
    es.fix(
        model,
        held_out=Leaning(),
        train=Leaning(seed=3),
        retrain=QUICK,
        folder=tmp_path,
        progress=False,
    )
    unchanged(before, model)
    again = traces(model)
    es.fix(model, held_out=Leaning(), train=Leaning(seed=3), retrain=QUICK, folder=tmp_path,
           progress=False)  # fmt: skip
    unchanged(again, model)


def test_a_fifth_that_is_held_out_leaves_no_trace(model):
    before = traces(model)
    es.fix(model, train=Leaning(900, noise=1.5), retrain=QUICK, budget="4trials", progress=False)
    unchanged(before, model)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("function", ["cross_fitted_logits", "retrained", "logits_of"])
def test_a_candidate_that_raises_leaves_no_trace(model, monkeypatch, error, function):
    real, before = getattr(trials, function), traces(model)

    def raises(*args, **named):
        real(*args, **named)
        raise error

    monkeypatch.setattr(trials, function, raises)
    with pytest.raises(error):
        es.fix(model, held_out=Leaning(), train=Leaning(seed=3), retrain=QUICK, progress=False)
    unchanged(before, model)
