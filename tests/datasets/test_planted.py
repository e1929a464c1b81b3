"""Planted shortcuts have the share they were asked for, and groups that agree with them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earlysieve.datasets import (
    ArrayImages,
    digits,
    draw_values,
    plant_colour,
    plant_dominoes,
    plant_patch,
    stratified_split,
)
from earlysieve.datasets.painters import palette, tint
from earlysieve.errors import DataError, InputError


def grey(count: int = 40, classes: int = 4) -> ArrayImages:
    pixels = np.random.default_rng(0).integers(60, 255, (count, 12, 12), dtype=np.uint8)
    names = [f"c{i}" for i in range(classes)]
    return ArrayImages(pixels, np.arange(count) % classes, names)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(2, 6),
    st.integers(1, 30),
    st.floats(0, 1),
    st.integers(0, 99),
)
def test_the_exact_share_holds_in_every_class(
    classes: int, per_class: int, correlation: float, seed: int
) -> None:
    labels = np.tile(np.arange(classes), per_class)
    values = draw_values(labels, classes, correlation, seed=seed)
    assert values.min() >= 0
    assert values.max() < classes
    for label in range(classes):
        held = int((values[labels == label] == label).sum())
        assert held == round(correlation * per_class)
    assert np.array_equal(values, draw_values(labels, classes, correlation, seed=seed))


def test_a_failing_shortcut_is_uniform_over_the_other_classes() -> None:
    values = draw_values(np.zeros(9000, dtype=int), 4, 0.0, seed=1)
    assert np.bincount(values, minlength=4)[0] == 0
    assert np.allclose(np.bincount(values)[1:] / 9000, 1 / 3, atol=0.02)


@pytest.mark.parametrize("plant", [plant_colour, plant_patch])
def test_groups_agree_with_the_planted_values(plant: object) -> None:
    data = plant(grey(), 0.8, seed=3)  # type: ignore[operator]
    fails = data.shortcut_values != data.labels
    assert np.array_equal(data.groups, 2 * data.labels + fails)
    assert data.group_names[1] == "class c0, shortcut fails"
    image, label, group = data[5]
    assert (label, group) == (data.labels[5], data.groups[5])
    assert image.shape == (3, 12, 12)


def test_subsets_keep_their_shortcuts() -> None:
    data = plant_colour(grey(), 0.5, seed=0)
    part = data.subset([3, 7, 20])
    assert np.array_equal(part.groups, data.groups[[3, 7, 20]])
    assert np.array_equal(part.image(1), data.image(7))


def test_tint_by_hand() -> None:
    white = np.full((1, 1, 3), 200, np.uint8)
    red = np.array([255, 0, 0], np.uint8)
    assert tint(white, red).tolist() == [[[200, 0, 0]]]
    assert tint(white, red, strength=0.0).tolist() == [[[200, 200, 200]]]


def test_ten_colours_lie_apart() -> None:
    colours = palette(10).astype(int)
    distances = np.abs(colours[:, None] - colours[None]).sum(-1)
    assert distances[~np.eye(10, dtype=bool)].min() > 60


def test_dominoes_put_the_digit_above_and_keep_the_label() -> None:
    base = digits("test", channels=3)
    data = plant_dominoes(base, digits("train", channels=3), 0.9, seed=0)
    assert data.image(0).shape == (56, 28, 3)
    assert np.array_equal(data.image(0)[28:], base.image(0))
    assert np.array_equal(data.labels, base.labels)
    assert np.isclose((data.shortcut_values == data.labels).mean(), 0.9, atol=0.01)


def test_correlation_out_of_range() -> None:
    with pytest.raises(InputError, match="Expected correlation to be from 0 to 1, but got 1.5"):
        draw_values([0, 1], 2, 1.5)


def test_empty_labels() -> None:
    with pytest.raises(DataError, match="Expected at least one example"):
        draw_values([], 2, 0.5)


def test_stratified_split_keeps_shares_and_parts_apart() -> None:
    data = plant_colour(grey(80), 0.75, seed=0)
    rest, held = stratified_split(data, 0.25, seed=1)
    assert (len(rest), len(held)) == (60, 20)
    assert np.array_equal(np.bincount(held.labels), [5, 5, 5, 5])
    ids = {rest.identify(i) for i in range(60)} | {held.identify(i) for i in range(20)}
    assert len(ids) == 80
