"""Sizes on busy grounds: measured against the variety of the border, changed with the ground."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

import earlysieve as es
from earlysieve.auditing.rule import decide
from earlysieve.auditing.surroundings import SIZE
from earlysieve.auditing.swaps.busy import (
    centres,
    lengths,
    power_of_size,
    standing_out,
    typical_length,
    zoomed,
)

from .made_up import COLOUR, IDLE, facts

SCALED = {"name": SIZE, "reads": 0.4, "followed": 0.3, "times_worse": 5.0, "recovered": 0.5}


def squares(sides, seed: int = 0, place: int | None = None):
    """Bright squares of some sides on noise, 48 x 48."""
    rng = np.random.default_rng(seed)
    images = rng.random((len(sides), 1, 48, 48))
    for image, side in zip(images, sides, strict=True):
        top, left = rng.integers(4, 44 - side, 2) if place is None else (place, place)
        image[:, top : top + side, left : left + side] += 1.5
    return torch.from_numpy(images).float()


def test_a_square_on_noise_stands_out_and_noise_does_not():
    out = standing_out(squares([16], place=12))[0, 2]
    assert out[13:27, 13:27].all()
    assert out.sum() <= (16 + 8) ** 2  # how rough it is, is seen in windows of 7 pixels
    assert standing_out(squares([0], place=12))[0, 2].float().mean() < 0.02


def test_what_is_measured_grows_with_the_square():
    sides = np.array([8, 12, 16, 20, 24] * 8)
    images = squares(sides)
    assert np.corrcoef(typical_length(images).numpy(), sides)[0, 1] > 0.9
    wider = typical_length(images).numpy() * 48 - sides
    assert (wider >= 0).all()
    assert (wider <= 8).all()
    assert lengths(images).shape == (40, 9)
    assert 0.3 < power_of_size(images) <= 1


def test_what_stands_out_by_chance_does_not_grow():
    noise = torch.from_numpy(np.random.default_rng(0).random((40, 3, 48, 48))).float()
    assert power_of_size(noise) < 0.25


def test_a_plain_ground_is_left_to_extents():
    plain = torch.zeros(3, 1, 48, 48)
    plain[:, :, 10:20, 10:20] = 1.0
    assert lengths(plain).eq(0).all()
    mixed = torch.cat([plain, squares([16, 8])])
    assert_allclose(lengths(mixed)[3:], lengths(squares([16, 8])), rtol=1e-5)
    assert lengths(mixed)[:3].eq(0).all()


def test_images_are_magnified_about_what_stands_out():
    images = squares([8], place=26)
    assert_allclose(centres(images)[0], [0.25, 0.25], atol=0.06)
    assert_allclose(zoomed(images, torch.ones(1)), images, atol=1e-4)
    twice = zoomed(images, torch.full((1,), 2.0))
    assert_allclose(centres(twice)[0], centres(images)[0], atol=0.06)
    assert float(typical_length(twice)) == pytest.approx(2 * float(typical_length(images)), rel=0.2)
    half = zoomed(images, torch.full((1,), 0.5))
    assert half.isfinite().all()  # what comes in from outside is mirrored


def labelled(told: float, seed: int = 0):
    """Squares that are small or large, and stand a little out or much: the size tells a share."""
    rng = np.random.default_rng(seed)
    labels = np.arange(600) % 2
    large = np.where(rng.random(600) < told, labels, 1 - labels)
    images = squares(np.where(large == 1, 22, 12) + rng.integers(-2, 3, 600), seed)
    shade = torch.from_numpy(labels).reshape(-1, 1, 1, 1)
    return torch.where(images > 1.5, images + shade, images), labels


class Counts(torch.nn.Module):
    """Goes by how many pixels are bright."""

    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(1, 1, 1)
        with torch.no_grad():
            self.conv.weight.fill_(1.0)
            self.conv.bias.fill_(-1.5)

    def forward(self, x):
        bright = torch.relu(self.conv(x)).clamp(max=0.5).mean((1, 2, 3)) * 2
        return torch.stack([torch.full_like(bright, 17**2 / 48**2), bright], 1) * 60


def test_an_audit_reads_and_swaps_sizes_on_a_busy_ground():
    images, labels = labelled(0.9)
    result = es.audit(
        Counts(), (images, labels), seen_in_training=False, pictures=0, progress=False
    ).summary
    size = next(one for one in result.leanings if one.name == SIZE)
    assert size.reads > 0.8
    assert size.followed >= 0.4
    assert next(one for one in result.swaps if one.part == SIZE).pairs >= 42


@pytest.mark.parametrize(
    ("change", "verdict", "reason"),
    [
        ({}, "at risk", "size"),
        ({"reads": 0.39}, "none found", "nothing"),
        ({"followed": 0.29}, "none found", "nothing"),
        ({"accuracy": 0.9}, "none found", "nothing"),
        ({"irrelevant": True}, "shortcut", "irrelevant"),
    ],
)
def test_a_size_that_tells_and_is_followed_is_at_risk(change, verdict, reason):
    found = decide(facts(IDLE, replace(COLOUR, **SCALED | {"recovered": 0.3} | change)))
    assert (found.verdict, found.reason) == (verdict, reason)
