"""The online weights agree with the published ones, on data with a planted shortcut."""

from typing import Any

import pytest
import torch
from scipy.stats import spearmanr
from torch import Tensor

from earlysieve import EarlyReweighting
from earlysieve.weighting import Judgement, published_reweight
from earlysieve.weighting.weight_function import Exponential, error_weights

from .helpers import CLASSES, Planted, net, sgd

EPOCHS = 3


def trained(seed: int, planted: Planted, **settings: Any) -> EarlyReweighting:
    torch.manual_seed(seed)  # of dropout, whatever other tests have drawn
    student = net(seed)
    algorithm = EarlyReweighting(
        student,
        layer="early",
        num_classes=CLASSES,
        optimizer=sgd(student, 0.01),
        num_examples=len(planted),
        readout_lr=0.03,
        beta=1.0,
        seed=seed,
        **settings,
    )
    for epoch in range(EPOCHS):
        for batch in planted.epoch(epoch):
            algorithm.step(batch)
        algorithm.end_epoch()
    return algorithm


def published(algorithm: EarlyReweighting, data: Planted) -> Judgement:
    return published_reweight(
        algorithm.model,
        data,
        layer="early",
        num_classes=CLASSES,
        readout_lr=0.03,
        batch_size=16,
    )


def weights_of(said: Judgement) -> Tensor:
    return error_weights(said.wrong, said.margin, Exponential(0.05, 1.0))


@pytest.mark.parametrize("seed", [0, 1])
def test_online_and_published_weights_agree_in_rank(seed: int) -> None:
    data = Planted(1200, fails=0.1, seed=seed)
    online = trained(seed, data)
    said = published(online, data)
    assert spearmanr(online.weights, weights_of(said)).statistic >= 0.8
    assert 0.01 < float(said.wrong.double().mean()) < 0.1
    assert float(data.minority[online.weights > 1].double().mean()) > 0.8


def test_published_mode_is_the_published_procedure() -> None:
    """Seeds differ, so the two readouts do, but hardly what they say."""
    data = Planted(1200, fails=0.1)
    algorithm = trained(0, data, mode="published", data=data, batch_size=16)
    assert spearmanr(algorithm.weights, weights_of(published(algorithm, data))).statistic >= 0.9


def test_features_beyond_the_budget_are_judged_at_their_visit() -> None:
    """Without a budget no pass over kept features is made, and the minority is still found."""
    data = Planted(1200, fails=0.1, seed=1)
    algorithm = trained(1, data, feature_budget=0)
    assert algorithm.state_dict()["features"]["kept"] == []
    found = data.minority[algorithm.weights > 1].double().mean()
    assert float(found) > 0.5
    assert (algorithm.weights > 1).any()
