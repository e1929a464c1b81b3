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
from earlysieve.datasets.painters import choose_simple, corner_patch, palette, stack, tint
from earlysieve.datasets.planted import PlantedImages, shortcut_groups
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


def test_an_inexact_share_is_drawn_for_each_example() -> None:
    labels = np.tile(np.arange(5), 2000)
    values = draw_values(labels, 5, 0.7, seed=0, exact=False)
    shares = [(values[labels == k] == k).mean() for k in range(5)]
    assert np.allclose(shares, 0.7, atol=0.04)
    assert len(set(shares)) > 1


def test_correlation_of_one_in_c_is_no_correlation() -> None:
    labels = np.repeat(np.arange(4), 2000)
    values = draw_values(labels, 4, 0.25, seed=0)
    table = np.stack([np.bincount(values[labels == k], minlength=4) for k in range(4)])
    assert np.abs(table - 500).max() < 80


def test_one_class_can_only_hold() -> None:
    assert draw_values([0, 0], 1, 1.0).tolist() == [0, 0]
    with pytest.raises(InputError, match="Expected at least two classes to plant a shortcut that"):
        draw_values([0, 0], 1, 0.5)


def test_groups_by_hand() -> None:
    groups = shortcut_groups(np.array([0, 0, 2]), np.array([0, 1, 1]))
    assert groups.tolist() == [0, 1, 5]


def test_images_do_not_depend_on_the_order_of_access() -> None:
    forwards, backwards = plant_colour(grey(), 0.5, seed=4), plant_colour(grey(), 0.5, seed=4)
    ahead = [forwards.image(i) for i in range(40)]
    back = [backwards.image(i) for i in reversed(range(40))][::-1]
    assert all(np.array_equal(a, b) for a, b in zip(ahead, back, strict=True))
    other = plant_colour(grey(), 0.5, seed=5)
    assert not np.array_equal(other.shortcut_values, forwards.shortcut_values)


def test_planting_leaves_the_base_and_its_identity_alone() -> None:
    base = grey().subset([7, 3])
    before = base.image(0).copy()
    data = plant_patch(base, 1.0)
    data.image(0)
    assert np.array_equal(base.image(0), before)
    assert (data.identify(0), data.labels.tolist()) == ("7", [3, 3])
    assert data.shortcut_values.tolist() == [3, 3]


def test_patch_by_hand() -> None:
    blank, red = np.zeros((6, 8), np.uint8), np.array([255, 0, 0], np.uint8)
    corners = [(0, 0), (0, 7), (5, 0), (5, 7)]
    for corner, place in enumerate(corners):
        painted = corner_patch(blank, red, corner, 2)
        assert painted[place].tolist() == [255, 0, 0]
        assert (painted[..., 0] > 0).sum() == 4
        assert painted[..., 1:].sum() == 0


def test_the_patch_tells_every_class_apart() -> None:
    base = ArrayImages(np.zeros((10, 28, 28), np.uint8), np.arange(10), list("abcdefghij"))
    seen = {plant_patch(base, 1.0).image(i).tobytes() for i in range(10)}
    assert len(seen) == 10


def test_stacking_by_hand() -> None:
    simple, garment = np.full((2, 2), 9, np.uint8), np.full((2, 2, 3), 5, np.uint8)
    stacked = stack(simple, garment)
    assert stacked[:2].tolist() == [[[9] * 3] * 2] * 2
    assert stacked[2:].tolist() == garment.tolist()
    assert stack(np.full((4, 4), 9, np.uint8), simple).shape == (4, 2)


def test_a_domino_shows_a_digit_of_the_shortcuts_class() -> None:
    simple = digits("test")
    data = plant_dominoes(digits("train").subset(range(50)), simple, 0.5, seed=1)
    by_image = {simple.image(i).tobytes(): simple.labels[i] for i in range(len(simple))}
    shown = [by_image[data.image(i)[:28].tobytes()] for i in range(50)]
    assert shown == data.shortcut_values.tolist()


def test_every_class_needs_a_simple_image() -> None:
    assert choose_simple(np.array([1, 0, 1]), np.array([0, 0]), seed=0).tolist() == [1, 1]
    with pytest.raises(InputError, match="but there is none for class 2; use simple images with"):
        choose_simple(np.array([0, 1]), np.array([2]), seed=0)


def test_many_classes_have_different_colours() -> None:
    assert len(np.unique(palette(40), axis=0)) == 40


def test_bad_planting() -> None:
    with pytest.raises(InputError, match="Expected strength to be from 0 to 1, but got 2; use 1"):
        plant_colour(grey(), 0.5, strength=2)
    with pytest.raises(InputError, match=r"one shortcut value per example \(40\), but got 1; draw"):
        PlantedImages(grey(), np.array([0]), lambda image, value, row: image)
