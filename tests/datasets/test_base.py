"""Subsets, stratified draws, and checks of labels, groups and indices."""

import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from earlysieve.datasets import (
    ArrayImages,
    digits,
    plant_colour,
    stratified_sample,
    stratified_split,
)
from earlysieve.datasets.checks import name_some
from earlysieve.datasets.images import normalise, resize
from earlysieve.errors import DataError, InputError


def numbered_images(count: int = 6, **options: object) -> ArrayImages:
    """Image i holds the value i everywhere; classes alternate."""
    pixels = np.arange(count, dtype=np.uint8)[:, None, None].repeat(4, 1).repeat(4, 2)
    return ArrayImages(pixels, np.arange(count) % 2, ["even", "odd"], **options)


def test_a_subset_of_a_subset_keeps_identity_groups_and_order() -> None:
    data = numbered_images(groups=[0, 1, -1, 0, 1, -1], group_names=["a", "b"])
    part = data.subset([5, 2, 1]).subset(np.array([False, True, True]))
    assert [part.identify(i) for i in range(2)] == ["2", "1"]
    assert part.labels.tolist() == [0, 1]
    assert part.groups.tolist() == [-1, 1]
    assert part.image(1)[0, 0] == 1
    assert len(data) == 6
    assert (part.class_names, part.group_names) == (("even", "odd"), ("a", "b"))


def test_items_are_plain_and_iteration_ends() -> None:
    data = numbered_images()
    image, label, group = data[-1]
    assert image.shape == (1, 4, 4)
    assert (type(label), label, group) == (int, 1, -1)
    assert len(list(data)) == 6
    with pytest.raises(IndexError, match="Expected an index below 6, but got 6"):
        data[6]


def test_a_data_set_survives_a_worker_process() -> None:
    data = pickle.loads(pickle.dumps(numbered_images().subset([4, 1])))
    assert data.identify(0) == "4"
    assert torch.equal(data[0][0], numbered_images()[4][0])


@pytest.mark.parametrize(
    ("indices", "error", "message"),
    [
        ([], DataError, "Expected a subset of at least one example, but nothing is selected"),
        ([6], InputError, "Expected indices from 0 to 5, but got 6; select existing examples"),
        ([-1], InputError, "Expected indices from 0 to 5, but got -1; select existing examples"),
        (
            [True],
            InputError,
            "Expected a mask of shape (6,), but got (1,); pass one boolean per example",
        ),
        (
            [0.5],
            InputError,
            "Expected indices to be integers of shape (N,), but got float64 of shape (1,); "
            "pass one integer per example",
        ),
    ],
)
def test_bad_indices(indices: list[object], error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        numbered_images().subset(indices)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"groups": [0]},
            "Expected one group per example (6), but got 1; use -1 where a group is unknown",
        ),
        (
            {"groups": [0, 0, 0, 0, 0, 1], "group_names": ["a"]},
            "Expected groups from -1 (unknown) to 0 (1 group names), but got 1; "
            "correct the groups or name every group",
        ),
        (
            {"std": [1.0, 1.0]},
            "Expected mean and std to have one or three values and std to be positive, "
            "but got mean=(0.5,) and std=(1.0, 1.0); pass one value per channel",
        ),
        (
            {"std": [0.0]},
            "Expected mean and std to have one or three values and std to be positive, "
            "but got mean=(0.5,) and std=(0.0,); pass one value per channel",
        ),
        (
            {"channels": 2},
            "Expected channels=3, or 1 for grey images, but got 2 for images of shape (4, 4); "
            "leave it out to keep the channels that there are",
        ),
        (
            {"image_size": 0},
            "Expected image_size to be at least 1 pixel, but got 0; pass a positive size",
        ),
    ],
)
def test_bad_arguments(options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError) as caught:
        numbered_images(**options)
    assert str(caught.value) == message


def test_bad_labels_and_pixels() -> None:
    pixels = np.zeros((2, 4, 4), np.uint8)
    with pytest.raises(InputError, match=r"Expected labels from 0 to 0 \(1 class names\).* got 1;"):
        ArrayImages(pixels, [0, 1], ["a"])
    with pytest.raises(DataError, match="Expected at least one example, but the data set is empty"):
        ArrayImages(pixels[:0], [], ["a"])
    with pytest.raises(DataError, match="one label per image, but got 2 images and 1 labels"):
        ArrayImages(pixels, [0], ["a"])
    with pytest.raises(InputError, match=r"uint8 .* but got float64 of shape \(2, 4, 4\)"):
        ArrayImages(pixels.astype(float), [0, 0], ["a"])  # type: ignore[arg-type]


def test_one_class_is_a_data_set() -> None:
    assert ArrayImages(np.zeros((2, 4, 4), np.uint8), [0, 0], ["only"]).num_classes == 1


def test_normalisation_by_hand() -> None:
    grey = np.array([[0, 255], [51, 102]], np.uint8)
    assert normalise(grey, [0.5], [0.5]).flatten().tolist() == pytest.approx([-1, 1, -0.6, -0.2])
    three = normalise(grey, [0.0, 0.2, 0.4], [1.0, 0.5, 0.1])
    assert three[:, 1, 0].tolist() == pytest.approx([0.2, 0.0, -2.0], abs=1e-6)
    colour = np.zeros((1, 2, 3), np.uint8)
    colour[0, 1] = (255, 0, 51)
    assert normalise(colour, [0.0], [1.0])[:, 0, 1].tolist() == pytest.approx([1, 0, 0.2])


def test_resizing_keeps_the_centre() -> None:
    wide = np.zeros((2, 6), np.uint8)
    wide[:, 2:4] = 200
    assert resize(wide, 2).tolist() == [[200, 200], [200, 200]]
    assert resize(wide.T, 2).tolist() == [[200, 200], [200, 200]]
    assert resize(wide, 4).shape == (4, 4)


def test_leftovers_go_to_the_largest_remainders() -> None:
    # Shares of 5 among 6, 3, 1 are 3, 1.5, 0.5: the tie goes to the lower stratum.
    strata = [0] * 6 + [1] * 3 + [2]
    drawn = np.array(strata)[stratified_sample(strata, 5, seed=0)]
    assert np.bincount(drawn, minlength=3).tolist() == [3, 2, 0]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=60), st.data())
def test_every_stratum_keeps_its_share(strata: list[int], draw: st.DataObject) -> None:
    size = draw.draw(st.integers(0, len(strata)))
    found = stratified_sample(strata, size, seed=3)
    assert len(set(found.tolist())) == len(found) == size
    assert np.array_equal(found, np.sort(found))
    assert np.array_equal(found, stratified_sample(strata, size, seed=3))
    for stratum in set(strata):
        exact = strata.count(stratum) * size / len(strata)
        assert abs(np.array(strata)[found].tolist().count(stratum) - exact) < 1


def test_the_seed_decides_the_draw_and_global_state_is_left_alone() -> None:
    before = np.random.get_state()[1].copy()  # type: ignore[union-attr]
    torch_before = torch.get_rng_state()
    draws = [stratified_sample([0] * 50, 10, seed).tolist() for seed in (0, 0, 1)]
    assert draws[0] == draws[1] != draws[2]
    assert np.array_equal(np.random.get_state()[1], before)
    assert torch.equal(torch.get_rng_state(), torch_before)


def test_a_split_keeps_the_shares_of_groups_within_a_class() -> None:
    groups = [0] * 16 + [1] * 4
    pixels = np.zeros((20, 2, 2), np.uint8)
    data = ArrayImages(pixels, [0] * 20, ["a"], groups=groups, group_names=["many", "few"])
    rest, held = stratified_split(data, 0.25, seed=0)
    assert np.bincount(rest.groups).tolist() == [12, 3]
    assert np.bincount(held.groups).tolist() == [4, 1]


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.5, 1.5, 0.01, float("nan")])
def test_both_parts_of_a_split_hold_something(fraction: float) -> None:
    message = f"leaves both parts of 6 examples non-empty, but got {fraction}; choose another"
    with pytest.raises(InputError, match=message):
        stratified_split(numbered_images(), fraction)


def test_a_sample_cannot_exceed_what_there_is() -> None:
    with pytest.raises(InputError, match="Expected a sample size from 0 to 2 .*, but got 3; "):
        stratified_sample([0, 1], 3, 0)


def test_names_are_listed_to_a_limit() -> None:
    assert name_some(["a", "b"]) == "'a', 'b'"
    assert name_some(list("abcde")) == "'a', 'b', 'c' and 2 more"


def test_without_groups_is_a_view_that_knows_none():
    data = plant_colour(digits("test"), 0.8).subset(range(20))
    hidden = data.without_groups()
    assert (hidden.groups == -1).all()
    assert hidden.group_names == ()
    assert hidden[3][2] == -1
    assert data[3][2] >= 0
    assert hidden.identify(3) == data.identify(3)


def test_with_labels_changes_labels_of_the_view_alone():
    whole = digits("test")
    data = whole.subset([4, 9, 2])
    other = data.with_labels([1, 0, 3])
    assert other.labels.tolist() == [1, 0, 3]
    assert other[0][1] == 1
    assert data.labels.tolist() == whole.labels[[4, 9, 2]].tolist()
    with pytest.raises(InputError, match="one label per example"):
        data.with_labels([1])
