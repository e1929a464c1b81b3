"""A small network of linear layers, for tables and small images."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from earlysieve.errors import InputError

_SCALE = ("input_mean", "input_deviation")


class SmallMLP(nn.Module):
    """Linear layers with ReLU, called layer1, layer2, ..., and a linear layer called head.

    Inputs are standardised by `input_mean` and `input_deviation`, shape (D,), which are 0 and 1
    until `standardise` is called, and saved with the weights.

    Args:
        num_classes: C, >= 2.
        input_shape: of one example; it is flattened to D numbers. [D] for a table of D columns.
        widths: of the hidden layers, at least one.

    Raises:
        InputError: an argument is out of its range.
    """

    input_mean: Tensor
    input_deviation: Tensor

    def __init__(
        self,
        num_classes: int = 2,
        *,
        input_shape: Sequence[int] = (),
        widths: Sequence[int] = (128, 128, 64),
    ) -> None:
        super().__init__()
        if not input_shape:
            raise InputError(
                "Expected input_shape, the shape of one example, but got none; for a table of 8 "
                "columns give input_shape=[8] (--model-option input_shape=[8])"
            )
        sizes = [math.prod(input_shape), *widths]
        if num_classes < 2 or not widths or min(sizes) < 1:
            raise InputError(
                "Expected at least 2 classes, an input and hidden layers of at least one unit, but "
                f"got num_classes={num_classes}, input_shape={tuple(input_shape)}, "
                f"widths={tuple(widths)}; correct the argument"
            )
        self.register_buffer("input_mean", torch.zeros(sizes[0]))
        self.register_buffer("input_deviation", torch.ones(sizes[0]))
        self.layers = len(widths)
        for number, (inputs, outputs) in enumerate(zip(sizes, widths, strict=False), 1):
            layer = nn.Sequential(nn.Linear(inputs, outputs), nn.ReLU())
            self.add_module(f"layer{number}", layer)
        self.head = nn.Linear(sizes[-1], num_classes)

    def standardise(self, examples: ArrayLike) -> None:
        """Take mean and deviation from examples; where one never changes, the deviation is 1.

        Args:
            examples: shape (N, ...) as `input_shape` says, finite, N >= 1.

        Raises:
            InputError: they have another shape.
        """
        values = np.asarray(examples, np.float64)
        count = len(self.input_mean)
        if values.ndim < 2 or not len(values) or values[0].size != count:
            raise InputError(
                f"Expected examples of {count} numbers to standardise by, but got the shape "
                f"{values.shape}; give the network another input_shape"
            )
        rows = values.reshape(len(values), count)
        deviation = rows.std(axis=0)
        deviation[deviation == 0] = 1
        self.input_mean.copy_(torch.from_numpy(rows.mean(axis=0)))
        self.input_deviation.copy_(torch.from_numpy(deviation))

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, *others: Any, **more: Any
    ) -> None:
        """Weights that were saved before there was a scale had none."""
        for name in _SCALE:
            state_dict.setdefault(f"{prefix}{name}", getattr(self, name).clone())
        super()._load_from_state_dict(state_dict, prefix, *others, **more)

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (B, C) of inputs (B, ...) as `input_shape` says."""
        rows = inputs.flatten(1)
        # Expanded, since a single column would be broadcast where there should be several.
        hidden = (rows - self.input_mean.expand_as(rows)) / self.input_deviation
        for number in range(1, self.layers + 1):
            hidden = getattr(self, f"layer{number}")(hidden)
        logits: Tensor = self.head(hidden)
        return logits
