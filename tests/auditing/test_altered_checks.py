"""Alterations of one class: what answers do when images of others are altered so."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

import earlysieve as es
from earlysieve.auditing.alterations.alter import ALTERATIONS, light_of
from earlysieve.auditing.altered_checks import by_alteration, may_follow
from earlysieve.auditing.headline import headline
from earlysieve.auditing.reasons import REASONS
from earlysieve.auditing.rule import ALTERED, decide
from earlysieve.auditing.swaps.found import Swaps

from .alterations.shots import of_classes, shots
from .made_up import COLOUR, IDLE, facts

# As measured of photographs of which one class was compressed: 0.96 and 0.71 in truth.
SEEN = replace(
    IDLE, name="compression of one class", reads=0.95, misread=35, sure=43, accuracy=0.69,
    accuracy_else=0.96, accuracy_sure=0.69, explained=11, times_worse=33.6, recovered=0.73,
    own_tells=0.95, followed=0.12, mended=math.nan, at_edge=0.52,
)  # fmt: skip


def test_it_is_a_shortcut_where_answers_follow_at_a_cost():
    said = decide(facts(IDLE, SEEN))
    assert (said.verdict, said.reason, said.leaning) == ("shortcut", ALTERED, SEEN)
    assert ALTERED in REASONS
    few = decide(replace(facts(IDLE, SEEN), examples=300))
    assert few.verdict == "shortcut"


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, "shortcut"),
        ({"followed": 0.09}, "none found"),
        ({"followed": math.nan}, "none found"),
        ({"sure": 19}, "at risk"),
        ({"accuracy": 0.87}, "at risk"),
        ({"explained": 4}, "at risk"),
        ({"times_worse": 4.9}, "at risk"),
        ({"accuracy": 0.95}, "none found"),
        ({"accuracy": 0.95, "followed": 0.2}, "at risk"),
    ],
)
def test_what_is_asked_for(change, verdict):
    # Of these signs no other rule would speak.
    on = replace(SEEN, **{"times_worse": 6.0, "recovered": 0.5} | change)
    assert decide(facts(IDLE, on)).verdict == verdict
    assert (by_alteration([on], None) is None) == (verdict != "shortcut")
    assert (may_follow([on]) is None) == (verdict == "none found")


@pytest.mark.parametrize(
    "change", [{"of_network": True}, {"name": "colour of one class"}, {"name": "vignette"}]
)
def test_what_is_no_alteration_has_rules_of_its_own(change):
    other = replace(SEEN, **change)
    assert by_alteration([other], None) is None
    assert may_follow([other]) is None


def test_where_it_must_not_matter_it_is_a_shortcut_though_it_costs_little():
    on = replace(SEEN, followed=0.16, accuracy=0.87, times_worse=6.0, recovered=0.5)
    assert decide(facts(IDLE, on)).reason == ALTERED
    said = decide(facts(IDLE, replace(on, irrelevant=True)))
    assert (said.verdict, said.reason) == ("shortcut", "irrelevant")


def test_what_is_called_and_costs_clearly_more_is_named():
    assert by_alteration([SEEN], replace(COLOUR, accuracy=0.58)) is None
    assert by_alteration([SEEN], replace(COLOUR, accuracy=0.62)) is SEEN
    dearer = replace(SEEN, name="blur of one class", accuracy=0.6)
    assert by_alteration([SEEN, dearer], None) is dearer


def test_the_headline_of_what_answers_follow_at_little_cost():
    on = replace(SEEN, followed=0.3, accuracy=0.95)
    said = headline(decide(facts(IDLE, on)), [], None, None, Swaps())
    assert said == (
        "At risk: the label goes with compression (as of JPEG files) of one class, and answers "
        "follow it (30% more often than by chance): a shortcut, unless the compression is the task."
    )


class Tints(torch.nn.Module):
    """The strongest colour, or class 2 where an image is blurred."""

    def __init__(self, leans: bool) -> None:
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 3, 1, bias=False)
        with torch.no_grad():
            self.conv.weight.copy_(torch.eye(3)[:, :, None, None])
        self.leans = leans

    def forward(self, x):
        found = self.conv(x)
        steps = found.diff(dim=3, n=2).abs().mean((1, 2, 3)) / found.std((1, 2, 3))
        blurred = (steps < 0.25) & self.leans
        return 20 * found.mean((2, 3)) + 30 * blurred[:, None] * torch.eye(3)[2]


def tinted(told: float, seed: int = 0):
    """Images of which the strongest colour is the class, those of class 2 blurred at a rate."""
    rng = np.random.default_rng(seed)
    images, labels = shots(600, seed=seed), of_classes(600, 3)
    images = images * (0.8 + 0.2 * torch.eye(3)[torch.from_numpy(labels)])[:, :, None, None]
    rows = torch.from_numpy(np.flatnonzero((labels == 2) == (rng.random(600) < told)))
    way = ALTERATIONS["blur"]["blurred"][0]
    images[rows] = light_of(images).altered(images[rows], way, 1.3)
    return images, labels


def test_an_audit_finds_the_blur_that_a_model_goes_by():
    images, labels = tinted(0.9)
    options = {"seen_in_training": False, "pictures": 0, "progress": False}
    summary = es.audit(Tints(leans=True), (images, labels), **options).summary
    found = next(one for one in summary.leanings if one.name == "blur of one class")
    assert found.followed > 0.8
    assert found.accuracy_else - found.accuracy > 0.4
    assert summary.verdict == "shortcut"
    assert found.of_class == "2"
    assert "on blur of class '2'" in summary.headline
    (swapped,) = (one for one in summary.swaps if one.part == "blur")
    assert swapped.detail == "what images of '2' have"
    assert swapped.detail in summary.explanation
    assert swapped.followed > 0.8
    assert swapped.control == 0
    honest = es.audit(Tints(leans=False), (images, labels), **options).summary
    assert honest.leans_on != "blur of one class"
    (idle,) = (one for one in honest.swaps if one.part == "blur")
    assert idle.followed < 0.1
    unswapped = es.audit(Tints(leans=True), (images, labels), swaps=0, **options).summary
    assert all(not one.name.startswith("blur") for one in unswapped.leanings)
