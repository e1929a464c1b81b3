"""Training steps in evaluation mode say so, where it changes what is learnt."""

import warnings

import pytest
import torch
from torch import nn

import earlysieve as es
from earlysieve.training import ERM

BATCH = es.Batch(torch.randn(6, 4), torch.arange(6) % 2, torch.arange(6))


def network(*, noise: bool) -> nn.Module:
    between = [nn.BatchNorm1d(5), nn.Dropout(0.2)] if noise else []
    return nn.Sequential(nn.Linear(4, 5), nn.ReLU(), *between, nn.Linear(5, 2))


def erm(model, optimizer):
    return ERM(model, optimizer)


def sieve(model, optimizer):
    return es.FeatureSieve(model, "1", 2, optimizer=optimizer, readout=es.LinearHead())


def distillation(model, optimizer):
    return es.EarlyReweighting(model, layer="1", num_classes=2, optimizer=optimizer, num_examples=6)


METHODS = [erm, sieve, distillation]


def step(make, model):
    method = make(model, torch.optim.SGD(model.parameters(), lr=0.01))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        method.step(BATCH)
    return [warning for warning in caught if "evaluation mode" in str(warning.message)]


@pytest.mark.parametrize("make", METHODS)
def test_a_model_with_dropout_in_evaluation_mode_is_told_at_the_callers_line(make):
    (warning,) = step(make, network(noise=True).eval())
    assert "call model.train() before the first step" in str(warning.message)
    assert warning.filename == __file__


@pytest.mark.parametrize("make", METHODS)
def test_training_mode_frozen_layers_and_plain_layers_are_not(make):
    frozen = network(noise=True).train()
    frozen[2].eval()
    for model in (network(noise=True).train(), frozen, network(noise=False).eval()):
        assert step(make, model) == []
