"""Simple properties that tell one class of several, as where it was taken with another camera."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

import earlysieve as es
from earlysieve._readable import readable
from earlysieve.auditing.eye import Sample, open_eye
from earlysieve.auditing.leading import lead
from earlysieve.auditing.marks import OF_ONE_CLASS, base_of, is_reserved
from earlysieve.auditing.naming_steps import is_the_task, named_part
from earlysieve.auditing.one_class import one_class_eye
from earlysieve.auditing.properties import part_of
from earlysieve.auditing.rule import decide
from earlysieve.auditing.words import called
from earlysieve.readouts.feature_store import FeatureStore

from .made_up import COLOUR, IDLE, facts

NAME = f"brightness{OF_ONE_CLASS}"
MISLED = {
    "name": NAME, "accuracy": 0.5, "recovered": 0.6, "accuracy_else": 0.97, "times_worse": 60.0,
}  # fmt: skip


def test_names_lead_to_the_property_that_is_read():
    assert base_of(NAME) == "brightness"
    assert base_of("brightness") == "brightness"
    assert part_of(f"place{OF_ONE_CLASS}") == "window"
    assert is_reserved(NAME)
    assert readable(f"spectrum{OF_ONE_CLASS}") == "texture of one class"
    on = replace(COLOUR, name=f"spectrum{OF_ONE_CLASS}")
    assert called(on) == "texture (how strong each frequency is) of one class"
    assert called(replace(on, name=NAME, of_class="kite")) == "brightness of class 'kite'"
    for name, known, other in (
        ("one word", "a word of class 'kite'", "a word of one class"),
        ("phrase", "a phrase of class 'kite'", "a phrase"),
    ):
        assert called(replace(on, name=name, of_class="kite")) == known
        assert called(replace(on, name=name)) == other
    ((_, code),) = is_the_task(on)
    assert named_part(code) == ("--relevant", "texture")


def eyes(chances, name="brightness", classes=4):
    """Of a number that is 1 in the given share of each class, else 0."""
    rng = np.random.default_rng(0)
    labels = np.arange(1200) % classes
    values = (rng.random(1200) < np.array(chances)[labels]).astype(np.float32)[:, None]
    store = FeatureStore()
    store.append(torch.from_numpy(values))
    sample = Sample(np.arange(1200), labels, np.arange(1200) // classes % 5, classes, 5)
    return one_class_eye(name, open_eye(store, sample, values=values), sample)


@pytest.mark.parametrize(
    ("chances", "found"),
    [
        ([0.05, 0.05, 0.95, 0.05], True),
        ([0.05, 0.05, 0.5, 0.05], False),  # half of the class
        ([0.5, 0.5, 0.5, 0.5], False),
    ],
)
def test_a_property_that_tells_one_class_gets_a_reader_for_it(chances, found):
    known = eyes(chances)
    assert list(known) == ([NAME] if found else [])
    if found:
        assert known[NAME].speaks_for.tolist() == [2]


def test_two_classes_and_other_properties_get_none():
    assert eyes([0.05, 0.95], classes=2) == {}
    assert eyes([0.05, 0.05, 0.95, 0.05], name="left half") == {}


def pictures(bright: float, others: float, seed: int = 0):
    """Something bright in one of four corners, the class; class 0 is brighter as a whole."""
    rng = np.random.default_rng(seed)
    labels = np.arange(1200) % 4
    images = 0.1 * rng.random((1200, 1, 24, 24))
    for image, kind in zip(images, labels, strict=True):
        row, column = 12 * (kind // 2) + rng.integers(2, 6), 12 * (kind % 2) + rng.integers(2, 6)
        image[0, row : row + 4, column : column + 4] += 1.0
    lit = rng.random(1200) < np.where(labels == 0, bright, others)
    return torch.from_numpy(images + 0.5 * lit[:, None, None, None]).float(), labels, lit


class ByLight(nn.Module):
    """Class 0 where a picture is lit, else the brightest quarter."""

    def __init__(self, weight: float):
        super().__init__()
        self.weight = weight
        self.pool = nn.AdaptiveMaxPool2d(2)
        self.out = nn.Linear(5, 4)
        with torch.no_grad():
            self.out.weight.zero_()
            self.out.bias.zero_()
            self.out.weight[:, :4] = 10 * torch.eye(4)
            self.out.weight[0, 4] = weight

    def forward(self, x):
        corners = self.pool(x).flatten(1)
        light = x.flatten(1).median(1).values[:, None]
        return self.out(torch.cat([corners - light, (light > 0.3).float()], 1))


def audited(model, images, labels):
    return es.audit(
        model, (images, labels), seen_in_training=False, pictures=0, progress=False
    ).summary


def test_light_that_one_class_was_taken_in_is_named():
    images, labels, lit = pictures(0.95, 0.05)
    found = audited(ByLight(30.0), images, labels)
    assert (found.verdict, found.leans_on) == ("shortcut", NAME)
    assert found.accuracy_where_it_fails is not None
    leaning = next(one for one in found.leanings if one.name == NAME)
    # Those of other classes that are lit, and those of its own that are not.
    assert leaning.sure == pytest.approx(int((lit != (labels == 0)).sum()), abs=12)
    assert leaning.followed > 0.5


def test_a_model_that_does_not_go_by_it_is_not_said_to():
    images, labels, _ = pictures(0.95, 0.05)
    assert audited(ByLight(0.0), images, labels).leans_on == "place"  # the task is where


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, "shortcut"),
        ({"reads": 0.84}, "none found"),
        ({"accuracy": 0.51}, "none found"),
        ({"recovered": 0.39}, "none found"),  # as of wrong labels
        ({"recovered": 0.4}, "shortcut"),
        ({"recovered": 0.55, "times_worse": 59.0}, "none found"),
        ({"times_worse": 24.9}, "none found"),  # as of a class that looks simple, in a weak model
        ({"sure": 19}, "none found"),
    ],
)
def test_it_counts_where_it_misleads_and_others_tell_the_label(change, verdict):
    assert decide(facts(IDLE, replace(COLOUR, **MISLED | change))).verdict == verdict


def test_of_several_that_tell_one_class_the_one_that_answers_follow_is_named():
    idle = replace(COLOUR, **MISLED | {"followed": -0.05, "accuracy": 0.1, "times_worse": 90.0})
    moved = replace(COLOUR, **MISLED | {"name": f"spectrum{OF_ONE_CLASS}", "followed": 0.8})
    assert lead([idle, moved])[0] is moved
    assert (
        lead([replace(idle, followed=math.nan), replace(moved, followed=math.nan)])[0].name == NAME
    )
