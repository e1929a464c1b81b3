"""A small part of images that tells the class where nothing far away does."""

import numpy as np
import pytest
import torch
from torch import nn

import earlysieve as es
from earlysieve.auditing.leading import enough
from earlysieve.auditing.leaning import strength
from earlysieve.auditing.patches import (
    PATCH,
    SIDE,
    lying_at,
    patch_features,
    telling_patch,
    where_it_lies,
)

LETTERS = torch.tensor(
    [
        [[1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0], [1, 1, 1, 1]],
        [[1, 1, 1, 0], [1, 0, 0, 1], [1, 1, 1, 0], [1, 0, 0, 1]],
    ]
).float()  # L and R


def pictures(count, seed, kept, at=(8, 8), letters=True):
    """Noise with a letter, and a faint ground that is brighter in class 1."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, count)
    told = np.where(rng.random(count) < kept, labels, 1 - labels)
    images = torch.from_numpy(rng.normal(size=(count, 1, 44, 44)).astype(np.float32)) * 0.3
    # A ground that tells a class in nine of ten.
    right = np.where(rng.random(count) < 0.9, labels, 1 - labels)
    images += torch.from_numpy(0.02 * (2 * right - 1)).float()[:, None, None, None]
    if letters:
        top, left = at
        images[:, 0, top : top + 4, left : left + 4] = 2 * LETTERS[torch.from_numpy(told)]
    return images, labels, told


def read(images, labels):
    return telling_patch(patch_features(images).numpy(), labels, 2)


def test_a_letter_in_a_corner_is_found_where_it_lies():
    images, labels, _ = pictures(600, 0, 0.95)
    found = read(images, labels)
    assert found.shape == (25,)
    there = where_it_lies(found, 44, 44)
    assert there[8:12, 8:12].any()
    assert lying_at(found) == "at the top left"
    images, labels, _ = pictures(600, 1, 0.95, at=(18, 18))
    assert lying_at(read(images, labels)) == "in the middle"


def test_a_letter_that_tells_nothing_and_a_task_that_lies_everywhere_are_none():
    images, labels, _ = pictures(600, 0, 0.5)
    assert read(images, labels) is None
    everywhere = torch.from_numpy(labels).float()[:, None, None, None].expand(-1, 1, 44, 44)
    assert read(everywhere + torch.randn(600, 1, 44, 44) * 0.1, labels) is None


def test_the_window_covers_the_pixels_that_it_was_made_of():
    features = patch_features(torch.arange(44 * 44).float().reshape(1, 1, 44, 44))
    assert features.shape == (1, SIDE * SIDE)
    patch = (np.arange(3, 8)[:, None] * SIDE + np.arange(6, 11)).ravel()
    expected = np.zeros((44, 44), bool)
    expected[2:20, 8:26] = True  # two cells of two pixels around
    np.testing.assert_array_equal(where_it_lies(patch, 44, 44), expected)
    assert where_it_lies(patch, 50, 30)[7:18, 9:15].all()
    corner = (np.arange(5)[:, None] * SIDE + np.arange(5)).ravel()
    assert where_it_lies(corner, 44, 44).sum() == 14 * 14


class ByLetter(nn.Module):
    """Goes by the letter, where `letter` is above 0, and by the ground."""

    def __init__(self, letter):
        super().__init__()
        self.maps = nn.Conv2d(1, 4, 3, padding=1)
        self.letter = letter
        self.register_buffer("template", LETTERS[1] - LETTERS[0])

    def forward(self, images):
        seen = (images[:, 0, 8:12, 8:12] * self.template).mean((1, 2))
        ground = images[:, 0, 14:].mean((1, 2))
        score = self.letter * seen + 150 * ground + 0 * self.maps(images).mean((1, 2, 3))
        return torch.stack([-score, score], 1)


@pytest.mark.parametrize("letter", [40.0, 0.0])
def test_a_model_that_goes_by_the_letter_is_called_for_it_and_no_other(letter):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = ByLetter(letter).eval()
    images, labels, _ = pictures(1500, 2, 0.94)
    summary = es.audit(
        model, (images, torch.from_numpy(labels)), seen_in_training=False, progress=False
    ).summary
    seen = next(one for one in summary.leanings if one.name == PATCH)
    assert enough(strength(seen)) == (letter > 0)
    if letter:
        assert summary.verdict == "shortcut"
        assert summary.leans_on in (PATCH, "mark")  # of letters in white both may speak
        assert seen.accuracy < 0.2
        part = next(one for one in summary.swaps if one.part == PATCH)
        assert part.detail == "what lies at the top left of the image"
        assert part.followed > 0.8
    else:
        assert summary.leans_on not in (PATCH, "mark")
