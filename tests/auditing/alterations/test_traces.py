"""Traces of images, counted by hand."""

import math

import pytest
import torch

from earlysieve.auditing.alterations.traces import trace_features

TINY = 1e-5


def test_blocks_by_hand():
    # Steps of 0.1 everywhere, and of 0.8 to the right of each eighth column.
    steps = torch.full((16,), 0.1)
    steps[7] = 0.8
    row = torch.cat([torch.zeros(1), steps.cumsum(0)])
    found = trace_features(row.expand(17, 17)[None, None])
    span = float(row[-1])
    usual, most = 0.1 / span, (0.8 + 0.1) / 2 / span
    assert float(found[0, 1]) == pytest.approx(math.log((most + TINY) / (usual + TINY)), rel=1e-4)
    assert float(found[0, 0]) == pytest.approx(0, abs=1e-6)  # down there is no step at all


def test_runs_by_hand():
    row = torch.tensor([0.0, 0, 1, 0, 1, 1, 1, 1])
    found = trace_features(row.expand(8, 8)[None, None])
    assert float(found[0, 2]) == pytest.approx(4 / 7)
    # Bends 1, -2, 2, -1, 0, 0: three changes of five neighbours.
    assert float(found[0, 3]) == pytest.approx(3 / 5)


def test_the_noise_of_a_slope_is_none_and_colours_lie_apart():
    slope = torch.linspace(0, 1, 12).expand(12, 12)[None, None]
    assert float(trace_features(slope)[0, 4]) == pytest.approx(math.log(TINY), abs=0.1)
    image = torch.stack([torch.zeros(8, 8), torch.ones(8, 8), torch.full((8, 8), 0.5)])[None]
    image[..., 0, 0] = torch.tensor([0.0, 1.0, 0.0])
    light = image.mean(1)
    span = float(light.max() - light.min())
    found = trace_features(image)
    assert found.shape == (1, 12)
    assert float(found[0, 8]) == pytest.approx(math.log(1 / span), rel=1e-3)
    grey = trace_features(image.mean(1, keepdim=True).expand(1, 3, 8, 8))
    assert float(grey[0, 8]) == pytest.approx(math.log(TINY), abs=0.1)


def test_neither_light_nor_contrast_counts():
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(3, 3, 16, 16, generator=generator)
    assert torch.allclose(trace_features(images), trace_features(3 * images - 7), atol=1e-3)
    few = torch.rand(2, 1, 8, 8, generator=generator)
    assert trace_features(few)[:, :2].tolist() == [[0, 0], [0, 0]]
