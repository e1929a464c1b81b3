"""A small network of linear layers, for tables and small images."""

import math
from collections.abc import Sequence

from torch import Tensor, nn

from earlysieve.errors import InputError


class SmallMLP(nn.Module):
    """Linear layers with ReLU, called layer1, layer2, ..., and a linear layer called head.

    Args:
        num_classes: C, >= 2.
        input_shape: of one example; it is flattened.
        widths: of the hidden layers, at least one.

    Raises:
        InputError: an argument is out of its range.
    """

    def __init__(
        self,
        num_classes: int = 2,
        *,
        input_shape: Sequence[int],
        widths: Sequence[int] = (128, 128, 64),
    ) -> None:
        super().__init__()
        sizes = [math.prod(input_shape), *widths]
        if num_classes < 2 or not widths or min(sizes) < 1:
            raise InputError(
                "Expected at least 2 classes, an input and hidden layers of at least one unit, but "
                f"got num_classes={num_classes}, input_shape={tuple(input_shape)}, "
                f"widths={tuple(widths)}; correct the argument"
            )
        self.layers = len(widths)
        for number, (inputs, outputs) in enumerate(zip(sizes, widths, strict=False), 1):
            layer = nn.Sequential(nn.Linear(inputs, outputs), nn.ReLU())
            self.add_module(f"layer{number}", layer)
        self.head = nn.Linear(sizes[-1], num_classes)

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (B, C) of inputs (B, *input_shape)."""
        hidden = inputs.flatten(1)
        for number in range(1, self.layers + 1):
            hidden = getattr(self, f"layer{number}")(hidden)
        logits: Tensor = self.head(hidden)
        return logits
