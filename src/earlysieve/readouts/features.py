"""What of an activation is kept for fitting: pooled rows, or small maps where positions matter."""

from collections.abc import Callable
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn import functional

from earlysieve.model.layout import Layout, as_map
from earlysieve.readouts.heads import ConvHead, Head, StatisticsHead, TokenHead
from earlysieve.readouts.pooling import first_pool, mean_pool, statistics_pool

_SIDE: dict[int, tuple[int, ...]] = {1: (16,), 2: (8, 8), 3: (4, 8, 8)}
_POOL: dict[int, Callable[..., Any]] = {
    1: functional.adaptive_avg_pool1d,
    2: functional.adaptive_avg_pool2d,
    3: functional.adaptive_avg_pool3d,
}


Keep = Literal["mean", "first", "statistics", "positions"]


def what_to_keep(head: Head) -> Keep:
    """What a head reads: statistics over positions, the first one, or where things are."""
    if isinstance(head, StatisticsHead):
        return "statistics"
    if isinstance(head, TokenHead) and head.pooling != "attention":
        return head.pooling
    return "positions" if isinstance(head, ConvHead | TokenHead) else "mean"


def kept_features(
    activation: Tensor, layout: Layout, mask: Tensor | None, *, keep: Keep
) -> tuple[Tensor, Layout]:
    """The features to store for one batch, and their layout.

    Args:
        activation: a layer's output.
        layout: its layout.
        mask: attention mask, shape (B, tokens), or None.
        keep: "mean" for rows pooled over positions, "first" for the first position (a class
            token), shape (B, channels); "statistics" for mean and standard deviation, shape
            (B, 2 * channels); "positions" for a map averaged down to 16 tokens, at most
            8 x 8 pixels or 4 x 8 x 8 voxels, shape (B, channels, ...), so that it stays small.
            Of a sequence the tokens that the mask leaves are spread over the 16, so that padding
            changes nothing.
    """
    if activation.dtype in (torch.float16, torch.bfloat16):
        activation = activation.float()  # sums over positions would overflow or lose digits
    if layout is Layout.FLAT or keep == "mean":
        return mean_pool(activation, layout, mask), Layout.FLAT
    if keep == "statistics":
        return statistics_pool(activation, layout, mask), Layout.FLAT
    if keep == "first":
        return first_pool(activation, layout), Layout.FLAT
    maps = as_map(activation, layout)
    sides = _SIDE[maps.ndim - 2]
    pool = _POOL[maps.ndim - 2]
    if maps.ndim > 3:
        sides = tuple(min(a, b) for a, b in zip(sides, maps.shape[2:], strict=True))
    if mask is None or maps.ndim != 3 or mask.shape[1] != maps.shape[2]:
        return pool(maps, sides), Layout.FIRST
    rows = [_spread(row[:, used], sides[0]) for row, used in zip(maps, mask.bool(), strict=True)]
    return torch.stack(rows), Layout.FIRST


def _spread(tokens: Tensor, count: int) -> Tensor:
    """Tokens of one example, shape (channels, n), averaged or repeated to (channels, count)."""
    if tokens.shape[1] == 0:
        return tokens.new_zeros(tokens.shape[0], count)
    return functional.adaptive_avg_pool1d(tokens, count)
