"""What of an activation is kept for fitting: pooled rows, or small maps where positions matter."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from earlysieve.model.layout import Layout, as_map
from earlysieve.readouts.heads import ConvHead, Head, TokenHead
from earlysieve.readouts.pooling import mean_pool

_SIDE: dict[int, tuple[int, ...]] = {1: (16,), 2: (8, 8), 3: (4, 8, 8)}
_POOL: dict[int, Callable[..., Any]] = {
    1: functional.adaptive_avg_pool1d,
    2: functional.adaptive_avg_pool2d,
    3: functional.adaptive_avg_pool3d,
}


def needs_positions(head: Head) -> bool:
    """Whether a head looks at where things are, so that pooled rows would not do."""
    return isinstance(head, ConvHead | TokenHead)


def kept_features(
    activation: Tensor, layout: Layout, mask: Tensor | None, *, positions: bool
) -> tuple[Tensor, Layout]:
    """The features to store for one batch, and their layout.

    Args:
        activation: a layer's output.
        layout: its layout.
        mask: attention mask, shape (B, tokens), or None.
        positions: False for rows pooled over positions, shape (B, channels); True for a map
            averaged down to at most 16 tokens, 8 x 8 pixels or 4 x 8 x 8 voxels, shape
            (B, channels, ...), so that it stays small and sequences become equally long.
    """
    if activation.dtype in (torch.float16, torch.bfloat16):
        activation = activation.float()  # sums over positions would overflow or lose digits
    if not positions or layout is Layout.FLAT:
        return mean_pool(activation, layout, mask), Layout.FLAT
    maps = as_map(activation, layout)
    sides = _SIDE[maps.ndim - 2]
    pool = _POOL[maps.ndim - 2]
    if maps.ndim > 3:
        sides = tuple(min(a, b) for a, b in zip(sides, maps.shape[2:], strict=True))
    if mask is None or maps.ndim != 3 or mask.shape[1] != maps.shape[2]:
        return pool(maps, sides), Layout.FIRST
    weight = mask.to(maps).unsqueeze(1)
    averaged = pool(maps * weight, sides) / pool(weight, sides).clamp(min=1e-6)
    return averaged, Layout.FIRST
