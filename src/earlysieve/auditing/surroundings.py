"""What lies around the middle of images: the ground on which an object stands, as water or land.

Objects hardly ever reach into the corners of an image, so that what the corners tell of the class
the ground tells. Garments that fill their pictures tell little there; scenes tell much, since
their ground is the task.
"""

import torch
from torch import Tensor

BACKGROUND, SIZE = "background", "size"
_CORNER, _LEAST_CORNER, _AROUND = 0.12, 2, 0.25


def corner_features(images: Tensor) -> Tensor:
    """What the four corners of images (B, C, H, W) look like, (B, 24 C).

    Mean, deviation, and mean step down and across of each corner and channel, and their mean and
    deviation over the corners. A corner is 0.12 of either side.
    """
    high, wide = (max(_LEAST_CORNER, round(_CORNER * side)) for side in images.shape[-2:])
    down, across = (slice(None, high), slice(-high, None)), (slice(None, wide), slice(-wide, None))
    corners = [_looks(images[..., rows, columns]) for rows in down for columns in across]
    each = torch.stack(corners, 1)
    mean = each.mean(1)
    deviation = (each - mean[:, None]).square().mean(1).sqrt()
    return torch.cat([mean, deviation, each.flatten(1)], 1)


def _looks(corner: Tensor) -> Tensor:
    mean = corner.mean((2, 3))
    deviation = (corner - mean[..., None, None]).square().mean((2, 3)).sqrt()
    steps = (corner.diff(dim=dim).abs().mean((2, 3)) for dim in (2, 3))
    return torch.cat([mean, deviation, *steps], 1)


def with_ground_of(receivers: Tensor, donors: Tensor) -> Tensor:
    """Images (B, C, H, W) of which all but the middle half of either side is that of others."""
    high, wide = (round(_AROUND * side) for side in receivers.shape[-2:])
    swapped = donors.clone()
    swapped[..., high:-high, wide:-wide] = receivers[..., high:-high, wide:-wide]
    return swapped
