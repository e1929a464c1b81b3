import io

import numpy as np
import pytest
import torch

from earlysieve.attribution import overlay, thumbnail
from earlysieve.errors import InputError

image_module = pytest.importorskip("PIL.Image")


def opened(data):
    return image_module.open(io.BytesIO(data))


def pixels(data):
    return np.asarray(opened(data).convert("RGB")).astype(int)


def test_a_large_picture_is_reduced_and_keeps_its_shape():
    picture = opened(thumbnail(image_module.new("RGB", (640, 320), "red")))
    assert (picture.size, picture.format) == ((160, 80), "JPEG")


def test_a_tiny_picture_stays_as_it_is():
    tensor = torch.rand(3, 28, 20, generator=torch.Generator().manual_seed(0))
    data = thumbnail(tensor)
    assert opened(data).format == "PNG"
    stretched = (tensor - tensor.min()) / (tensor.max() - tensor.min()) * 255
    assert np.array_equal(pixels(data), stretched.round().permute(1, 2, 0).numpy().astype(int))


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "1", "CMYK"])
def test_every_kind_of_picture_is_taken(mode):
    assert pixels(thumbnail(image_module.new(mode, (8, 8)))).shape == (8, 8, 3)


@pytest.mark.parametrize("shape", [(6, 5), (1, 6, 5), (2, 6, 5), (4, 6, 5)])
def test_every_number_of_channels_is_taken(shape):
    assert pixels(thumbnail(torch.rand(shape))).shape == (6, 5, 3)


def painted(kind, scale):
    """Two rows of five pixels, of which one is bright in its first channel."""
    values = np.zeros((2, 5, 3), kind)
    values[0, 1] = (200 * scale, 100 * scale, 0)
    return values


@pytest.mark.parametrize(
    "values",
    [
        painted(np.uint8, 1),
        painted(np.int64, 1),
        painted(np.float32, 1 / 255),
        painted(np.float64, 1 / 255).transpose(2, 0, 1),
        np.dstack([painted(np.uint8, 1), np.full((2, 5), 9, np.uint8)]),
    ],
    ids=["uint8", "int64", "float32", "channels first", "alpha"],
)
def test_arrays_are_shown_as_they_are(values):
    assert np.array_equal(pixels(thumbnail(values)), painted(np.uint8, 1))


def test_grey_arrays_and_masks_are_shown():
    grey = np.array([[0, 51, 255], [0, 0, 0]], np.uint8)
    for values in (grey, grey[..., None], grey / 255):
        assert np.array_equal(pixels(thumbnail(values))[..., 0], grey)
    assert pixels(thumbnail(grey > 200))[0, 2].tolist() == [255] * 3


def test_arrays_of_unknown_range_are_stretched():
    found = pixels(thumbnail(np.array([[-2.0, 2.0], [0.0, 0.0]])))[..., 0]
    assert found.tolist() == [[0, 255], [128, 128]]


@pytest.mark.parametrize("value", [np.array([["a"]]), {"image": 1}, np.zeros(3), np.zeros((0, 2))])
def test_what_is_no_picture_is_refused(value):
    with pytest.raises(InputError, match="Expected an image"):
        thumbnail(value)


def test_constant_and_nan_tensors_become_black():
    assert pixels(thumbnail(torch.full((3, 4, 4), 7.0))).max() == 0
    assert pixels(thumbnail(torch.full((3, 4, 4), float("nan")))).max() == 0


def test_the_original_is_not_changed():
    original = image_module.new("RGB", (400, 300), "blue")
    thumbnail(original)
    overlay(original, torch.zeros(4, 4))
    assert original.size == (400, 300)


def test_hot_places_are_covered_and_cold_ones_show_the_picture():
    heat = torch.zeros(40, 40)
    heat[:, 20:] = 1.0
    found = pixels(overlay(image_module.new("RGB", (40, 40), (90, 160, 255)), heat))
    assert found.shape == (160, 160, 3)
    cold, hot = found[80, 20], found[80, 140]
    assert cold.max() - cold.min() < 12
    assert cold.min() > 110
    assert min(hot[0], hot[1]) > 180
    assert hot[0] - hot[2] > 40


@pytest.mark.parametrize("heat", [torch.zeros(3, 4, 4), torch.full((4, 4), float("inf"))])
def test_a_wrong_heat_map_is_refused(heat):
    with pytest.raises(InputError, match="Expected a finite heat map of shape"):
        overlay(torch.rand(3, 8, 8), heat)


@pytest.mark.parametrize("shape", [(2, 3, 8, 8), (8,), (3, 0, 8)])
def test_what_is_no_image_is_refused(shape):
    with pytest.raises(InputError, match="Expected an image of shape"):
        thumbnail(torch.zeros(shape))
