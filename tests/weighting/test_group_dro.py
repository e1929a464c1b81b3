"""Group DRO, and sampling that balances."""

import copy
import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from earlysieve import GroupDRO, balanced_weights
from earlysieve.errors import CheckpointError, InputError
from earlysieve.model.batch import Batch
from earlysieve.training import EpochSampler
from earlysieve.weighting.group_dro import new_odds

from .helpers import Planted, net, sgd

DATA = Planted()


def dro(**settings: Any) -> GroupDRO:
    model = net(0, dropout=0.0)
    return GroupDRO(model, optimizer=sgd(model), **{"num_groups": 3, **settings})


def test_group_dro_by_hand() -> None:
    algorithm = dro(step_size=0.5, adjustment=2.0, group_counts=[4, 16, 1])
    twin = copy.deepcopy(algorithm.model)
    batch = Batch(DATA.x[:6], DATA.y[:6], groups=torch.tensor([0, 0, 0, 1, 1, -1]))
    each = F.cross_entropy(twin(batch.inputs), batch.labels, reduction="none").detach().double()
    losses = [float(each[:3].mean()), float(each[3:5].mean())]
    raw = [math.exp(0.5 * (losses[0] + 1.0)), math.exp(0.5 * (losses[1] + 0.5)), 1.0]
    odds = [value / sum(raw) for value in raw]
    logs = algorithm.step(batch)
    assert algorithm.group_weights.tolist() == pytest.approx(odds, rel=1e-5)
    expected = odds[0] * losses[0] + odds[1] * losses[1]
    assert logs["loss"] == pytest.approx(expected, rel=1e-5)
    assert logs["group_weight/1"] == pytest.approx(odds[1], rel=1e-5)


def test_group_dro_is_not_rounded_by_mixed_precision() -> None:
    algorithm = dro(step_size=0.5)
    losses = torch.tensor([1.0181, 0.8569, 1.1692, 0.9383])
    batch = Batch(torch.zeros(4, 1), torch.zeros(4).long(), groups=torch.tensor([0, 1, 2, 2]))
    with torch.autocast("cpu", torch.bfloat16):
        loss = algorithm.weighting.mean(losses, batch)
    means = [1.0181, 0.8569, (1.1692 + 0.9383) / 2]
    raw = [math.exp(0.5 * value) for value in means]
    expected = sum(r * m for r, m in zip(raw, means, strict=True)) / sum(raw)
    assert float(loss) == pytest.approx(expected, rel=1e-6)


def test_group_dro_moves_to_the_worst_group() -> None:
    odds, present = torch.full((2,), 0.5).double(), torch.tensor([True, True])
    for _ in range(100):
        odds = new_odds(odds, torch.tensor([0.1, 1.1]).double(), present, 0.1)
    assert float(odds[1]) == pytest.approx(1 / (1 + math.exp(-10)))


def test_group_dro_with_step_size_zero_weighs_groups_alike() -> None:
    algorithm = dro(num_groups=2, step_size=0.0)
    for batch in DATA.epoch(0):
        algorithm.step(batch)
    assert algorithm.group_weights.tolist() == [0.5, 0.5]


def test_bad_groups() -> None:
    with pytest.raises(InputError, match=r"yield \(x, y, group\)"):
        dro().step((DATA.x[:2], DATA.y[:2]))
    with pytest.raises(InputError, match="pass num_groups=8 or more"):
        dro().step((DATA.x[:2], DATA.y[:2], torch.tensor([7, 0])))
    for settings in ({"adjustment": 1.0}, {"group_counts": [1, 2]}, {"group_counts": [0, 1, 1]}):
        with pytest.raises(InputError, match="Expected group_counts with 3 numbers above 0"):
            dro(**settings)
    with pytest.raises(InputError, match="step_size to be a number of at least 0"):
        dro(step_size=-1.0)
    with pytest.raises(CheckpointError, match="weights of 3 groups, but got 2"):
        dro().load_state_dict(dro(num_groups=2).state_dict())


def test_balanced_weights() -> None:
    groups = torch.tensor([0, 0, 0, 2, -1])
    found = balanced_weights(groups)
    assert found.tolist() == pytest.approx([4 / 6, 4 / 6, 4 / 6, 2.0, 1.0])
    labels = torch.tensor([0] * 900 + [1] * 100)
    sampler = EpochSampler(1000, 50, seed=0, weights=balanced_weights(labels.numpy()))
    drawn = labels[[i for batch in sampler.batches(0) for i in batch]]
    assert abs(float(drawn.double().mean()) - 0.5) < 0.06
    with pytest.raises(InputError, match="pass dataset.labels or dataset.groups"):
        balanced_weights(torch.tensor([-1, -1]))
