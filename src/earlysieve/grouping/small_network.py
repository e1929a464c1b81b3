"""A small network for whatever the examples are: images, texts or rows of a table."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from earlysieve.errors import InputError
from earlysieve.grouping.kept_examples import KeptExamples
from earlysieve.model.batch import Inputs

SIDE = 64
WIDTHS = (16, 32, 64)
_MOST_NUMBERS = 1 << 16
_ADVICE = "pass build=, a function that returns a new network for these inputs"


def seen_from_afar(inputs: Inputs) -> Inputs:
    """Images, (B, channels, H, W), at most 64 pixels high and wide, by means over areas.

    Everything else is returned as it is. A small network needs no more, and takes a fraction of
    the time.
    """
    if not isinstance(inputs, Tensor) or inputs.ndim != 4 or not inputs.is_floating_point():
        return inputs
    height, width = inputs.shape[2:]
    if max(height, width) <= SIDE:
        return inputs
    scale = SIDE / max(height, width)
    size = (max(1, round(height * scale)), max(1, round(width * scale)))
    return functional.interpolate(inputs, size=size, mode="area")


def small_network(examples: KeptExamples) -> Callable[[], nn.Module]:
    """A function that returns a new small network for these examples.

    Images get a `SmallCNN`, whole numbers (token numbers, alone or as the mapping's `input_ids`) a
    `SmallTextTransformer`, all else a `SmallMLP` on standardised numbers. The last two
    start with a last layer of zeros.

    Raises:
        InputError: the inputs are nothing of that.
    """
    inputs, classes = examples.first, examples.num_classes
    if isinstance(inputs, Mapping):
        if not isinstance(inputs.get("input_ids"), Tensor):
            raise InputError(
                "Expected images, numbers, or a mapping with 'input_ids', but got a mapping of "
                f"{', '.join(map(str, inputs))}; {_ADVICE}"
            )
        return lambda: _Tokens(classes, examples.largest + 1, examples.longest)
    if not isinstance(inputs, Tensor):
        raise InputError(
            f"Expected one tensor or a mapping per example, but got {len(inputs)} tensors; "
            f"{_ADVICE}"
        )
    if not inputs.is_floating_point() and inputs.ndim == 2:
        return lambda: _Tokens(classes, examples.largest + 1, examples.longest)
    if inputs.ndim == 4:
        return lambda: _images(inputs, classes)
    return lambda: _numbers(inputs, classes)


def linear(width: int, classes: int) -> nn.Module:
    """A linear layer that starts without an opinion."""
    return without_opinion(nn.Linear(width, classes))


def without_opinion(layer: nn.Linear) -> nn.Linear:
    """Set weights and bias to 0: a network that ends so guesses until it has learned something.

    Labels would flip to what random weights say, otherwise. Networks of convolutions do without:
    of them it lets more labels flip to no purpose, as measured on a mark whose place is the cue.
    """
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer


def _images(inputs: Tensor, classes: int) -> nn.Module:
    from earlysieve.networks.small import SmallCNN

    network = SmallCNN(classes, channels=inputs.shape[1], widths=WIDTHS)
    return network.to(memory_format=torch.channels_last)


def _numbers(inputs: Tensor, classes: int) -> nn.Module:
    from earlysieve.networks.small_mlp import SmallMLP

    shape = tuple(inputs.shape[1:])
    count = math.prod(shape)
    if not 1 <= count <= _MOST_NUMBERS:
        raise InputError(
            f"Expected images or at most {_MOST_NUMBERS:,} numbers per example, but got the shape "
            f"{shape}; {_ADVICE}"
        )
    network = SmallMLP(classes, input_shape=(count,))
    without_opinion(network.head)
    return nn.Sequential(nn.Flatten(), nn.BatchNorm1d(count, affine=False), network)


class _Tokens(nn.Module):
    """A small transformer that takes of a mapping what it knows."""

    def __init__(self, classes: int, vocabulary: int, length: int) -> None:
        super().__init__()
        from earlysieve.networks.small_transformers import SmallTextTransformer

        self.inner = SmallTextTransformer(
            classes, vocabulary=max(2, vocabulary), max_length=max(1, length)
        )
        without_opinion(self.inner.head)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor | None = None, **_others: Any
    ) -> Tensor:
        logits: Tensor = self.inner(input_ids, attention_mask)
        return logits
