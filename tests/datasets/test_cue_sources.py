"""Generators by name."""

import numpy as np
import pytest

from earlysieve.datasets import load_source
from earlysieve.datasets.cue_source import CUES
from earlysieve.errors import DataError, InputError


@pytest.mark.parametrize("name", CUES)
def test_cues_tell_the_class_as_often_as_asked_for(name):
    data = load_source(f"cues:{name},0.8", split="test")
    assert len(data) == 1000
    assert (data.shortcut_values == data.labels).mean() == 0.8
    assert np.bincount(data.groups).tolist() == [80, 20] * 10
    base = load_source("digits", split="test")
    assert any((data.image(i) != base.image(i)).any() for i in range(5))
    assert data[0][0].shape == (3, 28, 28)


def test_a_cue_is_the_same_for_one_seed_and_another_for_another():
    first, again, other = (load_source("cues:mark", seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.shortcut_values, again.shortcut_values)
    assert np.array_equal(first.image(7), again.image(7))
    assert not np.array_equal(first.shortcut_values, other.shortcut_values)
    assert (first.shortcut_values == first.labels).mean() == pytest.approx(0.95, abs=0.001)


def test_dominoes():
    try:
        data = load_source("dominoes:0.9", split="test")
    except DataError as error:
        pytest.skip(str(error))
    assert data[0][0].shape == (3, 56, 28)
    assert (data.shortcut_values == data.labels).mean() == 0.9


@pytest.mark.parametrize(
    ("spec", "options", "told"),
    [
        (
            "cues:stripe",
            {},
            "one of the cues mark, .* got 'stripe'; choose one, such as cues:mark",
        ),
        ("cues:mark,1.5", {}, "correlation from 0 to 1, such as 0.95, but got '1.5'"),
        ("cues:mark,often", {}, "but got 'often'"),
        ("dominoes:nan", {}, "but got 'nan'"),
        ("cues:mark", {"variant": "photos"}, "variant to be one of digits, fashion-mnist"),
        ("cues:mark", {"split": "val"}, "split to be one of train, test"),
    ],
)
def test_other_specifications(spec, options, told):
    with pytest.raises(InputError, match=told):
        load_source(spec, **options)
