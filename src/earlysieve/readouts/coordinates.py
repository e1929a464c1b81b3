"""Coordinates in which the problems of linear readouts are well scaled, fold by fold.

Each fold's are made of its own training rows. Features are standardised and, where that pays,
decorrelated. The objective stays what it is; its curvature becomes about the same in all
directions, so that the solver needs far fewer passes.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from earlysieve.model.precision import exact_device
from earlysieve.readouts.feature_store import FeatureStore

_MOST_SAMPLED = 1 << 12
_CONSTANT = 1e-7
_FEW = 256
_ROWS = 1 << 14
_LEAST_VARIANCE = 1e-6
# Once classes are told apart, the loss bends this much less than at the start, and the penalty
# weighs as much more (measured: a quarter fewer passes with 1,000 classes).
_FLATTER = 20.0


@dataclass(frozen=True)
class Coordinates:
    """Where each of K folds' features lie, in float64.

    Attributes:
        shift: common to all folds, shape (D,); means count from there. It keeps float32 products
            accurate for features far from 0.
        mean: shape (K, D).
        deviation: shape (K, D); infinite where float32 cannot tell a feature from a constant.
        whitening: shape (K, D, D), from standardised features to uncorrelated ones; or None.
    """

    shift: Tensor
    mean: Tensor
    deviation: Tensor
    whitening: Tensor | None = None

    def weights(self, unknowns: Tensor) -> Tensor:
        """Weights of standardised features, for unknowns of shape (K, C, D)."""
        return unknowns if self.whitening is None else unknowns @ self.whitening

    def pulled_back(self, gradient: Tensor) -> Tensor:
        """The gradient by the unknowns, for one by weights of standardised features."""
        return gradient if self.whitening is None else gradient @ self.whitening.mT


def standardised(store: FeatureStore, inside: Tensor, device: torch.device) -> Coordinates:
    """Mean and deviation of each fold's training rows.

    Args:
        store: features, N rows of D numbers.
        inside: bool, shape (K, N), which rows train which fold.
        device: float64 is computed there, or on the CPU where the device lacks it.
    """
    exact = exact_device(device)
    # A median, since one wild example must not decide the precision of all others.
    shift = store.read(slice(0, min(len(store), _FEW))).median(0).values.double().to(exact)
    total = torch.zeros(len(inside), len(shift), dtype=torch.float64, device=exact)
    square = torch.zeros_like(total)
    for place, features in store.chunks(_ROWS):
        member = inside[:, place].to(exact).double()
        rows = features.to(exact).double() - shift
        total += member @ rows
        square += member @ rows.square_()
    size = inside.sum(1, keepdim=True).double().to(exact)
    mean = total / size
    deviation = (square / size - mean.square()).clamp(min=0).sqrt()
    constant = deviation <= _CONSTANT * (mean + shift).abs()
    return Coordinates(shift, mean, torch.where(constant, torch.inf, deviation))


def worth_whitening(width: int, count: int, num_classes: int) -> bool:
    """Whether finding the correlations costs less than about ten passes over the features."""
    sampled = min(count, _MOST_SAMPLED)
    return width * (2 * sampled + width) <= 40 * count * num_classes


def whitened(plain: Coordinates, rows: Tensor, inside: Tensor, penalty: Tensor) -> Coordinates:
    """Coordinates in which features are about uncorrelated, too.

    Args:
        plain: from `standardised`.
        rows: some features, float32, shape (n, D).
        inside: bool, shape (K, n), which of them train which fold.
        penalty: shape (K,), what it amounts to beside the variances at the start.
    """
    step = -(-len(rows) // _MOST_SAMPLED)
    exact = rows[::step].to(plain.shift.device).double() - plain.shift
    found = []
    for fold, chosen in enumerate(inside[:, ::step].to(plain.shift.device)):
        z = ((exact[chosen] - plain.mean[fold]) / plain.deviation[fold]).float()
        covariance = (z.T @ z).double() / max(1, len(z))
        covariance.diagonal().add_((_FLATTER * penalty[fold]).clamp(min=_LEAST_VARIANCE))
        found.append(_inverse_root(covariance))
    return Coordinates(plain.shift, plain.mean, plain.deviation, torch.stack(found))


def _inverse_root(covariance: Tensor) -> Tensor:
    one = torch.eye(len(covariance), dtype=covariance.dtype, device=covariance.device)
    root, failed = torch.linalg.cholesky_ex(covariance)
    if int(failed) or not bool(torch.isfinite(root).all()):
        return one
    inverse: Tensor = torch.linalg.solve_triangular(root, one, upper=False)
    return inverse
