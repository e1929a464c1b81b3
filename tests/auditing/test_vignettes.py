"""Vignettes: how the light of images falls off outwards, read, swapped and called."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

import earlysieve as es
from earlysieve.auditing.leading import lead
from earlysieve.auditing.marks import OF_ONE_CLASS
from earlysieve.auditing.reasons import REASONS
from earlysieve.auditing.rule import decide
from earlysieve.auditing.vignettes import (
    VIGNETTE,
    falloff_features,
    falloffs,
    tells_a_class,
    with_falloff_of,
)

from .made_up import COLOUR, IDLE, facts

FOLLOWED = {
    "name": VIGNETTE, "reads": 0.9, "followed": 0.4, "mended": 0.2, "recovered": 0.4,
    "times_worse": 5.0, "accuracy": 0.3, "accuracy_else": 0.9,
}  # fmt: skip


def away(height: int, width: int) -> torch.Tensor:
    """u = (x² + y²) / 2 at each pixel, 1 in the corners."""
    y, x = (2 * (torch.arange(side) + 0.5) / side - 1 for side in (height, width))
    return (y[:, None].square() + x[None].square()) / 2


@pytest.mark.parametrize("sides", [(48, 48), (40, 60)])
@pytest.mark.parametrize("strength", [0.5, 1.0, -0.7])
def test_light_that_falls_off_by_hand(strength, sides):
    # The range of a plain picture is not known, so that one pixel is dark and one bright.
    light = torch.exp(-strength * away(*sides))
    light[sides[0] // 2, sides[1] // 2], light[0, 0] = 3.0, 0.0
    found = falloff_features(light[None, None] - 0.05 * 3.0)
    # A twentieth of the range is added to the light: it falls off as light + 0.15 - 0.15.
    assert falloffs(light[None, None]).shape == (1, (sides[0] - 1) * (sides[1] - 1) // 4)
    expected = strength * light[light < 2].median() / (light[light < 2].median() + 0.15)
    assert_allclose(found[0], [float(expected)] * 3, rtol=0.15)


def test_what_a_picture_shows_does_not_fall_off():
    rng = np.random.default_rng(0)
    images = rng.random((200, 1, 6, 6)).repeat(8, 2).repeat(8, 3)
    images += 0.05 * rng.random((200, 1, 48, 48))
    plain = torch.from_numpy(images).float()
    darker = plain * torch.exp(-away(48, 48))
    assert abs(float(falloff_features(plain)[:, 0].mean())) < 0.1
    assert float(falloff_features(darker)[:, 0].mean()) > 0.6
    labels = np.arange(200) % 4
    seen = torch.where(torch.from_numpy(labels == 1)[:, None, None, None], darker, plain)
    assert tells_a_class(falloff_features(seen).numpy(), labels, 4)
    assert not tells_a_class(falloff_features(plain).numpy(), labels, 4)
    few = np.where(np.arange(200) < 9, 1, 0)
    seen = torch.where(torch.from_numpy(few == 1)[:, None, None, None], darker, plain)
    assert not tells_a_class(falloff_features(seen).numpy(), few, 2)


def test_swapped_light_falls_off_as_that_of_the_donor():
    rng = np.random.default_rng(1)
    mine = torch.from_numpy(rng.random((20, 3, 48, 48))).float() * 2 - 1
    low = mine.amin((0, 2, 3))[None, :, None, None]
    theirs = (mine.flip(0) - low) * torch.exp(-away(48, 48)) + low
    swapped = with_falloff_of(mine, theirs, low)
    assert_allclose(swapped.mean((1, 2, 3)), mine.mean((1, 2, 3)), atol=1e-5)
    before, given, after = (
        falloff_features(images.mean(1, keepdim=True))[:, 0].mean()
        for images in (mine, theirs, swapped)
    )
    assert abs(float(after - before) - float(given - before)) < 0.1
    assert float(given - before) > 0.5
    assert_allclose(with_falloff_of(mine, mine, low), mine, atol=1e-5)


def pictures(told: float, seed: int = 0):
    """Bright bars down or across, the class, on lit ground; a vignette tells the class."""
    rng = np.random.default_rng(seed)
    labels = np.arange(800) % 2
    dark = np.where(rng.random(800) < told, labels, 1 - labels)
    images = 0.6 + 0.1 * rng.random((800, 1, 32, 32))
    places = rng.integers(4, 24, 800)
    for image, kind, place in zip(images, labels, places, strict=True):
        bar = image[0] if kind else image[0].T
        bar[10:22, place : place + 4] = rng.random()
    return torch.from_numpy(images).float() * torch.exp(
        -torch.from_numpy(dark)[:, None, None, None] * away(32, 32)
    ).float(), labels


class Corners(torch.nn.Module):
    """Class 1 where the corners are darker than the middle."""

    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(1, 2, 1)
        with torch.no_grad():
            self.conv.weight.copy_(torch.tensor([1.0, 1.0])[:, None, None, None])
            self.conv.bias.zero_()

    def forward(self, x):
        light = self.conv(x)[:, 0]
        corners = torch.cat([light[:, :4, :4].flatten(1), light[:, -4:, -4:].flatten(1)], 1)
        darker = corners.mean(1) / light[:, 8:-8, 8:-8].mean((1, 2))
        return torch.stack([darker, torch.full_like(darker, 0.7)], 1) * 40


def test_an_audit_reads_and_swaps_a_vignette():
    images, labels = pictures(0.9)
    asked = es.audit(
        Corners(), (images, labels), irrelevant=["vignetting"], seen_in_training=False, pictures=0,
        progress=False,
    ).summary  # fmt: skip
    found = next(one for one in asked.leanings if one.name == VIGNETTE)
    assert found.reads > 0.9
    assert found.followed > 0.7
    assert asked.verdict == "shortcut"
    plain, labels = pictures(0.5)
    honest = es.audit(
        Corners(), (plain, labels), seen_in_training=False, pictures=0, progress=False
    ).summary
    assert all(not one.name.startswith(VIGNETTE) for one in honest.leanings)


@pytest.mark.parametrize(
    ("change", "verdict", "reason"),
    [
        ({}, "at risk", VIGNETTE),
        ({"reads": 0.49}, "none found", "nothing"),
        ({"followed": 0.39}, "none found", "nothing"),
        ({"accuracy": 0.85}, "none found", "nothing"),
    ],
)
def test_a_vignette_that_tells_and_is_followed_is_at_risk(change, verdict, reason):
    found = decide(facts(IDLE, replace(COLOUR, **FOLLOWED | change)))
    assert (found.verdict, found.reason) == (verdict, reason)
    assert VIGNETTE in REASONS


@pytest.mark.parametrize(("followed", "verdict"), [(0.5, "shortcut"), (0.45, "at risk")])
def test_a_vignette_that_most_answers_follow_is_called_though_readers_do_better(followed, verdict):
    on = replace(COLOUR, **FOLLOWED | {"followed": followed})
    outdone = replace(facts(IDLE, on), best_reads=1.2)
    assert decide(outdone).verdict == verdict
    assert decide(replace(outdone, leanings=[IDLE, replace(on, name="brightness")])).verdict == (
        "inconclusive"
    )


@pytest.mark.parametrize("end", ["", OF_ONE_CLASS])
@pytest.mark.parametrize("base", ["edge", "frame", "brightness"])
def test_the_border_is_not_named_where_a_vignette_tells_as_much(base, end):
    name = f"{base}{end}"
    border = replace(COLOUR, name=name, accuracy=0.4, times_worse=30.0, followed=0.4)
    weak = {"name": f"{VIGNETTE}{end}", "mended": 0.3}  # not strong enough by itself
    vignette = replace(COLOUR, **FOLLOWED | weak)
    assert lead([border, vignette])[0] == vignette
    assert lead([replace(border, reads=0.95), vignette])[0].name == name
    assert lead([replace(border, accuracy=0.2), vignette])[0].name == name
    assert lead([replace(border, followed=0.5), vignette])[0].name == name
    assert lead([border, replace(vignette, followed=0.3)])[0].name == name
    other = replace(vignette, name=VIGNETTE if end else f"{VIGNETTE}{OF_ONE_CLASS}")
    assert lead([border, other])[0].name == name


@pytest.mark.parametrize(
    ("base", "accuracy", "followed", "verdict"),
    [
        (VIGNETTE, 0.7, 0.12, "shortcut"),
        (VIGNETTE, 0.7, 0.09, "none found"),
        ("brightness", 0.7, 0.5, "none found"),
        ("brightness", 0.5, 0.0, "shortcut"),
        ("size", 0.5, 0.0, "none found"),
        ("size", 0.5, 0.12, "shortcut"),
    ],
)
def test_of_one_class_a_vignette_may_mislead_less_and_a_size_must_be_followed(
    base, accuracy, followed, verdict
):
    of_one = replace(
        COLOUR, name=f"{base}{OF_ONE_CLASS}", accuracy=accuracy, followed=followed, recovered=0.9,
        times_worse=30.0,
    )  # fmt: skip
    assert decide(facts(IDLE, of_one)).verdict == verdict


@pytest.mark.parametrize(("followed", "verdict"), [(0.5, "shortcut"), (0.09, "none found")])
def test_a_vignette_of_one_class_that_answers_follow_needs_no_other_reader(followed, verdict):
    name = f"{VIGNETTE}{OF_ONE_CLASS}"
    of_one = replace(COLOUR, name=name, followed=followed, recovered=0.45, times_worse=40.0)
    assert decide(facts(IDLE, of_one)).verdict == verdict
