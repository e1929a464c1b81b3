"""The small network of the demonstration and of the measurements.

From the command line it is `--model earlysieve.networks:small_cnn`.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from earlysieve.errors import InputError

WIDTHS = (16, 32, 64)


def check_shape(num_classes: int, channels: int, widths: Sequence[int]) -> None:
    """Raise InputError unless there are two classes, a channel and three positive widths."""
    if num_classes < 2 or channels < 1 or len(widths) != 3 or min(widths) < 1:
        raise InputError(
            "Expected at least 2 classes, 1 channel and three positive widths, but got "
            f"num_classes={num_classes}, channels={channels}, widths={tuple(widths)}; "
            "correct the argument"
        )


class SmallCNN(nn.Module):
    """Three stages of two 3x3 convolutions with BatchNorm and ReLU, mean pooling, a linear layer.

    The stages are called stage1, stage2 and stage3, the linear layer head. The first stage keeps
    the resolution, each further one halves it.

    Args:
        num_classes: C, >= 2.
        channels: of the images, >= 1.
        widths: channels of the three stages.

    Raises:
        InputError: an argument is out of its range.
    """

    def __init__(
        self, num_classes: int = 10, *, channels: int = 3, widths: Sequence[int] = WIDTHS
    ) -> None:
        super().__init__()
        check_shape(num_classes, channels, widths)
        first, second, third = widths
        self.stage1 = _stage(channels, first, stride=1)
        self.stage2 = _stage(first, second, stride=2)
        self.stage3 = _stage(second, third, stride=2)
        self.head = nn.Linear(third, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (B, C) of images (B, channels, H, W), H and W at least 1."""
        features = self.stage3(self.stage2(self.stage1(images)))
        logits: Tensor = self.head(features.mean((2, 3)))
        return logits


def small_cnn(num_classes: int = 10, *, channels: int = 3, seed: int | None = None) -> SmallCNN:
    """A `SmallCNN` with random weights.

    Args:
        num_classes: C, >= 2.
        channels: of the images, >= 1.
        seed: of the weights, which then leave the global random state as it was; None: from the
            global random state, as in any torch module.

    Raises:
        InputError: an argument is out of its range.
    """
    if seed is None:
        return SmallCNN(num_classes, channels=channels)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return SmallCNN(num_classes, channels=channels)


def _stage(inputs: int, outputs: int, *, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
        nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )
