"""A last layer with one output is fitted as one of two, and written back as the difference."""

import pytest
import torch
from torch.utils.data import TensorDataset

import earlysieve as es
from earlysieve.repairing.features import last_features
from earlysieve.repairing.fitting import fit_last_layer
from earlysieve.repairing.last_layer import last_layer
from earlysieve.repairing.registry import REPAIR_METHODS
from earlysieve.repairing.repaired_classifier import RepairedClassifier

from ..model.one_logit import Binary

GENERATOR = torch.Generator().manual_seed(0)
Y = torch.arange(160) % 2
X = torch.randn(160, 6, generator=GENERATOR) + Y[:, None]
GROUPS = (torch.arange(160) // 2) % 2
DATA = TensorDataset(X, Y, GROUPS)


@pytest.mark.parametrize("form", ["(B, 1)", "(B,)"])
def test_the_last_layer_is_found(form):
    model = Binary(form)
    found = last_layer(model, X[:4])
    assert (found.name, found.width, found.linear) == ("head", 8, True)
    features, logits = found.read(model, X[:4])
    assert logits.shape == (4, 2)
    assert torch.allclose(found.map_of(model)(features), logits, atol=1e-6)


@pytest.mark.parametrize("method", REPAIR_METHODS)
def test_repair_writes_back_what_was_fitted(method):
    model = Binary()
    features = last_features(model, DATA)
    new = fit_last_layer(features, last_layer(model, X[:4]).map_of(model), method)
    fixed = es.repair(model, DATA, method=method, progress=False)
    assert fixed.head.weight.shape == (1, 8)
    told = new(features.features)
    with torch.no_grad():
        z = fixed(X)[:, 0]
    assert torch.allclose(z, told[:, 1] - told[:, 0], atol=1e-5)
    assert not torch.equal(fixed.head.weight, model.head.weight)


def test_another_layer_gets_two_outputs():
    fixed = es.repair(Binary(), DATA, layer="head", progress=False)
    assert isinstance(fixed, RepairedClassifier)
    assert fixed(X).shape == (160, 2)
