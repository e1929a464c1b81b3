"""Networks that are trained beside the model are frozen where it is, and learn at its rates."""

import copy

import pytest
import torch

from earlysieve import JTT, Batch
from earlysieve.networks import small_cnn
from earlysieve.training.freezing import frozen
from earlysieve.weighting import LearningFromFailure

IMAGES = torch.linspace(-1, 1, 8 * 3 * 8 * 8).view(8, 3, 8, 8)
BATCH = Batch(IMAGES, torch.arange(8) % 2, index=torch.arange(8))
DATA = [(image, k % 2) for k, image in enumerate(IMAGES)]
EARLY = ("stage1", "stage2")


def made(kind, model, optimizer):
    if kind is JTT:
        algorithm = JTT(model, optimizer=optimizer, data=DATA)
        return algorithm, algorithm.errors.identifier
    algorithm = LearningFromFailure(model, optimizer=optimizer)
    return algorithm, algorithm.twin.model


@pytest.mark.parametrize("kind", [JTT, LearningFromFailure])
def test_frozen_parts_of_the_copy_stay_with_their_statistics(kind):
    model = small_cnn(2, seed=0)
    names = [name for name, _ in model.named_parameters() if name.startswith(EARLY)]
    optimizer = torch.optim.SGD(model.head.parameters(), lr=0.1)
    with frozen(model, names):
        algorithm, beside = made(kind, model, optimizer)
        before = copy.deepcopy(beside.state_dict())
        algorithm.step(BATCH)
    after = beside.state_dict()
    changed = {name.split(".")[0] for name in after if not torch.equal(before[name], after[name])}
    assert changed == {"stage3", "head"}


@pytest.mark.parametrize("kind", [JTT, LearningFromFailure])
def test_the_copy_learns_at_the_rates_of_the_model(kind):
    model = small_cnn(2, seed=0)
    slow = [p for name, p in model.named_parameters() if not name.startswith("head")]
    groups = [{"params": list(model.head.parameters())}, {"params": slow, "lr": 0.0}]
    algorithm, beside = made(kind, model, torch.optim.SGD(groups, lr=0.1))
    before = copy.deepcopy(dict(beside.named_parameters()))
    algorithm.step(BATCH)
    after = dict(beside.named_parameters())
    changed = {name for name in after if not torch.equal(before[name], after[name])}
    assert changed == {"head.weight", "head.bias"}
