"""The modules that readout heads build: called as `module(activation, mask)`, they give logits."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from earlysieve.model.layout import Layout, as_map, as_positions
from earlysieve.readouts.pooling import first_pool, mean_pool, statistics_pool, usable_mask

# Of all parameters of readouts, and of what they read.
PRECISION = torch.float32
_GROUPS = 8


class Pooled(nn.Module):
    """Pool to one vector per example and classify it."""

    def __init__(self, layout: Layout, pooling: str, classifier: nn.Module) -> None:
        super().__init__()
        self.layout = layout
        self.pooling = pooling
        self.classifier = classifier
        if pooling == "attention":
            width = next(classifier.parameters()).shape[1]
            self.query = nn.Parameter(torch.randn(width, dtype=PRECISION) / width**0.5)

    def forward(self, activation: Tensor, mask: Tensor | None = None) -> Tensor:
        """Logits, shape (B, C)."""
        logits: Tensor = self.classifier(self.pool(activation, mask))
        return logits

    def pool(self, activation: Tensor, mask: Tensor | None) -> Tensor:
        """One vector per example, shape (B, channels), or twice as long for "statistics"."""
        if self.pooling == "first":
            return first_pool(activation, self.layout)
        if self.pooling == "mean":
            return mean_pool(activation, self.layout, mask)
        if self.pooling == "statistics":
            return statistics_pool(activation, self.layout, mask)
        positions = as_positions(activation, self.layout)
        scores = positions @ self.query
        weight = usable_mask(positions, mask)
        if weight is not None:
            scores = scores.masked_fill(weight.squeeze(-1) == 0, torch.finfo(scores.dtype).min)
        return (scores.softmax(1).unsqueeze(-1) * positions).sum(1)


class _Unit(nn.Module):
    """One 3-wide convolution with group normalisation."""

    def __init__(self, dimensions: int, before: int, width: int) -> None:
        super().__init__()
        convolution = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[dimensions - 1]
        groups = _GROUPS if width % _GROUPS == 0 else 1
        self.convolution = convolution(before, width, 3, padding=1, bias=False, dtype=PRECISION)
        self.norm = nn.GroupNorm(groups, width, dtype=PRECISION)

    def forward(self, x: Tensor, weight: Tensor | None = None) -> Tensor:
        """Maps (B, width, ...); those of a sequence end where its `weight` (B, 1, T) does."""
        if weight is None:
            y: Tensor = self.norm(self.convolution(x))
            return y
        return _group_norm(self.norm, self.convolution(x * weight), weight)


class _Block(nn.Module):
    """Units with ReLU after each; with a skip, the last one adds the block's input."""

    def __init__(self, dimensions: int, before: int, width: int, *, units: int, skip: bool) -> None:
        super().__init__()
        widths = [before] + [width] * units
        self.units = nn.ModuleList(_Unit(dimensions, a, b) for a, b in pairwise(widths))
        self.skip = skip

    def forward(self, x: Tensor, weight: Tensor | None = None) -> Tensor:
        y = x
        for unit in self.units[:-1]:
            y = torch.relu(unit(y, weight))
        y = self.units[-1](y, weight)
        return torch.relu(x + y if self.skip else y)


class Convolutional(nn.Module):
    """Blocks of convolutions, mean over positions, a linear layer; padding reaches none of them.

    Args:
        layout, dimensions: of the activations, and how many of their dimensions are positions.
        widths: channels of the activations and after each block.
        classes: logits.
        residual: blocks of two convolutions, all but the first with a skip; else of one.
    """

    def __init__(
        self, layout: Layout, dimensions: int, widths: list[int], classes: int, *, residual: bool
    ) -> None:
        super().__init__()
        self.layout = layout
        units = 2 if residual else 1
        self.blocks = nn.Sequential(
            *(
                _Block(dimensions, before, width, units=units, skip=residual and i > 0)
                for i, (before, width) in enumerate(pairwise(widths))
            )
        )
        self.classifier = nn.Linear(widths[-1], classes, dtype=PRECISION)

    def forward(self, activation: Tensor, mask: Tensor | None = None) -> Tensor:
        """Logits, shape (B, C)."""
        maps = _fast_layout(as_map(activation, self.layout))
        weight = usable_mask(maps.transpose(1, 2), mask) if maps.ndim == 3 else None
        for block in self.blocks:
            maps = block(maps, None if weight is None else weight.transpose(1, 2))
        logits: Tensor = self.classifier(mean_pool(maps, Layout.FIRST, mask))
        return logits


def _group_norm(norm: nn.GroupNorm, x: Tensor, weight: Tensor) -> Tensor:
    """Group normalisation of (B, C, T) by the positions that weight (B, 1, T) leaves."""
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    groups = wide.reshape(len(x), norm.num_groups, -1, x.shape[-1])
    share = weight.to(wide).unsqueeze(1)
    count = (share.sum(3, keepdim=True) * groups.shape[2]).clamp(min=1)
    centred = groups - (groups * share).sum((2, 3), keepdim=True) / count
    variance = (centred.square() * share).sum((2, 3), keepdim=True) / count
    y = (centred / (variance + norm.eps).sqrt()).flatten(1, 2)
    scaled: Tensor = y * norm.weight[:, None] + norm.bias[:, None]
    return scaled.to(x.dtype)


def _fast_layout(maps: Tensor) -> Tensor:
    """Channels last for images on a CPU, where convolutions then take half the time."""
    if maps.ndim == 4 and maps.device.type == "cpu":
        return maps.contiguous(memory_format=torch.channels_last)
    return maps
