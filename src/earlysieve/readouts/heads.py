"""Readout heads of chosen complexity.

Complexity decides which features count as simple: what a linear head on pooled features reads
off is simpler than what a convolutional one can. A head here is a recipe; `build` makes the
module for one layer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from torch import Tensor, nn

from earlysieve.errors import InputError
from earlysieve.model.layout import Layout, as_map, as_positions
from earlysieve.model.state import preserved_rng
from earlysieve.readouts.pooling import first_pool, mean_pool, usable_mask

_GROUPS = 8


class Head(Protocol):
    """A recipe for a readout."""

    def build(
        self, shape: tuple[int, ...], num_classes: int, *, layout: Layout, seed: int = 0
    ) -> nn.Module:
        """A fresh readout for activations of `shape` (batch included) in `layout`.

        Returns:
            A module called as `readout(activation, mask)`, giving logits of shape
            (B, num_classes). It keeps no running statistics, so that using it changes no buffer.
            Its random initialisation comes from `seed` alone.

        Raises:
            InputError: the head does not fit activations of this shape.
        """
        ...


@dataclass(frozen=True)
class LinearHead:
    """Mean over positions, then one linear layer."""

    def build(
        self, shape: tuple[int, ...], num_classes: int, *, layout: Layout, seed: int = 0
    ) -> nn.Module:
        """See `Head.build`."""
        return _seeded(lambda: _Pooled(layout, "mean", _mlp(shape, layout, [], num_classes)), seed)


@dataclass(frozen=True)
class MLPHead:
    """Mean over positions, then `depth` hidden layers of `width` with ReLU, then a linear layer."""

    width: int = 128
    depth: int = 1

    def __post_init__(self) -> None:
        _positive("MLPHead", width=self.width, depth=self.depth)

    def build(
        self, shape: tuple[int, ...], num_classes: int, *, layout: Layout, seed: int = 0
    ) -> nn.Module:
        """See `Head.build`."""
        hidden = [self.width] * self.depth
        return _seeded(
            lambda: _Pooled(layout, "mean", _mlp(shape, layout, hidden, num_classes)), seed
        )


@dataclass(frozen=True)
class ConvHead:
    """`depth` residual blocks of `width` channels, then mean over positions and a linear layer.

    A block is two 3-wide convolutions with group normalisation; the first block has no skip,
    since its width differs from the layer's (SiFer, section 4, with group in place of batch
    normalisation: a readout then has no running statistics that forgetting could move). Images
    take 2-D, video 3-D and token sequences 1-D convolutions.
    """

    depth: int = 1
    width: int = 64

    def __post_init__(self) -> None:
        _positive("ConvHead", width=self.width, depth=self.depth)

    def build(
        self, shape: tuple[int, ...], num_classes: int, *, layout: Layout, seed: int = 0
    ) -> nn.Module:
        """See `Head.build`."""
        if layout is Layout.FLAT:
            raise InputError(
                f"Expected a layer with positions for ConvHead, but its output is flat, {shape}; "
                "use LinearHead or MLPHead there"
            )
        channels = channels_of(shape, layout)
        return _seeded(
            lambda: _Convolutional(
                layout, len(shape) - 2, channels, self.depth, self.width, num_classes
            ),
            seed,
        )


@dataclass(frozen=True)
class TokenHead:
    """One vector per sequence, then optional hidden layers and a linear layer.

    `pooling` is "attention" (one learned query; padding is masked), "first" (the class token) or
    "mean". `depth` hidden layers of `width` follow; 0 keeps it linear.
    """

    pooling: Literal["attention", "first", "mean"] = "attention"
    width: int = 128
    depth: int = 0

    def __post_init__(self) -> None:
        _positive("TokenHead", width=self.width, depth=self.depth + 1)
        if self.pooling not in ("attention", "first", "mean"):
            raise InputError(
                "Expected TokenHead's pooling to be 'attention', 'first' or 'mean', "
                f"but got {self.pooling!r}; choose one of these"
            )

    def build(
        self, shape: tuple[int, ...], num_classes: int, *, layout: Layout, seed: int = 0
    ) -> nn.Module:
        """See `Head.build`."""
        hidden = [self.width] * self.depth
        return _seeded(
            lambda: _Pooled(layout, self.pooling, _mlp(shape, layout, hidden, num_classes)), seed
        )


HEADS: dict[str, type[LinearHead] | type[MLPHead] | type[ConvHead] | type[TokenHead]] = {
    "linear": LinearHead,
    "mlp": MLPHead,
    "conv": ConvHead,
    "token": TokenHead,
}


def head_named(head: str | Head) -> Head:
    """The head itself, or the default one of a kind: "linear", "mlp", "conv" or "token".

    Raises:
        InputError: no such kind.
    """
    if not isinstance(head, str):
        return head
    if head not in HEADS:
        raise InputError(
            f"Expected head to be one of {', '.join(HEADS)}, or a head object, but got {head!r}; "
            "for another complexity pass an object such as MLPHead(width=64)"
        )
    return HEADS[head]()


def channels_of(shape: tuple[int, ...], layout: Layout) -> int:
    """The number of channels of an activation."""
    return shape[1] if layout in (Layout.FLAT, Layout.FIRST) else shape[-1]


class _Pooled(nn.Module):
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
        logits: Tensor = self.classifier(self.pool(activation, mask))
        return logits

    def pool(self, activation: Tensor, mask: Tensor | None) -> Tensor:
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


class _Convolutional(nn.Module):
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


def _mlp(shape: tuple[int, ...], layout: Layout, hidden: list[int], classes: int) -> nn.Sequential:
    widths = [channels_of(shape, layout), *hidden]
    parts: list[nn.Module] = []
    for before, after in zip(widths, hidden, strict=False):
        parts += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*parts, nn.Linear(widths[-1], classes))


def _seeded(make: Callable[[], nn.Module], seed: int) -> nn.Module:
    """Initialise from `seed` without touching the global random state."""
    with preserved_rng():
        torch.manual_seed(seed)
        return make()


def _positive(kind: str, **settings: int) -> None:
    for name, value in settings.items():
        if value < 1:
            raise InputError(
                f"Expected {kind}'s {name} to be a positive whole number, but got {value}; "
                "the smallest is 1"
            )
