"""Linear readouts: multinomial logistic regression for all folds at once, in bounded memory.

For fold k with training examples T_k (all but part k), on features standardised by the mean and
standard deviation of T_k, this minimises

    1/|T_k| * sum_{i in T_k} CE(W_k z_i + b_k, y_i)  +  l2 / (2 |T_k|) * ||W_k||^2,

the objective of scikit-learn's LogisticRegression with C = 1 / l2. The problems of all folds are
convex and share their passes over the features, so they are solved together.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from earlysieve.readouts.store import FeatureStore

_CHUNK_ELEMENTS = 1 << 23
_CONSTANT = 1e-6


@dataclass(frozen=True)
class LinearReadouts:
    """One linear readout per fold.

    Attributes:
        weight: float64, shape (K, D, C), for raw (not standardised) features.
        bias: float64, shape (K, C).
        iterations: passes over the features that the solver took.
    """

    weight: Tensor
    bias: Tensor
    iterations: int

    def logits(self, features: Tensor) -> Tensor:
        """Logits of every fold's readout, shape (n, K, C), for features of shape (n, D)."""
        k, d, c = self.weight.shape
        flat = self.weight.permute(1, 0, 2).reshape(d, k * c)
        return (features.double() @ flat).view(-1, k, c) + self.bias


def fit_linear(
    store: FeatureStore,
    labels: Tensor,
    fold_of: Tensor,
    num_classes: int,
    *,
    l2: float = 1.0,
    max_iterations: int = 100,
    tolerance: float = 1e-4,
    device: torch.device | str = "cpu",
) -> LinearReadouts:
    """Fit one readout per fold on the examples outside that fold (all, if there is one fold).

    Args:
        store: features, N rows of D numbers.
        labels: int64, shape (N,), values in [0, num_classes).
        fold_of: int64, shape (N,), from `assign_folds`.
        num_classes: C.
        l2: strength of the penalty on weights (not on biases).
        max_iterations: limit of L-BFGS iterations.
        tolerance: largest gradient entry of the mean loss at which to stop.
        device: where the passes are computed.
    """
    problem = _Problem(store, labels, fold_of, num_classes, l2, torch.device(device))
    k, d = problem.mean.shape
    weight = torch.zeros(k, d, num_classes, dtype=torch.float64, device=device)
    bias = torch.zeros(k, num_classes, dtype=torch.float64, device=device)
    solver = torch.optim.LBFGS(
        [weight, bias],
        max_iter=max_iterations,
        tolerance_grad=tolerance,
        tolerance_change=1e-9,
        history_size=10,
        line_search_fn="strong_wolfe",
    )
    passes = 0

    def closure() -> Tensor:
        nonlocal passes
        passes += 1
        loss, weight.grad, bias.grad = problem.value_and_gradient(weight, bias)
        return loss

    solver.step(closure)  # type: ignore[no-untyped-call]
    raw_weight, raw_bias = problem.for_raw_features(weight, bias)
    return LinearReadouts(raw_weight.cpu(), raw_bias.cpu(), passes)


class _Problem:
    """The summed objective of all folds and its gradient, computed chunk by chunk."""

    def __init__(
        self,
        store: FeatureStore,
        labels: Tensor,
        fold_of: Tensor,
        num_classes: int,
        l2: float,
        device: torch.device,
    ) -> None:
        self.store, self.labels, self.fold_of = store, labels, fold_of
        self.classes, self.l2, self.device = num_classes, l2, device
        self.folds = int(fold_of.max()) + 1
        # An offset common to all folds keeps float32 products accurate for features far from 0.
        self.shift = store.read(slice(0, min(len(store), 1024))).mean(0).to(device)
        self.size, self.mean, self.deviation = self._moments()

    def chunks(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Shifted features (n, D), labels (n,), and whether fold k trains on a row (n, K)."""
        width = self.shift.numel() + self.folds * self.classes
        rows = max(256, _CHUNK_ELEMENTS // width)
        for place, features in self.store.chunks(rows):
            fold_of = self.fold_of[place].to(self.device)
            inside = functional.one_hot(fold_of, self.folds).bool()
            trains = inside if self.folds == 1 else ~inside
            yield features.to(self.device) - self.shift, self.labels[place].to(self.device), trains

    def _moments(self) -> tuple[Tensor, Tensor, Tensor]:
        k, d = self.folds, self.shift.numel()
        size = torch.zeros(k, dtype=torch.float64, device=self.device)
        total = torch.zeros(k, d, dtype=torch.float64, device=self.device)
        square = torch.zeros_like(total)
        for features, _, trains in self.chunks():
            member = trains.float().T
            size += trains.sum(0)
            total += member @ features
            square += member @ features.square()
        mean = total / size[:, None]
        deviation = (square / size[:, None] - mean.square()).clamp(min=0).sqrt()
        scale = deviation.max(1, keepdim=True).values.clamp(min=1e-30)
        flat = deviation <= _CONSTANT * scale
        return size, mean, torch.where(flat, torch.inf, deviation)

    def value_and_gradient(self, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        k, d, c = weight.shape
        scaled = weight / self.deviation[:, :, None]
        offset = bias - torch.einsum("kd,kdc->kc", self.mean, scaled)
        flat = scaled.permute(1, 0, 2).reshape(d, k * c).float()
        loss = torch.zeros((), dtype=torch.float64, device=self.device)
        by_feature = torch.zeros(d, k * c, dtype=torch.float64, device=self.device)
        by_bias = torch.zeros(k, c, dtype=torch.float64, device=self.device)
        for features, labels, trains in self.chunks():
            share = trains / self.size
            logits = (features @ flat).view(-1, k, c) + offset.float()
            losses, residual = _cross_entropy(logits, labels)
            loss += (losses * share).sum()
            residual *= share.float()[:, :, None]
            by_feature += features.T @ residual.view(-1, k * c)
            by_bias += residual.sum(0)
        gradient = by_feature.view(d, k, c).permute(1, 0, 2)
        gradient = gradient - self.mean[:, :, None] * by_bias[:, None, :]
        decay = (self.l2 / self.size)[:, None, None]
        loss = loss + 0.5 * (decay * weight.square()).sum()
        by_weight = gradient / self.deviation[:, :, None] + decay * weight
        return loss, by_weight.contiguous(), by_bias

    def for_raw_features(self, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        scaled = weight / self.deviation[:, :, None]
        centre = self.mean + self.shift.double()
        return scaled, bias - torch.einsum("kd,kdc->kc", centre, scaled)


def _cross_entropy(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Losses (n, K) and their gradient with respect to the logits (n, K, C)."""
    log_probabilities = logits.log_softmax(-1)
    chosen = labels[:, None, None].expand(-1, logits.shape[1], 1)
    losses = -log_probabilities.gather(-1, chosen).squeeze(-1)
    residual = log_probabilities.exp_()
    residual.scatter_add_(-1, chosen, torch.full_like(chosen, -1, dtype=residual.dtype))
    return losses, residual
