"""What is taken from images: their centre, all but their centre, their order, their colour.

All take images (B, C, H, W) in whatever scale a model takes them, as floats.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor

from earlysieve._arrays import Ints
from earlysieve.auditing.survival.change import Change
from earlysieve.auditing.swaps.pool import Pool
from earlysieve.model.batch import Inputs

NO_CENTRE, CENTRE_ONLY = "without the central quarter", "only the central quarter"
TILES, GREY = "16 tiles shuffled", "in grey"
SIDE = 4
_SMALLEST = 8
_COLOURS = 3


def without_centre(images: Tensor) -> Tensor:
    """The mean of each channel over all images in place of the central quarter."""
    return torch.where(_central(images), _plain(images), images)


def centre_only(images: Tensor) -> Tensor:
    """The mean of each channel over all images in place of all but the central quarter."""
    return torch.where(_central(images), images, _plain(images))


def shuffled_tiles(images: Tensor, orders: Ints) -> Tensor:
    """Each image cut into 4 x 4 tiles, which change places; what does not divide by 4 stays.

    Args:
        images: (B, C, H, W), sides at least 4.
        orders: which tile comes to each place, row by row, (B, 16).
    """
    count, channels, height, width = images.shape
    down, across = height // SIDE, width // SIDE
    top, left = (height - SIDE * down) // 2, (width - SIDE * across) // 2
    inside = images[:, :, top : top + SIDE * down, left : left + SIDE * across]
    tiles = inside.reshape(count, channels, SIDE, down, SIDE, across).permute(0, 2, 4, 1, 3, 5)
    tiles = tiles.reshape(count, SIDE * SIDE, channels, down, across)
    moved = tiles[torch.arange(count)[:, None], torch.as_tensor(orders)]
    moved = moved.reshape(count, SIDE, SIDE, channels, down, across).permute(0, 3, 1, 4, 2, 5)
    found = images.clone()
    found[:, :, top : top + SIDE * down, left : left + SIDE * across] = moved.reshape(inside.shape)
    return found


def grey(images: Tensor) -> Tensor:
    """The same picture in every channel, each with its own mean and spread over all images.

    The picture is the mean of the standardised channels, so that it is the same one however the
    channels were normalised: one need not know.
    """
    mean = _plain(images)
    spread = (images - mean).square().mean((0, 2, 3), keepdim=True).sqrt()
    standard = (images - mean) / torch.where(spread > 0, spread, 1)
    return mean + spread * standard.mean(1, keepdim=True)


def image_changes(sample: Pool, rng: np.random.Generator) -> tuple[list[Change], dict[str, str]]:
    """The changes that these images allow, and why others do not apply."""
    values = sample.values.float()
    orders = rng.permuted(np.tile(np.arange(SIDE * SIDE), (len(values), 1)), axis=1)
    changes: dict[str, Callable[[Tensor], Tensor]] = {
        NO_CENTRE: without_centre,
        CENTRE_ONLY: centre_only,
        TILES: partial(shuffled_tiles, orders=orders),
        GREY: grey,
    }

    def changed(change: Callable[[Tensor], Tensor]) -> Inputs:
        return sample.carrier.put(sample.inputs, change(values))

    skipped: dict[str, str] = {}
    height, width = values.shape[-2:]
    if min(height, width) < _SMALLEST:
        for name in (NO_CENTRE, CENTRE_ONLY, TILES):
            skipped[name] = f"images of {height} x {width} pixels are too small"
    if values.shape[1] != _COLOURS:
        channels = "one channel" if values.shape[1] == 1 else f"{values.shape[1]} channels"
        skipped[GREY] = f"images of {channels} have no red, green and blue"
    return [
        Change(name, partial(changed, change))
        for name, change in changes.items()
        if name not in skipped
    ], skipped


def _central(images: Tensor) -> Tensor:
    """True in the middle half of both sides, (H, W)."""
    inside = []
    for side in images.shape[-2:]:
        start = (side - side // 2) // 2
        place = torch.arange(side)
        inside.append((place >= start) & (place < start + side // 2))
    return inside[0][:, None] & inside[1]


def _plain(images: Tensor) -> Tensor:
    """The mean of each channel over all images, (1, C, 1, 1)."""
    return images.mean((0, 2, 3), keepdim=True)
