"""The modules that readout heads build: called as `module(activation, mask)`, they give logits."""

import torch
from torch import Tensor, nn

from earlysieve.model.layout import Layout, as_map, as_positions
from earlysieve.readouts.pooling import first_pool, mean_pool, usable_mask

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
            self.query = nn.Parameter(torch.randn(width) / width**0.5)

    def forward(self, activation: Tensor, mask: Tensor | None = None) -> Tensor:
        """Logits, shape (B, C)."""
        logits: Tensor = self.classifier(self.pool(activation, mask))
        return logits

    def pool(self, activation: Tensor, mask: Tensor | None) -> Tensor:
        """One vector per example, shape (B, channels)."""
        if self.pooling == "first":
            return first_pool(activation, self.layout)
        if self.pooling == "mean":
            return mean_pool(activation, self.layout, mask)
        positions = as_positions(activation, self.layout)
        scores = positions @ self.query
        weight = usable_mask(positions, mask)
        if weight is not None:
            scores = scores.masked_fill(weight.squeeze(-1) == 0, torch.finfo(scores.dtype).min)
        return (scores.softmax(1).unsqueeze(-1) * positions).sum(1)


class _Block(nn.Module):
    def __init__(self, dimensions: int, before: int, width: int, *, skip: bool) -> None:
        super().__init__()
        convolution = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[dimensions - 1]
        groups = _GROUPS if width % _GROUPS == 0 else 1
        self.skip = skip
        self.body = nn.Sequential(
            convolution(before, width, 3, padding=1, bias=False),
            nn.GroupNorm(groups, width),
            nn.ReLU(),
            convolution(width, width, 3, padding=1, bias=False),
            nn.GroupNorm(groups, width),
        )

    def forward(self, x: Tensor, weight: Tensor | None = None) -> Tensor:
        y: Tensor = self.body(x) if weight is None else self._masked(x, weight)
        return torch.relu(x + y if self.skip else y)

    def _masked(self, x: Tensor, weight: Tensor) -> Tensor:
        """What `body` gives for a sequence that ends where its mask does."""
        first, first_norm, relu, second, second_norm = self.body
        x = relu(_group_norm(first_norm, first(x * weight), weight))
        return _group_norm(second_norm, second(x * weight), weight)


class Convolutional(nn.Module):
    """Residual blocks, mean over positions, a linear layer; padding reaches none of them."""

    def __init__(
        self, layout: Layout, dimensions: int, channels: int, depth: int, width: int, classes: int
    ) -> None:
        super().__init__()
        self.layout = layout
        widths = [channels] + [width] * depth
        self.blocks = nn.Sequential(
            *(_Block(dimensions, widths[i], width, skip=i > 0) for i in range(depth))
        )
        self.classifier = nn.Linear(width, classes)

    def forward(self, activation: Tensor, mask: Tensor | None = None) -> Tensor:
        """Logits, shape (B, C)."""
        maps = _fast_layout(as_map(activation, self.layout))
        weight = usable_mask(maps.transpose(1, 2), mask) if maps.ndim == 3 else None
        for block in self.blocks:
            maps = block(maps, None if weight is None else weight.transpose(1, 2))
        logits: Tensor = self.classifier(mean_pool(maps, Layout.FIRST, mask))
        return logits


def _group_norm(norm: nn.Module, x: Tensor, weight: Tensor) -> Tensor:
    """Group normalisation of (B, C, T) by the positions that weight (B, 1, T) leaves."""
    if not isinstance(norm, nn.GroupNorm):
        raise TypeError(f"Expected a GroupNorm, but got {type(norm).__name__}")
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
