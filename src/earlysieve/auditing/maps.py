"""Small maps of where things are, for readers that see position."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from earlysieve.model.layout import Layout, as_map
from earlysieve.model.precision import pooling_device

SIDE = 4
CHANNELS = 16
_MOST_POSITIONS = 8192
_MOST_CHANNELS = 512
_FEW = 4


def principal_channels(activation: Tensor, layout: Layout, count: int = CHANNELS) -> Tensor:
    """The directions of channel space in which the positions of a batch differ most.

    Of more than 512 channels, among as many random directions.

    Args:
        activation: a layer's output with positions.
        layout: its layout.
        count: most directions.

    Returns:
        Orthonormal columns, float32, shape (channels, min(channels, count)).
    """
    maps = as_map(activation, layout).movedim(1, -1)
    # Only these positions are copied: maps of early layers are large.
    step = -(-maps[..., 0].numel() // _MOST_POSITIONS)
    places = torch.arange(0, maps[..., 0].numel(), step, device=maps.device)
    rows = torch.nan_to_num(maps[torch.unravel_index(places, maps.shape[:-1])].float())
    rows = rows.to(pooling_device(rows.device))
    basis = _some_directions(rows) if rows.shape[1] > _MOST_CHANNELS else None
    centred = rows - rows.mean(0)
    centred = centred if basis is None else centred @ basis
    directions: Tensor = torch.linalg.eigh(centred.T @ centred).eigenvectors[:, -count:]
    return directions if basis is None else basis @ directions


def _some_directions(rows: Tensor) -> Tensor:
    """Random orthonormal columns, the same for every network of this width."""
    generator = torch.Generator().manual_seed(rows.shape[1])
    random = torch.randn(rows.shape[1], _MOST_CHANNELS, generator=generator)
    found: Tensor = torch.linalg.qr(random.to(rows)).Q
    return found


def position_map(
    activation: Tensor, layout: Layout, directions: Tensor, side: int = SIDE
) -> Tensor:
    """What is where, averaged down to side x side places, shape (B, kept channels * places).

    A sequence of n * n tokens is taken as a square of patches, any other as side * side parts.

    Args:
        activation: a layer's output with positions.
        layout: its layout.
        directions: from `principal_channels`, of the first batch for all batches.
        side: places along each side; fewer where the map is smaller.
    """
    maps = as_map(activation, layout).float()
    maps = maps.to(pooling_device(maps.device))
    if maps.ndim == 3:
        root = math.isqrt(maps.shape[2])
        if root * root == maps.shape[2]:
            maps = maps.reshape(*maps.shape[:2], root, root)
    if maps.ndim == 3:
        small = functional.adaptive_avg_pool1d(maps, min(side * side, maps.shape[2]))
    elif maps.ndim == 4:
        small = _pooled(maps, side)
    else:
        deep, high, wide = (min(side, n) for n in maps.shape[2:])
        small = functional.adaptive_avg_pool3d(maps, (deep, high, wide))
    return torch.einsum("bcp,ck->bkp", small.flatten(2), directions.to(small)).flatten(1)


def shrunk(images: Tensor, factor: int) -> Tensor:
    """Means of squares of `factor` pixels; what is left at the right and bottom falls away."""
    high, wide = (side // factor * factor for side in images.shape[-2:])
    # Sums of whole rows, then of columns: several times as fast as torch's pooling on a CPU.
    rows = _every(images[..., :high, :wide], factor)
    return _every(rows.transpose(2, 3), factor).transpose(2, 3) / factor**2


def _every(values: Tensor, step: int) -> Tensor:
    """Sums of `step` neighbours along the last dimension but one."""
    total = values[..., ::step, :]
    for place in range(1, step):
        total = total + values[..., place::step, :]
    return total


def _pooled(maps: Tensor, side: int) -> Tensor:
    """Averaged down to side x side places, fewer where the map is smaller."""
    high, wide = (min(side, n) for n in maps.shape[2:])
    if maps.shape[2] % high or maps.shape[3] % wide:
        return functional.adaptive_avg_pool2d(maps, (high, wide))
    factors = {maps.shape[2] // high, maps.shape[3] // wide}
    if max(factors) <= _FEW and len(factors) == 1:
        return shrunk(maps, factors.pop())
    # The same numbers as torch's pooling, in half the time on a CPU.
    count, channels = maps.shape[:2]
    rows = maps.reshape(count, channels, high, -1, maps.shape[3]).mean(3)
    return rows.reshape(count, channels, high, wide, -1).mean(4)
