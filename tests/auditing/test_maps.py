"""Maps and images averaged down, against torch's own pooling."""

import pytest
import torch
from torch.nn import functional

from earlysieve.auditing.maps import position_map, shrunk
from earlysieve.model.layout import Layout


def noise(*shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("factor", [1, 2, 3, 5])
@pytest.mark.parametrize(("high", "wide"), [(12, 12), (17, 31)])
def test_shrunk_images_are_means_of_squares(factor, high, wide):
    images = noise(2, 3, high, wide)
    expected = functional.avg_pool2d(images, factor)
    assert torch.allclose(shrunk(images, factor), expected, atol=1e-6)
    turned = images.contiguous(memory_format=torch.channels_last)
    assert torch.allclose(shrunk(turned, factor), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("high", "wide"), [(48, 48), (8, 8), (8, 48), (24, 48), (14, 14), (3, 3), (1, 9), (7, 8)]
)
def test_maps_of_any_size_are_averaged_alike(high, wide):
    maps = noise(2, 6, high, wide)
    sides = min(high, 4), min(wide, 4)
    expected = functional.adaptive_avg_pool2d(maps, sides).flatten(1)
    for form in (maps, maps.contiguous(memory_format=torch.channels_last)):
        found = position_map(form, Layout.FIRST, torch.eye(6))
        assert torch.allclose(found, expected, atol=1e-6)
