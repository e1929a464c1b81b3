"""A small residual network for small images."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from earlysieve.networks.small import WIDTHS, check_shape


class SmallResNet(nn.Module):
    """A stem and three stages of one residual block each, mean pooling, a linear layer.

    The parts are called stem, stage1, stage2, stage3 and head. Stem and first stage keep the
    resolution, each further stage halves it.

    Args:
        num_classes: C, >= 2.
        channels: of the images, >= 1.
        widths: channels of the three stages; the stem has those of the first.

    Raises:
        InputError: an argument is out of its range.
    """

    def __init__(
        self, num_classes: int = 10, *, channels: int = 3, widths: Sequence[int] = WIDTHS
    ) -> None:
        super().__init__()
        check_shape(num_classes, channels, widths)
        first, second, third = widths
        self.stem = nn.Sequential(
            nn.Conv2d(channels, first, 3, padding=1, bias=False), nn.BatchNorm2d(first), nn.ReLU()
        )
        self.stage1 = ResidualBlock(first, first, stride=1)
        self.stage2 = ResidualBlock(first, second, stride=2)
        self.stage3 = ResidualBlock(second, third, stride=2)
        self.head = nn.Linear(third, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (B, C) of images (B, channels, H, W)."""
        features = self.stage3(self.stage2(self.stage1(self.stem(images))))
        logits: Tensor = self.head(features.mean((2, 3)))
        return logits


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with BatchNorm, added to the input or to a 1x1 convolution of it."""

    def __init__(self, inputs: int, outputs: int, *, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False), nn.BatchNorm2d(outputs)
            )
        self.relu = nn.ReLU()

    def forward(self, features: Tensor) -> Tensor:
        """Features (B, outputs, H / stride, W / stride) of (B, inputs, H, W)."""
        added: Tensor = self.relu(self.body(features) + self.shortcut(features))
        return added


def small_resnet(
    num_classes: int = 10, *, channels: int = 3, seed: int | None = None
) -> SmallResNet:
    """A `SmallResNet` with random weights.

    Args:
        num_classes: C, >= 2.
        channels: of the images, >= 1.
        seed: of the weights, which then leave the global random state as it was; None: from the
            global random state, as in any torch module.

    Raises:
        InputError: an argument is out of its range.
    """
    if seed is None:
        return SmallResNet(num_classes, channels=channels)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return SmallResNet(num_classes, channels=channels)
