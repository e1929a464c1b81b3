"""Training and evaluation of a binary head with one logit."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch.utils.data import TensorDataset

import earlysieve as es
from earlysieve.training import ERM, evaluate

from ..model.one_logit import FORMS, Binary

Y = torch.arange(60) % 2
X = torch.randn(60, 6, generator=torch.Generator().manual_seed(0)) + Y[:, None]
DATA = TensorDataset(X, Y)


def test_evaluation_is_that_of_two_logits():
    found = [evaluate(Binary(form), DATA) for form in FORMS]
    assert found[0] == found[1] == found[2]
    z = Binary()(X)[:, 0].detach()
    assert found[0].loss == pytest.approx(float(F.binary_cross_entropy_with_logits(z, Y.float())))


def test_plain_training_is_that_by_binary_cross_entropy():
    ours = Binary()
    theirs = copy.deepcopy(ours)
    es.fit(ERM(ours, torch.optim.SGD(ours.parameters(), 0.1)), DATA, epochs=5, batch_size=60)
    optimizer = torch.optim.SGD(theirs.parameters(), 0.1)
    for _ in range(5):
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(theirs(X)[:, 0], Y.float()).backward()
        optimizer.step()
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.allclose(a, b, atol=1e-6)


def test_labels_may_be_floats_as_binary_cross_entropy_wants_them():
    assert evaluate(Binary(), TensorDataset(X, Y.float()[:, None])) == evaluate(Binary(), DATA)


def test_candidates_with_one_logit():
    model = Binary()
    es.fit(ERM(model, torch.optim.SGD(model.parameters(), 0.5)), DATA, epochs=20)
    with torch.no_grad():
        logits = model(X)
    told = es.select_model({"a": model, "b": logits[:, 0], "c": logits}, DATA, select="accuracy")
    assert len(set(told.table["accuracy"])) == 1
