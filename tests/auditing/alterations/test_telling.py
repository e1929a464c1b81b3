"""Alterations that tell a class are found and named without labels of them."""

import numpy as np
import pytest
import torch

from earlysieve.auditing.alterations.alter import ALTERATIONS, COLOURED, light_of
from earlysieve.auditing.alterations.telling import (
    Direction,
    features_of,
    telling_alterations,
)
from earlysieve.auditing.readers import Scale

from .shots import of_classes, shots

COUNT = 360
PLANTED = {
    "compression": ("compressed", 10), "blur": ("blurred", 1.2), "noise": ("noisy", 0.08),
    "sharpening": ("sharpened", 2.0), "contrast": ("flatter", 0.5), "saturation": ("grey", 0.2),
    "colour cast": ("warm", 0.2), "exposure": ("dark", 0.5), "vignette": ("vignetted", 0.7),
}  # fmt: skip


def planted(name, told=0.95, classes=3, seed=0):
    """Images of which those of the last class are altered, and a few others."""
    rng = np.random.default_rng(seed)
    images, labels = shots(COUNT, seed=seed), of_classes(COUNT, classes)
    kind, strength = PLANTED[name]
    right = rng.random(COUNT) < told
    rows = torch.from_numpy(np.flatnonzero((labels == classes - 1) == right))
    way = ALTERATIONS[name][kind][0]
    images[rows] = light_of(images).altered(images[rows], way, strength)
    return images, labels


@pytest.mark.parametrize("name", sorted(PLANTED))
def test_what_is_planted_is_named_and_made_again(name):
    assert set(PLANTED) == set(ALTERATIONS)
    images, labels = planted(name)
    found = telling_alterations(features_of(images), labels, images)
    first = found[0]
    assert (first.name, first.kind) == (name, 2)
    seen = first.seen_in(features_of(images))
    assert seen[labels == 2].mean() > 0.85
    assert seen[labels != 2].mean() < 0.2
    others = images[torch.from_numpy(np.flatnonzero(~seen & (labels != 2)))]
    assert first.seen_in(features_of(first.alter(others))).mean() > 0.8


@pytest.mark.parametrize("classes", [2, 3])
def test_nothing_is_found_where_no_class_is_altered_more_often(classes):
    images, labels = planted("blur", told=0.5, classes=classes)
    assert telling_alterations(features_of(images), labels, images) == ()
    few = np.where(np.arange(COUNT) < 19, 1, 0)
    images[:19] = planted("blur")[0][2::3][:19]
    assert telling_alterations(features_of(images), few, images) == ()


def test_one_channel_has_no_colours():
    images, labels = shots(COUNT, channels=1), of_classes(COUNT, 3)
    way = ALTERATIONS["noise"]["noisy"][0]
    images[2::3] = light_of(images).altered(images[2::3], way, 0.08)
    found = telling_alterations(features_of(images), labels, images)
    assert (found[0].name, found[0].kind) == ("noise", 2)
    assert all(one.name not in COLOURED for one in found)


def test_how_little_a_strength_explains_by_hand():
    scale = Scale(np.zeros(2), np.ones(2))
    moves = np.array([[0.0, 1.0], [2.0, 0.0]])
    one = Direction(lambda x, _: x, (1.0, 2.0), scale, np.array([3.0, -1.0, 0.5]), moves)
    assert one.of(np.array([[1.0, 2.0], [100.0, 0.0]])).tolist() == [1.5, 24.5]
    # Of the difference (2, 1): what is left is (2, 0) and (0, 1), by weights of 3 and 1.
    assert one.unlike(np.array([2.0, 1.0])).tolist() == pytest.approx([6 / 7, 1 / 7])
