"""The ground around what images show: read in their corners, swapped around the middle."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

import earlysieve as es
from earlysieve.auditing.readers import tells_much
from earlysieve.auditing.rule import decide
from earlysieve.auditing.surroundings import (
    BACKGROUND,
    corner_features,
    with_ground_of,
)

from .made_up import COLOUR, IDLE, facts

GROUND = {"name": BACKGROUND, "reads": 0.5, "followed": 0.4, "times_worse": 5.0, "recovered": 0.5}


def test_corners_by_hand():
    image = torch.zeros(1, 1, 20, 20)
    image[0, 0, :2, :2] = torch.tensor([[1.0, 3.0], [1.0, 3.0]])  # 0.12 of 20 pixels are two
    found = corner_features(image)[0]
    # Of the first corner: mean 2, deviation 1, no step down, 2 across; the other three are 0.
    assert_allclose(found[8:12], [2, 1, 0, 2])
    assert_allclose(found[12:], 0)
    assert_allclose(found[:4], [0.5, 0.25, 0, 0.5])
    assert_allclose(found[4:8], torch.tensor([2, 1, 0, 2]) * 3**0.5 / 4)
    image[0, 0, 2:18, 2:18] = 7.0  # what lies in the middle does not count
    assert torch.equal(corner_features(image)[0], found)


@pytest.mark.parametrize("sides", [(8, 8), (9, 30)])
def test_all_but_the_middle_half_is_swapped(sides):
    mine, theirs = torch.zeros(2, 3, *sides), torch.ones(2, 3, *sides)
    swapped = with_ground_of(mine, theirs)
    high, wide = (round(side / 4) for side in sides)
    assert float(swapped[..., high:-high, wide:-wide].sum()) == 0
    middle = (sides[0] - 2 * high) * (sides[1] - 2 * wide)
    assert float((1 - swapped[0, 0]).sum()) == middle


def pictures(told: float, seed: int = 0):
    """Discs or squares on one of two grounds, fine or coarse, that tells the share of them."""
    rng = np.random.default_rng(seed)
    labels = np.arange(600) % 2
    coarse = np.where(rng.random(600) < told, labels, 1 - labels)
    ground = rng.random((600, 1, 32, 32))
    wide = rng.random((600, 1, 4, 4)).repeat(8, 2).repeat(8, 3)
    images = np.where(coarse[:, None, None, None] == 1, wide, ground)
    rows, columns = np.mgrid[-16:16, -16:16]
    disc = rows**2 + columns**2 < 64
    images[:, 0][(labels == 0)[:, None, None] & disc] = 2.0
    images[:, 0, 9:23, 9:23][labels == 1] = 2.0
    return torch.from_numpy(images).float(), labels


def test_corners_tell_the_class_where_the_ground_does_and_not_what_stands_on_it():
    for told, expected in ((0.95, True), (0.5, False)):
        images, labels = pictures(told)
        assert tells_much(corner_features(images).numpy(), labels, 2) == expected


class Fine(torch.nn.Module):
    """Tells the ground by how much its corners change from pixel to pixel."""

    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(1, 2, 3, padding=1)
        with torch.no_grad():
            self.conv.weight.zero_()
            self.conv.weight[0, 0, 1, 1:] = torch.tensor([1.0, -1.0])
            self.conv.weight[1, 0, 1, 1:] = torch.tensor([-1.0, 1.0])
            self.conv.bias.zero_()

    def forward(self, x):
        steps = torch.relu(self.conv(x))[..., :, :-1].sum(1).mean((1, 2))
        return torch.stack([steps, torch.full_like(steps, 0.2)], 1) * 40


def test_an_audit_reads_and_swaps_the_background():
    images, labels = pictures(0.95)
    result = es.audit(Fine(), (images, labels), seen_in_training=False, pictures=0, progress=False)
    ground = next(one for one in result.summary.leanings if one.name == BACKGROUND)
    assert ground.reads > 0.8
    assert ground.followed > 0.5
    swapped = next(one for one in result.summary.swaps if one.part == BACKGROUND)
    assert swapped.pairs >= 42
    asked = es.audit(
        Fine(), (images, labels), irrelevant=["background"], seen_in_training=False, pictures=0,
        progress=False,
    ).summary  # fmt: skip
    assert asked.verdict == "shortcut"


@pytest.mark.parametrize(
    ("change", "verdict", "reason"),
    [
        ({}, "at risk", "background"),
        ({"reads": 0.49}, "none found", "nothing"),
        ({"followed": 0.39}, "none found", "nothing"),
        ({"accuracy": 0.9}, "none found", "nothing"),
        ({"irrelevant": True}, "shortcut", "irrelevant"),
    ],
)
def test_a_background_that_tells_and_is_followed_is_at_risk(change, verdict, reason):
    found = decide(facts(IDLE, replace(COLOUR, **GROUND | change)))
    assert (found.verdict, found.reason) == (verdict, reason)


def test_a_background_is_at_risk_though_readouts_outdo_the_model():
    found = decide(facts(IDLE, replace(COLOUR, **GROUND), best_reads=1.1))
    assert (found.verdict, found.reason) == ("at risk", "background")


def test_what_has_a_name_of_its_own_is_called_first():
    strong = replace(COLOUR, **GROUND | {"reads": 0.9, "followed": 0.9, "recovered": 0.9})
    assert decide(facts(strong, COLOUR)).leaning.name == "colour"
