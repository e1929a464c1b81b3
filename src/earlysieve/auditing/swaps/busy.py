"""How large something is that stands on a busy ground, as a photograph, and its swap.

No pixel is as the border of such an image is, so that the border's variety is measured: what is
further from its mean than nearly all of it (the distance of Mahalanobis, in local colours and in
how rough they are) stands out. One image tells that badly, a class of them well.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional

from earlysieve.auditing.swaps.images import filled

_BORDER, _ROUGH, _OUT = 4, 7, (0.8, 0.95, 0.99)
_TYPICAL = 2
_REGULAR = 1e-3
_LEAST = 1e-3
_STEP = 1.25


def standing_out(images: Tensor) -> Tensor:
    """What is further from the border's mean than 0.8, 0.95 and 0.99 of it, (B, 3, H, W) of bool.

    Args:
        images: shape (B, C, H, W) with H, W of at least 8.
    """
    seen = _local(images)
    border = _border(seen)
    mean = border.mean(2, keepdim=True)
    deviations = border - mean
    covariance = deviations @ deviations.transpose(1, 2) / border.shape[2]
    power = covariance.diagonal(dim1=1, dim2=2).mean(1)
    ridge = (_REGULAR * power + 1e-12)[:, None, None] * torch.eye(seen.shape[1]).to(images)
    inverse = torch.linalg.inv(covariance + ridge)
    distance = _squared(seen.flatten(2) - mean, inverse).reshape(len(images), *images.shape[-2:])
    usual = _squared(deviations, inverse)
    levels = torch.tensor(_OUT).to(images)
    least = torch.quantile(usual, levels, dim=1).T[:, :, None, None]
    out = (distance[:, None] > least).to(images.dtype)
    kept: Tensor = functional.avg_pool2d(out, 5, 1, 2) > 0.5
    return kept


def lengths(images: Tensor) -> Tensor:
    """Of what stands out at each level: root of its share, its spread down and across, (B, 9).

    Zero for images with a plain ground, on which `extents` tell the size.
    """
    busy = filled(images)
    found = images.new_zeros(len(images), 3 * len(_OUT))
    if busy.any():
        out = standing_out(images[busy]).to(images.dtype)
        down, across = (_spread(out.mean(dim)) for dim in (3, 2))
        found[busy] = torch.cat([out.mean((2, 3)).sqrt(), down, across], 1)
    return found


def typical_length(images: Tensor) -> Tensor:
    """Root of the share that stands out of nearly all of the border, (B,), at least 0.001."""
    out = standing_out(images)[:, _TYPICAL].to(images.dtype)
    return out.mean((1, 2)).sqrt().clamp_min(_LEAST)


def power_of_size(images: Tensor) -> float:
    """By what power the length that is measured grows with that of what stands out, at most 1.

    What of the ground stands out by chance does not grow with it, so that images are magnified and
    measured again.
    """
    grown, shrunk = (
        typical_length(zoomed(images, torch.full((len(images),), factor).to(images))).log()
        for factor in (_STEP, 1 / _STEP)
    )
    slope = float((grown - shrunk).median()) / (2 * math.log(_STEP))
    return min(1.0, slope)


def centres(images: Tensor) -> Tensor:
    """Mean place (x, y) of what stands out, in [-1, 1], (B, 2); the middle where nothing does."""
    out = standing_out(images)[:, _TYPICAL].to(images.dtype)
    return torch.stack([_mean_place(out.mean(dim)) for dim in (1, 2)], 1)


def zoomed(images: Tensor, factors: Tensor) -> Tensor:
    """Images (B, C, H, W) magnified (B,) about what stands out; what is missing is mirrored."""
    grow = torch.zeros(len(images), 2, 3).to(images)
    grow[:, 0, 0] = grow[:, 1, 1] = 1 / factors
    grow[:, :, 2] = centres(images) * (1 - 1 / factors)[:, None]
    grid = functional.affine_grid(grow, list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, padding_mode="reflection", align_corners=False)


def _local(images: Tensor) -> Tensor:
    mean = _blurred(images, 3)
    rough = (images - mean).abs().mean(1, keepdim=True)
    return torch.cat([mean, _blurred(rough, _ROUGH)], 1)


def _blurred(images: Tensor, width: int) -> Tensor:
    around = (width // 2,) * 4
    return functional.avg_pool2d(functional.pad(images, around, mode="reflect"), width, 1)


def _border(seen: Tensor) -> Tensor:
    width = min(_BORDER, min(seen.shape[-2:]) // 4)
    inner = seen[..., width:-width, :]
    parts = [seen[..., :width, :], seen[..., -width:, :], inner[..., :width], inner[..., -width:]]
    return torch.cat([part.flatten(2) for part in parts], 2)


def _squared(values: Tensor, inverse: Tensor) -> Tensor:
    return (values * (inverse @ values)).sum(1)


def _places(line: Tensor) -> Tensor:
    length = line.shape[-1]
    return (2 * torch.arange(length).to(line) + 1) / length - 1


def _mean_place(line: Tensor) -> Tensor:
    return (line * _places(line)).sum(-1) / line.sum(-1).clamp_min(1e-9)


def _spread(line: Tensor) -> Tensor:
    """Standard deviation of the places along the last dimension."""
    away = _places(line) - _mean_place(line)[..., None]
    return ((line * away.square()).sum(-1) / line.sum(-1).clamp_min(1e-9)).sqrt()
