"""Made-up photographs: smooth fields of many sizes with sharp edges, in 256 steps of light."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional


def shots(count: int, side: int = 32, channels: int = 3, seed: int = 0) -> Tensor:
    """Images in [0, 1], (count, channels, side, side)."""
    generator = torch.Generator().manual_seed(seed)
    found = torch.zeros(count, channels, side, side)
    for cells in (2, 4, 8, 16, side):
        field = torch.rand(count, channels, cells, cells, generator=generator)
        found += functional.interpolate(field, (side, side), mode="bilinear") / cells**0.5
    edge = torch.rand(count, 1, 4, 4, generator=generator) > 0.5
    found += 0.5 * functional.interpolate(edge.float(), (side, side), mode="nearest")
    low, high = found.amin((1, 2, 3), keepdim=True), found.amax((1, 2, 3), keepdim=True)
    return (255 * (found - low) / (high - low)).round() / 255


def of_classes(count: int, classes: int) -> np.ndarray:
    """Labels that take turns."""
    return np.arange(count) % classes
