"""From an activation of any layout to one row of features per example."""

import torch
from torch import Tensor

from earlysieve.model.layout import Layout, as_positions


def mean_pool(activation: Tensor, layout: Layout, mask: Tensor | None = None) -> Tensor:
    """Mean over positions, shape (B, channels).

    Args:
        activation: in the given layout.
        layout: where the channels are.
        mask: shape (B, positions), true or 1 where a token counts; ignored where its length is
            not the number of positions (a network that shortens its sequence). An example
            without any token pools to zero.
    """
    if layout is Layout.FLAT:
        return activation
    positions = as_positions(activation, layout)
    weight = usable_mask(positions, mask)
    if weight is None:
        return positions.mean(1)
    # Sums over many positions overflow or lose digits in half precision.
    wide = positions.to(torch.promote_types(positions.dtype, torch.float32))
    return _mean(wide, weight.to(wide)).to(positions.dtype)


def statistics_pool(activation: Tensor, layout: Layout, mask: Tensor | None = None) -> Tensor:
    """Mean and standard deviation over positions, shape (B, 2 * channels); flat ones as they are.

    The deviation is that of the population, sqrt(variance + 1e-5), so that its gradient is finite
    where all positions are equal (statistics pooling, Snyder et al., 2018).

    Args:
        activation, layout, mask: as for `mean_pool`. An example without any token has mean 0.
    """
    if layout is Layout.FLAT:
        return activation
    positions = as_positions(activation, layout)
    wide = positions.to(torch.promote_types(positions.dtype, torch.float32))
    weight = usable_mask(positions, mask)
    if weight is None:
        variance, mean = torch.var_mean(wide, 1, correction=0)
    else:
        weight = weight.to(wide)
        mean = _mean(wide, weight)
        variance = _mean((wide - mean[:, None]).square(), weight)
    return torch.cat([mean, (variance + 1e-5).sqrt()], 1).to(positions.dtype)


def first_pool(activation: Tensor, layout: Layout) -> Tensor:
    """The first position, shape (B, channels): the class token of most transformers."""
    return as_positions(activation, layout)[:, 0]


def usable_mask(positions: Tensor, mask: Tensor | None) -> Tensor | None:
    """The mask as (B, positions, 1) of the positions' type, or None where it does not fit."""
    if mask is None or tuple(mask.shape) != tuple(positions.shape[:2]):
        return None
    return mask.to(positions).unsqueeze(-1)


def _mean(positions: Tensor, weight: Tensor) -> Tensor:
    """Mean of (B, positions, channels) over those that weight (B, positions, 1) leaves; else 0."""
    return (positions * weight).sum(1) / weight.sum(1).clamp(min=1)
