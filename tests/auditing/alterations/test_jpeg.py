"""Images as they come back from JPEG files, against Pillow."""

import io

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from earlysieve.auditing.alterations.jpeg import _cosines, compressed

from .shots import shots

Image = pytest.importorskip("PIL.Image")


def by_pillow(image, quality, mode):
    file = io.BytesIO()
    pixels = (255 * image).round().byte().permute(1, 2, 0).numpy()
    kept = Image.fromarray(pixels if mode == "RGB" else pixels[:, :, 0])
    kept.save(file, "JPEG", quality=quality, subsampling=0)
    found = np.asarray(Image.open(file), np.float32).reshape(*pixels.shape[:2], -1)
    return torch.from_numpy(found / 255).permute(2, 0, 1)


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("quality", [8, 20, 40, 80])
def test_it_is_what_pillow_writes(quality, mode):
    image = shots(1, channels=len(mode))[0]
    expected = by_pillow(image, quality, mode)
    found = compressed(image[None], quality)[0].clamp(0, 1)
    lost = float((expected - image).abs().mean())
    # Pillow rounds colours and pixels to whole numbers on the way.
    assert float((found - expected).abs().mean()) < min(1.2 / 255, lost / 3)


def test_sides_need_not_be_whole_blocks_and_channels_not_three():
    for channels in (1, 2, 4):
        image = shots(2, side=27, channels=channels)
        found = compressed(image, 30)
        assert found.shape == image.shape
        assert 0 < float((found - image).abs().mean()) < 0.1


def test_the_transform_is_orthonormal():
    assert_allclose(_cosines() @ _cosines().T, torch.eye(8), atol=1e-12)
    flat = torch.full((1, 1, 8, 8), 0.5)
    assert_allclose(compressed(flat, 90), flat, atol=0.01)
