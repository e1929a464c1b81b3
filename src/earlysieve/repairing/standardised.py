"""Features with mean 0 and deviation 1, and layers taken there and back."""

from dataclasses import dataclass

import torch
from torch import Tensor

from earlysieve.repairing.linear_map import LinearMap

# A standardised copy of more numbers than this is float32: rounding then disappears in the mean.
_MOST_EXACT = 1 << 22
_CONSTANT = 1e-6
_ROWS = 1 << 10


@dataclass(frozen=True)
class Scale:
    """z = (x - mean) / deviation.

    Attributes:
        mean: float64, shape (D,); 0 where the layer has no bias that could take it up.
        deviation: float64, shape (D,); 1 for features that are constant.
    """

    mean: Tensor
    deviation: Tensor

    @classmethod
    def of(cls, features: Tensor, *, centred: bool = True) -> "Scale":
        """The scale of features (N, D).

        Args:
            features: floating point.
            centred: whether to take off the mean; else deviations are root mean squares.
        """
        chunks, count = features.split_with_sizes(_sizes(len(features))), len(features)
        mean = torch.zeros(features.shape[1], dtype=torch.float64)
        if centred:
            mean = torch.stack([rows.double().sum(0) for rows in chunks]).sum(0) / count
        squares = [(rows.double() - mean).square_().sum(0) for rows in chunks]
        deviation = (torch.stack(squares).sum(0) / count).sqrt_()
        constant = deviation <= _CONSTANT * mean.abs().clamp(min=1e-30)
        return cls(mean, torch.where(constant, 1.0, deviation))

    def apply(self, features: Tensor) -> Tensor:
        """z (N, D), float64, or float32 where there are many numbers."""
        if features.numel() <= _MOST_EXACT:
            return (features.double() - self.mean) / self.deviation
        return (features - self.mean.to(features)).div_(self.deviation.to(features))

    def inward(self, layer: LinearMap) -> LinearMap:
        """The layer that does on z what `layer` does on x; float64."""
        weight = layer.weight.double()
        bias = None if layer.bias is None else layer.bias.double() + weight @ self.mean
        return LinearMap(weight * self.deviation, bias)

    def outward(self, layer: LinearMap) -> LinearMap:
        """The layer that does on x what `layer` does on z; float64."""
        weight = layer.weight / self.deviation
        bias = None if layer.bias is None else layer.bias - weight @ self.mean
        return LinearMap(weight, bias)


def _sizes(count: int) -> list[int]:
    """Chunks of rows that are made float64 one by one."""
    full, rest = divmod(count, _ROWS)
    return [_ROWS] * full + ([rest] if rest else [])
