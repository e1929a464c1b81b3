"""Cues tell their value as promised, and what else is random about them does not."""

import numpy as np
import pytest

from earlysieve.datasets import ArrayImages, ImageExamples
from earlysieve.datasets.cues import (
    Background,
    Border,
    Companion,
    Mark,
    Size,
    Stripes,
    Texture,
    Watermark,
    letters,
    plant,
    touched,
)
from earlysieve.datasets.painters import palette
from earlysieve.datasets.planted import Painter
from earlysieve.errors import InputError

CLASSES = 4
SAME_SHAPE = [Mark(4), Stripes(4), Texture(4), Border(4), Size(4), Watermark(height=8, spread=0.5)]


def grey(count: int = 40) -> ArrayImages:
    pixels = np.random.default_rng(0).integers(0, 255, (count, 20, 20), dtype=np.uint8)
    return ArrayImages(pixels, np.arange(count) % CLASSES, list("abcd"))


def black(side: int = 20) -> np.ndarray:
    return np.zeros((side, side), np.uint8)


def test_the_share_is_exact_in_every_class_and_groups_say_where_it_fails() -> None:
    data = plant(grey(), Mark(CLASSES), 0.8, seed=3)
    agrees = data.shortcut_values == data.labels
    assert [int(agrees[data.labels == label].sum()) for label in range(CLASSES)] == [8] * 4
    assert np.array_equal(data.groups, 2 * data.labels + ~agrees)
    again = plant(grey(), Mark(CLASSES), 0.8, seed=3)
    assert np.array_equal(again.shortcut_values, data.shortcut_values)
    assert np.array_equal(again.image(7), data.image(7))


@pytest.mark.parametrize("painter", SAME_SHAPE, ids=lambda painter: type(painter).__name__)
@pytest.mark.parametrize("colour", [False, True])
def test_painters_keep_shape_and_type_and_leave_the_image_alone(
    painter: Painter, colour: bool
) -> None:
    image = grey().image(0)
    image = np.repeat(image[..., None], 3, 2) if colour else image
    before = image.copy()
    painted = painter(image, 2, 5)
    assert painted.shape == image.shape
    assert painted.dtype == np.uint8
    assert np.array_equal(image, before)
    assert not np.array_equal(painted, image)
    assert np.array_equal(painted, painter(image, 2, 5))


@pytest.mark.parametrize("painter", SAME_SHAPE, ids=lambda painter: type(painter).__name__)
def test_every_value_looks_different(painter: Painter) -> None:
    image = grey().image(1)
    seen = {painter(image, value, 3).tobytes() for value in range(CLASSES)}
    assert len(seen) == CLASSES


def test_a_mark_moves_alike_for_all_values() -> None:
    mark = Mark(4, size=3, radius=0.6, shift=1, seed=2)
    still = Mark(4, size=3, radius=0.6, shift=0)
    for row in range(10):
        moves = {
            tuple(np.subtract(mark.place(28, 28, v, row), still.place(28, 28, v, row)))
            for v in range(4)
        }
        assert len(moves) == 1
        assert max(abs(step) for step in moves.pop()) <= 1


def test_marks_lie_on_a_ring_by_hand() -> None:
    # Half of 20 x 0.6 = 6 pixels from the middle, at 45 and 135 degrees from the top.
    still = Mark(4, size=2, radius=0.6, shift=0)
    assert still.place(20, 20, 0, 0) == (round(10 - 6 * 0.5**0.5 - 1), round(10 + 6 * 0.5**0.5 - 1))
    assert still.place(20, 20, 1, 0) == (round(10 + 6 * 0.5**0.5 - 1), round(10 + 6 * 0.5**0.5 - 1))
    painted = still(black(), 0, 0)
    assert int((painted == 255).sum()) == 4


def test_a_border_has_the_level_of_its_value() -> None:
    border = Border(4, width=2, brightest=240, spread=0)
    painted = border(np.full((10, 10), 7, np.uint8), 1, 0)
    assert np.unique(painted[:2]).tolist() == [80]
    assert np.unique(painted[2:8, 2:8]).tolist() == [7]
    assert int((painted == 80).sum()) == 100 - 36


def test_stripes_have_their_period_and_direction() -> None:
    stripes = Stripes(2, amplitude=20, period=4)
    flat = np.full((16, 16), 100, np.uint8)
    across, down = stripes(flat, 0, 0).astype(float), stripes(flat, 1, 0).astype(float)
    assert np.ptp(across, axis=0).max() == 0
    assert np.ptp(down, axis=1).max() == 0
    assert np.allclose(across[:, :-4], across[:, 4:])
    spectrum = np.abs(np.fft.rfft(across[0] - across[0].mean()))
    assert int(spectrum.argmax()) == 4


def test_a_texture_stays_off_what_is_bright_and_is_new_in_every_row() -> None:
    texture = Texture(4, amplitude=40)
    image = black()
    image[5:15, 5:15] = 255
    painted = texture(image, 1, 0)
    assert np.unique(painted[5:15, 5:15]).tolist() == [255]
    assert painted[:5].std() > 5
    assert not np.array_equal(painted, texture(image, 1, 1))


def test_sizes_run_from_the_smallest_to_all() -> None:
    size = Size(3, smallest=0.5, spread=0)
    full = np.full((20, 20), 200, np.uint8)
    assert [int((size(full, v, 0) > 0).sum()) for v in range(3)] == [100, 225, 400]


def test_a_watermark_is_as_strong_as_asked_and_must_fit() -> None:
    mark = Watermark(("HI", "NO"), strength=0.5, height=10)
    painted = mark(black(30), 0, 0)
    assert 100 <= painted.max() <= 128
    with pytest.raises(InputError, match="smaller height"):
        mark(black(5), 0, 0)


def test_letters_are_cut_to_what_is_drawn() -> None:
    plane = letters("HI", 12)
    assert 0.9 < plane.max() <= 1
    assert plane[0].max() > 0
    assert plane[:, 0].max() > 0
    assert plane[-1].max() > 0


def test_a_background_colours_what_is_dark_only() -> None:
    image = black(4)
    image[1, 1] = 255
    painted = Background(palette(4), strength=0.5)(image, 0, 0)
    assert painted[1, 1].tolist() == [255, 255, 255]
    assert painted[0, 0].tolist() == np.round(0.5 * palette(4)[0]).astype(int).tolist()


def simple() -> ImageExamples:
    # The brightness of a simple image is 50 times its class.
    labels = np.arange(12) % 4
    return ArrayImages(
        np.repeat(np.repeat((50 * labels).astype(np.uint8)[:, None, None], 8, 1), 8, 2),
        labels,
        list("abcd"),
    )


def test_a_companion_is_of_the_class_of_the_value() -> None:
    image = np.full((8, 8), 255, np.uint8)
    above = Companion(simple(), "above")(image, 3, 0)
    assert above.shape == (16, 8)
    assert np.unique(above[:8]).tolist() == [150]
    assert np.array_equal(above[8:], image)
    beside = Companion(simple(), "beside", seed=1)
    sides = {bool(beside(image, 1, row)[0, 0] == 255) for row in range(20)}
    assert sides == {True, False}
    assert all(
        (beside(image, 1, row)[0, 0] == 255) == (beside(image, 2, row)[0, 0] == 255)
        for row in range(20)
    )


def test_a_companion_without_an_example_of_the_value_is_refused() -> None:
    few = simple().subset([0, 1, 2])
    with pytest.raises(InputError, match="none for class 3"):
        Companion(few)(np.zeros((8, 8), np.uint8), 3, 0)


def test_touched_pixels_are_those_of_the_cue() -> None:
    border = Border(4, width=2, spread=0)
    found = touched(border, grey().image(0), CLASSES, 0)
    assert found.shape == (20, 20)
    assert not found[2:-2, 2:-2].any()
    assert found[:2].mean() > 0.9
