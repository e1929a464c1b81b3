"""Weighted multinomial logistic regression with a quadratic penalty, perhaps around given weights.

The unknowns are moves away from a centre, in coordinates in which features are about uncorrelated:
the objective stays what it is, and L-BFGS needs few passes.
"""

import torch
from torch import Tensor

from earlysieve.readouts.lbfgs import minimise
from earlysieve.repairing.linear_map import LinearMap
from earlysieve.repairing.weighted_loss import WeightedLoss

_MOST_SAMPLED = 1 << 12
_LEAST_VARIANCE = 1e-6
# Once classes are told apart the loss bends less than at the start, and the penalty weighs more.
_FLATTER = 20.0
_WIDEST = 4096
_TOLERANCE = {torch.float64: 1e-7, torch.float32: 1e-5}


def fit_multinomial(
    loss: WeightedLoss,
    strength: float,
    *,
    centre: LinearMap | None = None,
    bias: bool = True,
    tolerance: float | None = None,
    most_iterations: int = 300,
) -> LinearMap:
    """Minimise sum_i w_i CE_i / sum_i w_i + strength / 2 ||theta - theta_0||^2.

    Without a centre, theta_0 = 0 and the bias is free, as in scikit-learn's LogisticRegression with
    C = 1 / (strength sum_i w_i). With one, the bias is pulled, too.

    Args:
        loss: of features (N, D), labels and weights.
        strength: > 0.
        centre: theta_0, which is also where the search starts; without a bias if `bias` is False.
        bias: whether the layer has one.
        tolerance: no entry of the gradient is larger at the end; None: by the precision of the
            features.
        most_iterations: of L-BFGS.

    Returns:
        The layer, float64.
    """
    base, free = _start(loss, centre, bias)
    root = _whitening(loss, strength)
    c, d = base.weight.shape
    pulled = strength if centre is not None else 0.0
    offset = torch.zeros(c, dtype=torch.float64) if base.bias is None else base.bias

    def evaluate(point: Tensor) -> tuple[Tensor, Tensor]:
        move, shift = _unpacked(point[0], c, d, root)
        value, by_weight, by_bias = loss.with_gradient(base.weight + move, offset + shift)
        value = value + 0.5 * strength * move.square().sum() + 0.5 * pulled * shift.square().sum()
        by_weight = by_weight + strength * move
        by_bias = (by_bias + pulled * shift) * free
        by_weight = by_weight if root is None else by_weight @ root.T
        return value[None], torch.cat([by_weight.flatten(), by_bias])[None]

    least = _TOLERANCE[loss.features.dtype] if tolerance is None else tolerance
    start = torch.zeros(1, c * d + c, dtype=torch.float64)
    found = minimise(evaluate, start, tolerance=least, most_iterations=most_iterations)
    move, shift = _unpacked(found.point[0], c, d, root)
    return LinearMap(base.weight + move, None if base.bias is None else base.bias + shift)


def _start(loss: WeightedLoss, centre: LinearMap | None, bias: bool) -> tuple[LinearMap, float]:
    """Where moves begin, and 1 if the bias moves, else 0."""
    if centre is not None:
        return centre, float(centre.bias is not None)
    weight = torch.zeros(loss.num_classes, loss.features.shape[1], dtype=torch.float64)
    return LinearMap(weight, loss.log_shares() if bias else None), float(bias)


def _unpacked(point: Tensor, c: int, d: int, root: Tensor | None) -> tuple[Tensor, Tensor]:
    move = point[: c * d].view(c, d)
    return (move if root is None else move @ root), point[c * d :]


def _whitening(loss: WeightedLoss, strength: float) -> Tensor | None:
    """M (D, D) with M cov M^T about 1, so that weights = unknowns @ M; None where D is large."""
    features = loss.features
    if features.shape[1] > _WIDEST:
        return None
    step = -(-len(features) // max(_MOST_SAMPLED, 2 * features.shape[1]))
    rows, share = features[::step], loss.share[::step].to(features)
    covariance = (rows.T @ (rows * (share / share.sum())[:, None])).double()
    covariance.diagonal().add_(max(_FLATTER * strength, _LEAST_VARIANCE))
    triangle, failed = torch.linalg.cholesky_ex(covariance)
    if int(failed) or not bool(torch.isfinite(triangle).all()):
        return None
    one = torch.eye(len(covariance), dtype=torch.float64)
    inverse: Tensor = torch.linalg.solve_triangular(triangle, one, upper=False)
    return inverse
