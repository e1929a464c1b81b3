"""Readout heads of chosen complexity.

Complexity decides which features count as simple: what a linear head on pooled features reads
off is simpler than what a convolutional one can. A head here is a recipe; `build` makes the
module for one layer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from torch import nn

from earlysieve.errors import InputError
from earlysieve.model.layout import Layout
from earlysieve.model.state import preserved_rng
from earlysieve.readouts.modules import PRECISION, Convolutional, Pooled


class Head(Protocol):
    """A recipe for a readout."""

    def build(
        self, shape: tuple[int, ...], num_classes: int, *, layout: Layout, seed: int = 0
    ) -> nn.Module:
        """A fresh readout for activations of `shape` (batch included) in `layout`.

        Returns:
            A module called as `readout(activation, mask)`, giving logits of shape
            (B, num_classes). It keeps no running statistics, so that using it changes no buffer.
            Its random initialisation comes from `seed` alone, and its parameters are float32
            whatever torch's default type is.

        Raises:
            InputError: the head does not fit activations of this shape.
        """
        ...


@dataclass(frozen=True)
class LinearHead:
    """Mean over positions, then one linear layer.

    Example:
        >>> import torch
        >>> import earlysieve as es
        >>> x = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))
        >>> y = (x[:, 0] + x[:, 1] > 0).long()
        >>> net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
        >>> sieve = es.FeatureSieve(net, "0", 2, readout=es.LinearHead())
    """

    def build(
        self, shape: tuple[int, ...], num_classes: int, *, layout: Layout, seed: int = 0
    ) -> nn.Module:
        """See `Head.build`."""
        size = channels_of(shape, layout)
        return _seeded(lambda: Pooled(layout, "mean", _mlp(size, [], num_classes)), seed)


@dataclass(frozen=True)
class MLPHead:
    """Mean over positions, then `depth` hidden layers of `width` with ReLU, then a linear layer.

    Example:
        >>> import torch
        >>> import earlysieve as es
        >>> x = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))
        >>> y = (x[:, 0] + x[:, 1] > 0).long()
        >>> net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
        >>> result = es.audit(net, (x, y), head=es.MLPHead(width=8), folds=2, swaps=0, pictures=0)
        >>> len(result.layers) > 0
        True
    """

    width: int = 128
    depth: int = 1

    def __post_init__(self) -> None:
        _positive("MLPHead", width=self.width, depth=self.depth)

    def build(
        self, shape: tuple[int, ...], num_classes: int, *, layout: Layout, seed: int = 0
    ) -> nn.Module:
        """See `Head.build`."""
        size, hidden = channels_of(shape, layout), [self.width] * self.depth
        return _seeded(lambda: Pooled(layout, "mean", _mlp(size, hidden, num_classes)), seed)


@dataclass(frozen=True)
class StatisticsHead:
    """Mean and standard deviation over positions, normalised, then a linear layer.

    The vector of each example is brought to mean 0 and variance 1, so that it tells the shape and
    not the scale of the activations; `depth` hidden layers of `width` follow, 0 keeps the readout
    linear. It costs no more than `LinearHead`, and a network cannot hide a feature from it by
    patterns that average out, or by making its activations small.

    Example:
        >>> import earlysieve as es
        >>> from earlysieve.networks import small_cnn
        >>> sieve = es.FeatureSieve(small_cnn(10), "stage1", 10, readout=es.StatisticsHead())
    """

    width: int = 128
    depth: int = 0

    def __post_init__(self) -> None:
        _positive("StatisticsHead", width=self.width)
        _not_negative("StatisticsHead", depth=self.depth)

    def build(
        self, shape: tuple[int, ...], num_classes: int, *, layout: Layout, seed: int = 0
    ) -> nn.Module:
        """See `Head.build`."""
        size = channels_of(shape, layout) * (1 if layout is Layout.FLAT else 2)

        def make() -> nn.Module:
            mlp = _mlp(size, [self.width] * self.depth, num_classes)
            norm = nn.LayerNorm(size, elementwise_affine=False, dtype=PRECISION)
            return Pooled(layout, "statistics", nn.Sequential(norm, *mlp))

        return _seeded(make, seed)


@dataclass(frozen=True)
class ConvHead:
    """`depth` blocks of `width` channels, then mean over positions and a linear layer.

    A "residual" block is two 3-wide convolutions with group normalisation; the first block has no
    skip, since its width differs from the layer's (SiFer, section 4, with group in place of batch
    normalisation: a readout then has no running statistics that forgetting could move). A "plain"
    block is one such convolution without a skip, for half the cost. Images take 2-D, video 3-D and
    token sequences 1-D convolutions.

    Example:
        >>> import earlysieve as es
        >>> from earlysieve.networks import small_cnn
        >>> head = es.ConvHead(depth=2, width=32)
        >>> sieve = es.FeatureSieve(small_cnn(10), "stage1", 10, readout=head)
    """

    depth: int = 1
    width: int = 64
    block: Literal["residual", "plain"] = "residual"

    def __post_init__(self) -> None:
        _positive("ConvHead", width=self.width, depth=self.depth)
        if self.block not in ("residual", "plain"):
            raise InputError(
                f"Expected ConvHead's block to be 'residual' or 'plain', but got {self.block!r}; "
                "choose one of these"
            )

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
            lambda: Convolutional(
                layout,
                len(shape) - 2,
                [channels] + [self.width] * self.depth,
                num_classes,
                residual=self.block == "residual",
            ),
            seed,
        )


@dataclass(frozen=True)
class TokenHead:
    """One vector per sequence, then optional hidden layers and a linear layer.

    `pooling` is "attention" (one learned query; padding is masked), "first" (the class token) or
    "mean". `depth` hidden layers of `width` follow; 0 keeps it linear.

    Example:
        >>> import torch
        >>> import earlysieve as es
        >>> words = torch.nn.Embedding(100, 8)
        >>> net = torch.nn.Sequential(words, torch.nn.Flatten(), torch.nn.Linear(48, 2))
        >>> sieve = es.FeatureSieve(net, "0", 2, readout=es.TokenHead("mean"))
        >>> texts = torch.zeros(4, 6, dtype=torch.long)
        >>> logs = sieve.after_step(es.Batch(texts, torch.arange(4) % 2))
    """

    pooling: Literal["attention", "first", "mean"] = "attention"
    width: int = 128
    depth: int = 0

    def __post_init__(self) -> None:
        _positive("TokenHead", width=self.width)
        _not_negative("TokenHead", depth=self.depth)
        if self.pooling not in ("attention", "first", "mean"):
            raise InputError(
                "Expected TokenHead's pooling to be 'attention', 'first' or 'mean', "
                f"but got {self.pooling!r}; choose one of these"
            )

    def build(
        self, shape: tuple[int, ...], num_classes: int, *, layout: Layout, seed: int = 0
    ) -> nn.Module:
        """See `Head.build`."""
        size, hidden = channels_of(shape, layout), [self.width] * self.depth
        return _seeded(lambda: Pooled(layout, self.pooling, _mlp(size, hidden, num_classes)), seed)


HEADS: dict[str, Callable[[], Head]] = {
    "linear": LinearHead,
    "mlp": MLPHead,
    "statistics": StatisticsHead,
    "conv": ConvHead,
    "token": TokenHead,
}


def head_named(head: str | Head) -> Head:
    """The head itself, or the default one of a kind, one of `HEADS`.

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


def check_recipe(readout: object) -> None:
    """Check that a readout can be built: a head, or a module of the user's own.

    Raises:
        InputError: it is something else, such as a name or a class.
    """
    builds = isinstance(readout, nn.Module) or callable(getattr(readout, "build", None))
    if not builds or isinstance(readout, type):
        got = readout.__name__ if isinstance(readout, type) else repr(readout)
        raise InputError(
            f"Expected readout to be a head such as LinearHead(), or a module, but got {got}; "
            "pass an object such as MLPHead(width=64)"
        )


def channels_of(shape: tuple[int, ...], layout: Layout) -> int:
    """The number of channels of an activation."""
    return shape[1] if layout in (Layout.FLAT, Layout.FIRST) else shape[-1]


def _mlp(size: int, hidden: list[int], classes: int) -> nn.Sequential:
    widths = [size, *hidden]
    parts: list[nn.Module] = []
    for before, after in zip(widths, hidden, strict=False):
        parts += [nn.Linear(before, after, dtype=PRECISION), nn.ReLU()]
    return nn.Sequential(*parts, nn.Linear(widths[-1], classes, dtype=PRECISION))


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


def _not_negative(kind: str, **settings: int) -> None:
    for name, value in settings.items():
        if value < 0:
            raise InputError(
                f"Expected {kind}'s {name} to be a whole number from 0 on, but got {value}; "
                "0 keeps the readout linear"
            )
