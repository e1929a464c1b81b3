"""From what an early readout says of an example to the weight of the example."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from earlysieve.errors import InputError

WeightFunction = Callable[[Tensor], Tensor]


def early_weights(
    prediction: Tensor, labels: Tensor, margin: Tensor, *, alpha: float, beta: float
) -> Tensor:
    """w = exp(beta m^alpha) where the readout is wrong, and 1 where it is right; shape (N,).

    DeDiER (WACV 2024, arXiv 2310.18590), section 3, with the margin m for any number of classes.

    Args:
        prediction: the readout's class, shape (N,).
        labels: true class, shape (N,).
        margin: difference of the readout's two largest probabilities, shape (N,), in [0, 1].
        alpha: exponent, >= 0; small values make every error count nearly the same.
        beta: >= 0; the largest weight is exp(beta).

    Raises:
        InputError: alpha or beta is out of its range.
    """
    return error_weights(prediction != labels, margin, Exponential(alpha, beta))


@dataclass(frozen=True)
class Exponential:
    """exp(beta m^alpha): the published weight of an error as a function of its margin m.

    Raises:
        InputError: a value is negative or not finite.
    """

    alpha: float
    beta: float

    def __post_init__(self) -> None:
        for name, value in (("alpha", self.alpha), ("beta", self.beta)):
            if not (math.isfinite(value) and value >= 0):
                raise InputError(
                    f"Expected {name} to be a number of at least 0, but got {value}; "
                    "the published values are 0.05 to 0.2 for alpha and 3 to 4 for beta"
                )

    def __call__(self, margin: Tensor) -> Tensor:
        """Weights, of the shape of the margins."""
        return torch.exp(self.beta * margin**self.alpha)


def error_weights(wrong: Tensor, margin: Tensor, function: WeightFunction) -> Tensor:
    """`function(margin)` where wrong and 1 elsewhere, float32, shape (N,).

    Raises:
        InputError: the function gives another shape, or weights that are negative or not finite.
    """
    weights = torch.ones(margin.shape, dtype=torch.float32, device=margin.device)
    given = torch.as_tensor(function(margin[wrong].float()))
    if given.shape != margin[wrong].shape:
        raise InputError(
            f"Expected a weight function that gives shape {tuple(margin[wrong].shape)} for margins "
            f"of that shape, but it gave {tuple(given.shape)}; return one weight per margin"
        )
    if bool((given < 0).any()) or not bool(torch.isfinite(given).all()):
        raise InputError(
            "Expected weights that are finite and not negative, but the weight function gave "
            f"values from {float(given.min())} to {float(given.max())}; lower beta, or bound them"
        )
    weights[wrong] = given.to(weights)
    return weights


def top_share(weights: Tensor, share: float = 0.01) -> float:
    """Share of the total weight, in [0, 1], that the `share` heaviest examples (one at least) hold.

    Args:
        weights: shape (N,), >= 0, N >= 1.
        share: in (0, 1].
    """
    count = max(1, math.ceil(share * len(weights)))
    values = weights.double()
    total = float(values.sum())
    return float(values.topk(count).values.sum()) / total if total > 0 else 0.0
