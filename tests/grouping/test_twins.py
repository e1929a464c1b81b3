import math

import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

from earlysieve.datasets.opened_data import opened
from earlysieve.errors import InputError
from earlysieve.grouping import twins
from earlysieve.grouping.kept_examples import keep_examples, of_features
from earlysieve.grouping.small_network import linear
from earlysieve.grouping.twins import (
    TwinSettings,
    balanced_loss,
    flip_probability,
    flipped,
    halves,
    train_twins,
)
from earlysieve.model.precision import computes_in_bfloat16


def test_flip_probability_by_hand():
    """Of four classes with p_max = 0.7: (0.7 - 0.25) * 4 / 3 = 0.6."""
    logits = torch.tensor([[0.7, 0.1, 0.1, 0.1], [0.25] * 4]).log()
    assert flip_probability(logits).tolist() == pytest.approx([0.6, 0.0], abs=1e-6)
    assert flip_probability(torch.tensor([[100.0, 0.0]])).item() == 1.0


def test_loss_by_hand():
    """Two examples of class 0, one of class 1: (log 2 + log 4) / 2 + log 5."""
    logits = torch.tensor([[1 / 2, 1 / 2], [1 / 4, 3 / 4], [4 / 5, 1 / 5]]).log()
    wanted = (math.log(2) + math.log(4)) / 2 + math.log(5)
    assert balanced_loss(logits, torch.tensor([0, 0, 1])).item() == pytest.approx(wanted)


def test_loss_of_a_balanced_batch_is_classes_times_the_mean():
    generator = torch.Generator().manual_seed(0)
    logits, labels = torch.randn(12, 3, generator=generator), torch.arange(12) % 3
    mean = nn.functional.cross_entropy(logits, labels)
    assert balanced_loss(logits, labels).item() == pytest.approx(3 * mean.item(), rel=1e-6)


def test_labels_flip_to_the_other_twin_by_hand():
    """p_max = 0.9 of two classes: probability 0.8; a label that agrees never flips."""
    held_out = torch.tensor([[0.1, 0.9], [0.1, 0.9], [0.1, 0.9]]).log()
    labels, draws = torch.tensor([0, 0, 1]), torch.tensor([0.79, 0.81, 0.0])
    assert flipped(labels, held_out, draws).tolist() == [1, 0, 1]


def test_share_of_flips_is_the_probability():
    logits = torch.tensor([[0.3, 0.7]]).log().expand(10_000, 2)
    draws = torch.rand(10_000, generator=torch.Generator().manual_seed(0))
    found = flipped(torch.zeros(10_000, dtype=torch.int64), logits, draws)
    assert found.double().mean().item() == pytest.approx(0.4, abs=0.015)


def test_halves():
    found = halves(11, torch.Generator().manual_seed(1))
    assert torch.bincount(found).tolist() == [6, 5]


@pytest.mark.parametrize(
    "wrong", [{"epochs": 0}, {"lr": 0.0}, {"lr": math.nan}, {"batch_size": 1}, {"weight_decay": -1}]
)
def test_settings_out_of_range(wrong):
    with pytest.raises(InputError, match="Expected epochs >= 1, lr > 0"):
        TwinSettings(**{"epochs": 1, "lr": 0.1, **wrong})


def test_one_step_by_hand():
    """Twins that guess flip nothing, and each learns of its own half alone.

    Twin 0 holds the two examples x = 1 of class 1. A step of Adam from 0 adds 0.001 to weight and
    bias of class 1 and takes it from those of class 0: at x = 1 logits differ by 0.004, at x = -1
    by 0. Twin 1 holds those of class 0, x = -1.
    """
    features, labels = torch.tensor([[1.0], [-1.0], [1.0], [-1.0]]), torch.tensor([1, 0, 1, 0])
    examples = of_features(features, labels, 2)
    settings = TwinSettings(epochs=1, lr=1e-3, batch_size=4)
    found = train_twins(lambda: linear(1, 2), examples, settings, seed=3)
    assert found.holder.tolist() == [0, 1, 0, 1]
    assert found.flip_rate == 0
    sure = 1 / (1 + math.exp(-0.004))
    assert found.told[0].tolist() == pytest.approx([sure, 0.5, sure, 0.5], abs=1e-7)
    assert found.told[1].tolist() == pytest.approx([0.5, sure, 0.5, sure], abs=1e-7)


@pytest.mark.parametrize(("supported", "wanted"), [(True, torch.bfloat16), (False, torch.float32)])
def test_twins_of_images_compute_in_bfloat16_only_where_the_processor_does(
    monkeypatch, supported, wanted
):
    seen = []

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.maps, self.head = nn.Conv2d(1, 2, 3), nn.Linear(2, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            maps = self.maps(x)
            seen.append(maps.dtype)
            return self.head(maps.mean((2, 3)))

    monkeypatch.setattr(twins, "computes_in_bfloat16", lambda device: supported)
    images = torch.randn(16, 1, 6, 6, generator=torch.Generator().manual_seed(0))
    data = TensorDataset(images, torch.arange(16) % 2)
    examples = keep_examples(opened(data), prepare=lambda x: x)
    train_twins(Net, examples, TwinSettings(1, 0.01, 8), seed=0)
    assert set(seen[:-2]) == {wanted}


def test_a_processor_without_the_instructions_is_not_asked_for_bfloat16(monkeypatch):
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: False, raising=False)
    assert not computes_in_bfloat16(torch.device("cpu"))
    assert not computes_in_bfloat16(torch.device("meta"))
