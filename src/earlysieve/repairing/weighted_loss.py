"""The weighted mean cross-entropy of a linear layer, and its gradient."""

from collections.abc import Iterator

import torch
from torch import Tensor

# Chunks this small stay in the processor's cache between the two products.
_CHUNK_ELEMENTS = 1 << 19
_LEAST_ROWS = 256


class WeightedLoss:
    """sum_i w_i CE(W x_i + b, y_i) / sum_i w_i.

    Args:
        features: shape (N, D), float32 or float64: products are computed in this precision.
        labels: int64, shape (N,), in [0, num_classes).
        weights: shape (N,), >= 0, not all 0.
        num_classes: C.
    """

    def __init__(self, features: Tensor, labels: Tensor, weights: Tensor, num_classes: int) -> None:
        used = weights > 0
        if not bool(used.all()):
            features, labels, weights = features[used], labels[used], weights[used]
        self.features, self.labels = features, labels
        self.share = weights.double() / weights.double().sum()
        self.num_classes = num_classes
        across = max(features.shape[1], num_classes)
        self._rows = max(_LEAST_ROWS, _CHUNK_ELEMENTS // across)

    def log_shares(self) -> Tensor:
        """Biases, float64, shape (C,), that give each class its share; hardly any where absent."""
        shares = torch.zeros(self.num_classes, dtype=torch.float64)
        shares.index_add_(0, self.labels, self.share)
        return shares.clamp(min=1e-6).log()

    def value(self, weight: Tensor, bias: Tensor) -> float:
        """The loss, for weights (C, D) and biases (C,)."""
        total = torch.zeros((), dtype=torch.float64)
        for features, labels, share in self._chunks():
            logs = self._log_softmax(features, weight, bias)
            told = logs.gather(1, labels[:, None]).squeeze(1)
            total -= (told.double() * share).sum()
        return float(total)

    def with_gradient(self, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The loss, and its gradients (C, D) and (C,), all float64."""
        total = torch.zeros((), dtype=torch.float64)
        by_weight = torch.zeros(weight.shape, dtype=torch.float64)
        by_bias = torch.zeros(bias.shape, dtype=torch.float64)
        for features, labels, share in self._chunks():
            logs = self._log_softmax(features, weight, bias)
            told = labels[:, None]
            total -= (logs.gather(1, told).squeeze(1).double() * share).sum()
            slope = logs.exp_()
            slope.scatter_add_(1, told, torch.full_like(slope[:, :1], -1.0))
            slope *= share.to(slope)[:, None]
            by_weight += (slope.T @ features).double()
            by_bias += slope.double().sum(0)
        return total, by_weight, by_bias

    def _log_softmax(self, features: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        logits = torch.addmm(bias.to(features), features, weight.to(features).T)
        return torch.log_softmax(logits, 1)

    def _chunks(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        for start in range(0, len(self.labels), self._rows):
            place = slice(start, start + self._rows)
            yield self.features[place], self.labels[place], self.share[place]
