"""Weighted multinomial logistic regression with the L1 penalty, which leaves few weights.

FISTA with backtracking (Beck & Teboulle, SIAM J. Imaging Sci. 2, 2009, section 4) whose momentum
starts again where it points uphill (O'Donoghue & Candès, Found. Comput. Math. 15, 2015).
"""

from typing import NamedTuple

import torch
from torch import Tensor

from earlysieve.repairing.linear_map import LinearMap
from earlysieve.repairing.weighted_loss import WeightedLoss

_TOLERANCE = {torch.float64: 1e-5, torch.float32: 1e-4}
_ROUNDING = {torch.float64: 1e-13, torch.float32: 1e-7}
_RELAXED = 0.9


class _Point(NamedTuple):
    weight: Tensor
    bias: Tensor

    def minus(self, other: "_Point", factor: float = 1.0) -> "_Point":
        return _Point(self.weight - factor * other.weight, self.bias - factor * other.bias)

    def dot(self, other: "_Point") -> float:
        return float((self.weight * other.weight).sum() + (self.bias * other.bias).sum())

    def largest(self) -> float:
        return float(max(self.weight.abs().max(), self.bias.abs().max()))


def fit_sparse(
    loss: WeightedLoss,
    strength: float,
    *,
    bias: bool = True,
    start: LinearMap | None = None,
    tolerance: float | None = None,
    most_iterations: int = 2000,
) -> LinearMap:
    """Minimise sum_i w_i CE_i / sum_i w_i + strength ||W||_1; the bias is free.

    Args:
        loss: of features (N, D), labels and weights.
        strength: > 0.
        bias: whether the layer has one.
        start: where the search starts; the minimum does not depend on it.
        tolerance: the step's length times the curvature is at most this at the end; None: by the
            precision of the features.
        most_iterations: of FISTA.

    Returns:
        The layer, float64; weights that the penalty removes are exactly 0.
    """
    now = _start(loss, start, bias)
    ahead, momentum, curvature = now, 1.0, 1.0
    least = _TOLERANCE[loss.features.dtype] if tolerance is None else tolerance
    for _ in range(most_iterations):
        value, *slopes = loss.with_gradient(*ahead)
        slope = _Point(slopes[0], slopes[1] * float(bias))
        new, curvature = _step(loss, ahead, float(value), slope, strength, curvature * _RELAXED)
        moved = new.minus(ahead)
        if curvature * moved.largest() <= least:
            now = new
            break
        if moved.dot(new.minus(now)) < 0:
            momentum = 1.0
        following = (1 + (1 + 4 * momentum**2) ** 0.5) / 2
        ahead = new.minus(new.minus(now), -(momentum - 1) / following)
        now, momentum = new, following
    return LinearMap(now.weight, now.bias if bias else None)


def _step(
    loss: WeightedLoss, at: _Point, value: float, slope: _Point, strength: float, curvature: float
) -> tuple[_Point, float]:
    """The next point, and a curvature for which the quadratic model lies above the loss."""
    slack = _ROUNDING[loss.features.dtype] * max(abs(value), 1.0)
    while True:
        plain = at.minus(slope, 1 / curvature)
        new = _Point(_shrunk(plain.weight, strength / curvature), plain.bias)
        moved = new.minus(at)
        model = value + slope.dot(moved) + 0.5 * curvature * moved.dot(moved)
        if loss.value(*new) <= model + slack:
            return new, curvature
        curvature *= 2


def _shrunk(weight: Tensor, by: float) -> Tensor:
    return weight.sign() * (weight.abs() - by).clamp(min=0)


def _start(loss: WeightedLoss, start: LinearMap | None, bias: bool) -> _Point:
    if start is None:
        weight = torch.zeros(loss.num_classes, loss.features.shape[1], dtype=torch.float64)
        start = LinearMap(weight, loss.log_shares())
    free = start.bias if bias and start.bias is not None else None
    return _Point(start.weight, start.weight.new_zeros(loss.num_classes) if free is None else free)
