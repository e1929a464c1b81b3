"""Properties of inputs, on images, texts and tables small enough to work them out by hand."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from earlysieve.auditing.properties import (
    TOKEN,
    curved,
    knots_of,
    pairs_of,
    telling_columns,
)
from earlysieve.auditing.properties import properties_of as computed
from earlysieve.auditing.swaps.carrier import carrier_of

ALL = {
    "background", "vignette", "traces",
    "brightness", "colour", "spectrum", "frame", "size", "place", "sharpness", "mark",
    "patch", "top half", "bottom half", "left half", "right half",
}  # fmt: skip


def noise(count=2, channels=3, high=16, wide=12, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, channels, high, wide, generator=generator)


def properties_of(inputs):
    return computed(inputs, carrier_of(inputs)[0])


def seen(images, name):
    return properties_of(images)[name]


def changed(before, after):
    """The properties that a change of the images changes."""
    first, second = properties_of(before), properties_of(after)
    return {name for name in first if not torch.allclose(first[name], second[name], atol=1e-5)}


# --- images ---------------------------------------------------------------------------------------


def test_every_property_of_an_image():
    found = properties_of(noise())
    assert set(found) == ALL
    assert all(values.shape[0] == 2 and values.ndim == 2 for values in found.values())
    assert {name: values.shape[1] for name, values in found.items()} == {
        "brightness": 12, "colour": 12, "spectrum": 112, "frame": 21, "size": 12, "place": 72,
        "sharpness": 2, "mark": 640, "patch": 484, "background": 72, "vignette": 3, "traces": 12,
        "top half": 80, "bottom half": 80, "left half": 60, "right half": 60,
    }  # fmt: skip


def test_brightness_by_hand():
    image = torch.zeros(1, 3, 8, 8)
    image[:, :, :4] = 1.0
    # Mean and deviation, deciles, and the share of pixels that have another's value.
    expected = [0.5, 0.5, *[0.0] * 4, *[1.0] * 5, 62 / 64]
    assert seen(image, "brightness")[0].tolist() == pytest.approx(expected)


def test_brightness_tells_how_many_tones_there_are():
    fine = torch.linspace(0, 1, 256).reshape(1, 1, 16, 16)
    coarse = (fine * 3.999).floor() / 3
    assert seen(fine, "brightness")[0, -1] == 0
    assert seen(coarse, "brightness")[0, -1] == (256 - 4) / 256
    assert seen(5 * coarse - 2, "brightness")[0, -1] == (256 - 4) / 256


@pytest.mark.parametrize("level", [0.0, 100.0])
def test_means_and_deviations_are_those_of_torch(level):
    images = level + noise(high=31, wide=50)
    grey = images.mean(1)
    expected = torch.stack([grey.mean((1, 2)), grey.std((1, 2), correction=0)], 1)
    assert torch.allclose(seen(images, "brightness")[:, :2], expected, rtol=1e-4)
    deviations = images.std((2, 3), correction=0)
    assert torch.allclose(seen(images, "colour")[:, 3:6], deviations, rtol=1e-4)


def test_colour_tells_the_tint_whatever_the_brightness():
    grey = noise(channels=1).expand(-1, 3, -1, -1)
    tint = torch.tensor([1.0, 0.5, 0.5])[:, None, None]
    red, dim = seen(grey * tint, "colour"), seen(0.3 * grey * tint, "colour")
    # The last six are differences of channels, relative to all.
    assert (red[:, 6] > 0.1).all()
    assert (red[:, 7:9] < -0.05).all()
    assert torch.allclose(red[:, 6:], dim[:, 6:], atol=1e-5)
    assert torch.allclose(seen(grey, "colour")[:, 6:], torch.zeros(2, 6), atol=1e-5)
    assert torch.allclose(red[:, :3], (grey * tint).mean((2, 3)))


def test_colour_does_not_see_where_things_are():
    images = noise()
    assert changed(images, images.flip(2, 3)).isdisjoint({"colour", "brightness", "sharpness"})


def test_the_frame_sees_the_border_alone():
    before = noise(high=20, wide=30)
    inside, border = before.clone(), before.clone()
    inside[:, :, 2:-2, 2:-2] = noise(high=16, wide=26, seed=1)
    assert "frame" not in changed(before, inside)
    border[:, :, 10, 1] = 9.0
    assert "frame" in changed(before, border)


def test_the_frame_by_hand():
    image = torch.zeros(1, 1, 10, 10)
    image[:, :, 0] = 1.0
    whole, spread, middle, top, bottom, left, right = seen(image, "frame")[0].tolist()
    # Four sides of ten, with corners twice: ten, and one of each of two more, are 1.
    assert whole == pytest.approx(12 / 40)
    assert spread == pytest.approx((0.3 * 0.7) ** 0.5)
    assert (middle, top, bottom) == (0, 1, 0)
    assert (left, right) == (pytest.approx(0.1), pytest.approx(0.1))


def test_the_spectrum_ignores_a_circular_shift_and_not_the_texture():
    before = noise()
    moved = changed(before, before.roll((5, 3), (2, 3)))
    assert moved.isdisjoint({"spectrum", "colour", "brightness"})
    assert {"place", "top half", "left half"} <= moved
    wide, narrow = torch.zeros(1, 1, 16, 16), torch.zeros(1, 1, 16, 16)
    wide[..., ::8] = 1.0
    narrow[..., ::2] = 1.0
    assert "spectrum" in changed(wide, narrow)


def square(top, left, side, value=1.0):
    image = torch.zeros(1, 1, 24, 24)
    image[:, :, top : top + side, left : left + side] = value
    return image


def test_size_tells_how_large_and_place_tells_where():
    small, moved, large = square(4, 4, 4), square(12, 16, 4), square(4, 4, 8)
    # Of a busy ground nine numbers more.
    assert seen(small, "size")[0].tolist() == pytest.approx([4 / 24, 4 / 24, 16 / 576] + 9 * [0])
    assert seen(large, "size")[0].tolist() == pytest.approx([8 / 24, 8 / 24, 64 / 576] + 9 * [0])
    assert torch.equal(seen(small, "size"), seen(moved, "size"))
    # The largest value in each of six by six cells of four pixels, of image and negative.
    cells = torch.zeros(2, 6, 6)
    cells[0, 3, 4], cells[1, 3, 4] = 1.0, -1.0
    assert torch.equal(seen(moved, "place")[0], cells.flatten())


def test_sharpness_by_hand():
    stripes = torch.zeros(1, 1, 8, 8)
    stripes[:, :, ::2] = 1.0
    assert seen(stripes, "sharpness").tolist() == [[1.0, 0.0]]


def test_each_half_sees_its_half():
    before = noise(high=17, wide=12)
    top, left = before.clone(), before.clone()
    top[:, :, :8] += 1.0
    left[..., :6] += 1.0
    halves = {name for name in ALL if name.endswith(" half")}
    assert changed(before, top) & halves == {"top half", "left half", "right half"}
    assert changed(before, left) & halves == {"left half", "top half", "bottom half"}


def test_half_an_image_by_hand():
    image = torch.arange(64.0).reshape(1, 1, 8, 8)
    assert torch.equal(seen(image, "top half"), image[:, 0, :4].flatten(1))
    assert torch.equal(seen(image, "right half"), image[:, 0, :, 4:].flatten(1))


def test_one_channel_has_no_colour_and_tiny_images_have_no_shapes():
    assert set(properties_of(noise(channels=1))) == ALL - {"colour"}
    assert set(properties_of(noise(high=7))) == {"brightness", "colour"}
    assert set(properties_of(noise(channels=1, high=1, wide=1))) == {"brightness"}


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize(("high", "wide"), [(8, 8), (8, 40), (33, 9)])
def test_properties_are_finite_and_of_each_image_alone(count, high, wide):
    images = torch.cat([noise(count, high=high, wide=wide), torch.zeros(1, 3, high, wide)])
    together = properties_of(images)
    for i in range(len(images)):
        for name, values in properties_of(images[i : i + 1]).items():
            assert torch.isfinite(values).all()
            assert torch.allclose(values[0], together[name][i], atol=1e-5)


def test_whole_numbers_channels_last_and_fields():
    images = (255 * noise()).to(torch.uint8)
    plain = properties_of(images.float())
    for form in (images, images.movedim(1, -1), (images,), {"pixel_values": images}):
        found = properties_of(form)
        assert found.keys() == plain.keys()
        assert all(torch.equal(found[name], plain[name]) for name in plain)
        assert all(values.dtype == torch.float32 for values in found.values())


def test_nothing_where_it_is_not_clear_what_inputs_are():
    assert properties_of(torch.rand(2, 5)) == {}  # a table has its columns
    assert properties_of(torch.rand(2, 3, 8, 8, 8)) == {}
    assert properties_of((noise(), noise())) == {}
    assert properties_of({"input_ids": torch.ones(2, 3)}) == {}


# --- texts ----------------------------------------------------------------------------------------


def test_tokens_and_length_by_hand_and_padding_never_counts():
    tokens = torch.tensor([[5, 5, 7, 0], [600, 0, 9, 9]])
    mask = torch.tensor([[1, 1, 1, 0], [1, 1, 0, 0]])
    found = properties_of({"input_ids": tokens, "attention_mask": mask})
    assert found["length"].tolist() == [[3.0], [2.0]]
    assert [row.nonzero()[:, 0].tolist() for row in found[TOKEN]] == [[5, 7], [0, 600 - 512]]
    assert found[TOKEN].max() == pytest.approx(np.log2(3))  # a word that is said twice
    other = {"input_ids": tokens.where(mask.bool(), 3), "attention_mask": mask}
    assert torch.equal(properties_of(other)[TOKEN], found[TOKEN])
    longer = {name: torch.nn.functional.pad(x, (0, 2)) for name, x in other.items()}
    assert torch.equal(properties_of(longer)[TOKEN], found[TOKEN])


def test_telling_columns_by_hand():
    labels = np.arange(40) % 2
    holds = np.zeros((40, 512), np.float32)
    holds[:, 1] = 1  # in every text
    holds[:, 4] = labels
    holds[:, 9] = 1 - labels
    holds[:2, 7] = 1  # once in each class
    found = telling_columns(holds, labels, 2)
    assert found.tolist() == [4, 9]
    assert telling_columns(holds[:, :2], labels, 2).tolist() == []
    holds[:, 1] += labels  # twice in those of one class
    assert telling_columns(holds, labels, 2).tolist() == [1, 4, 9]


def test_a_word_said_again_counts_for_less_each_time():
    tokens = torch.tensor([[7, 8, 9, 9, 9, 0], [6, 6, 6, 6, 6, 6]])
    found = properties_of({"input_ids": tokens, "attention_mask": tokens > 0})[TOKEN]
    assert found[0, [7, 9, 0]].tolist() == [1.0, 2.0, 0.0]
    assert found[1, 6] == pytest.approx(np.log2(7))


# --- what readers make of them --------------------------------------------------------------------


def test_knots_by_hand():
    values = np.arange(17.0)[:, None]
    assert knots_of(values)[:, 0].tolist() == [0, 2, 4, 6, 8, 10, 12, 14, 16]
    assert knots_of(np.zeros((3, 20))).shape == (9, 20)
    assert knots_of(np.zeros((3, 21))).shape == (5, 21)


def test_hats_by_hand():
    knots = np.array([[0.0], [2.0], [4.0]])
    found = curved(np.array([[0.0], [1.0], [2.0], [3.5], [9.0], [-1.0]]), knots)
    assert found.tolist() == [
        [1, 0, 0], [0.5, 0.5, 0], [0, 1, 0], [0, 0.25, 0.75], [0, 0, 1], [1, 0, 0],
    ]  # fmt: skip


@given(
    arrays.arrays(np.float64, (12, 3), elements=st.floats(-100, 100, width=16)),
    arrays.arrays(np.float64, (5, 3), elements=st.floats(-200, 200, width=16)),
)
def test_hats_are_a_partition_of_unity(values, others):
    """Also outside the knots, and where knots coincide; a constant column has none."""
    knots = knots_of(values)
    varied = sum(len(np.unique(column)) > 1 for column in knots.T)
    for some in (values, others):
        found = curved(some, knots)
        assert (found >= 0).all()
        assert found.sum(1) == pytest.approx(varied)


def test_a_straight_line_in_hats_is_the_value_itself():
    values = np.random.default_rng(0).normal(size=(50, 1))
    knots = knots_of(values)
    assert curved(values, knots) @ knots[:, 0] == pytest.approx(values[:, 0])


def test_nothing_varies_and_too_many_columns():
    assert curved(np.ones((4, 2)), knots_of(np.ones((4, 2)))).tolist() == [[0.0]] * 4
    many = np.random.default_rng(0).normal(size=(3, 81))
    assert np.array_equal(curved(many, knots_of(many)), np.concatenate([many, many**2], 1))
    assert curved(many[:, :80], knots_of(many[:, :80])).shape[1] > 160


def test_pairs_by_hand():
    values = np.array([[1.0, 9.0, 3.0, 5.0], [2.0, 9.0, 3.0, 7.0]])
    found = pairs_of(values, np.array([0, 2, 3]), np.array([1.0, 1.0, 5.0]))
    assert found.tolist() == [[1, 3, 5, 0, 0, 0], [2, 3, 7, 2, 2, 4]]
    # A row's numbers do not depend on the rows beside it.
    alone = pairs_of(values[1:], np.array([0, 2, 3]), np.array([1.0, 1.0, 5.0]))
    assert alone.tolist() == found[1:].tolist()


def test_many_columns_are_not_paired():
    values = np.random.default_rng(0).normal(size=(4, 30))
    columns = np.arange(21)
    assert np.array_equal(pairs_of(values, columns, np.zeros(21)), values[:, :21])
    assert pairs_of(values, columns[:20], np.zeros(20)).shape[1] == 20 + 190


def test_large_images_are_looked_at_from_further_away():
    images = torch.rand(2, 3, 24, 24)
    large = images.repeat_interleave(8, 2).repeat_interleave(8, 3)  # 192 pixels, blocks of 8
    halved = torch.nn.functional.avg_pool2d(large, 4)
    found, expected = properties_of(large), properties_of(halved)
    for name in ("frame", "size", "place", "top half", "right half", "colour"):
        assert torch.allclose(found[name], expected[name], atol=1e-5), name
