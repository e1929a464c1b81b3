"""Linear readouts: multinomial logistic regression for all folds at once, in bounded memory.

For fold k with training examples T_k (all but part k), on features standardised by the mean and
standard deviation of T_k, this minimises

    1/|T_k| * sum_{i in T_k} CE(W_k z_i + b_k, y_i)  +  l2 / (2 |T_k|) * ||W_k||^2,

the objective of scikit-learn's LogisticRegression with C = 1 / l2 (2 / l2 for two classes, where it
penalises the difference of the two weight vectors). The problems of all folds are
convex and share their passes over the features, so they are solved together, each by itself: up to
rounding (one offset, a median over rows of all folds, keeps float32 products accurate), no number
of one fold's readout depends on an example that is not in T_k.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from earlysieve.model.precision import exact_device
from earlysieve.readouts.feature_store import FeatureStore
from earlysieve.readouts.lbfgs import minimise

_CHUNK_ELEMENTS = 1 << 23
_CONSTANT = 1e-7
_FEW = 1024
# Beyond this many unknowns, folds are solved one after the other, so that the solver's vectors
# (two per step of its history) stay below a few hundred megabytes.
_MOST_UNKNOWNS = 1 << 21
_HISTORY = 10
_ABSENT = 1e-3
# The solver's unknown is bias / 3, as if a bias were the weight of a constant feature of size 3.
# Features that share a large common part need fewer passes so (measured: half as many for the
# same loss on the maps of an untrained ResNet-18), others as many as before.
_BIAS_SCALE = 3.0


@dataclass(frozen=True)
class LinearReadouts:
    """One linear readout per fold.

    Attributes:
        weight: float64, shape (K, D, C), for raw (not standardised) features.
        bias: float64, shape (K, C).
        passes: over the features, that the solver took.
    """

    weight: Tensor
    bias: Tensor
    passes: int

    def logits(self, features: Tensor) -> Tensor:
        """Logits of every fold's readout, shape (n, K, C), for features of shape (n, D)."""
        return torch.einsum("nd,kdc->nkc", features.double(), self.weight) + self.bias

    def own_logits(self, features: Tensor, fold_of: Tensor) -> Tensor:
        """Logits by the readout of each example's own fold, shape (n, C)."""
        own = torch.empty(len(features), self.bias.shape[1], dtype=torch.float64)
        for fold in range(len(self.bias)):
            rows = (fold_of == fold).nonzero().squeeze(1)
            own[rows] = features[rows].double() @ self.weight[fold] + self.bias[fold]
        return own


def fit_linear(
    store: FeatureStore,
    labels: Tensor,
    fold_of: Tensor,
    num_classes: int,
    *,
    l2: float = 1.0,
    max_iterations: int = 50,
    tolerance: float = 1e-5,
    device: torch.device | str = "cpu",
) -> LinearReadouts:
    """Fit one readout per fold on the examples outside that fold (all, if there is one fold).

    Args:
        store: features, N rows of D numbers.
        labels: int64, shape (N,), values in [0, num_classes).
        fold_of: int64, shape (N,), from `assign_folds`.
        num_classes: C.
        l2: strength of the penalty on weights (not on biases).
        max_iterations: limit of L-BFGS iterations; where what tells the classes hardly varies, the
            fit may end a few percent above the minimum.
        tolerance: largest gradient entry of the mean loss at which a fold's search ends.
        device: where the passes are computed, in float32; what needs float64 is computed there,
            too, or on the CPU where the device lacks it.
    """
    count = int(fold_of.max()) + 1
    unknowns = (store.shape[0] + 1) * num_classes
    together = max(1, min(count, _MOST_UNKNOWNS // unknowns))
    history = max(3, min(_HISTORY, _HISTORY * _MOST_UNKNOWNS // (together * unknowns)))
    weights, biases, passes = [], [], 0
    for folds in torch.split(torch.arange(count), together):
        problem = _Problem(store, labels, fold_of, folds, num_classes, l2, torch.device(device))
        found = minimise(
            problem.value_and_gradient,
            problem.start(),
            most_iterations=max_iterations,
            tolerance=tolerance,
            history=history,
        )
        weight, bias = problem.for_raw_features(found.point)
        weights.append(weight.cpu())
        biases.append(bias.cpu())
        passes += found.passes
    return LinearReadouts(torch.cat(weights), torch.cat(biases), passes)


@dataclass(frozen=True)
class _Chunk:
    """Some examples, for all folds.

    Attributes:
        features: shifted, float32, shape (n, D).
        labels: shape (n,).
        share: each row's of fold k's mean loss, float32, shape (K, n).
        exact_share: the same in float64, where float64 is computed.
    """

    features: Tensor
    labels: Tensor
    share: Tensor
    exact_share: Tensor


class _Problem:
    """The objective of each of some folds and its gradient, computed chunk by chunk."""

    def __init__(
        self,
        store: FeatureStore,
        labels: Tensor,
        fold_of: Tensor,
        folds: Tensor,
        num_classes: int,
        l2: float,
        device: torch.device,
    ) -> None:
        self.store, self.labels, self.fold_of, self.folds = store, labels, fold_of, folds
        self.classes, self.l2 = num_classes, l2
        self.device, self.exact = device, exact_device(device)
        self.in_sample = int(fold_of.max()) == 0
        self.only: _Chunk | None = None
        inside = (fold_of == folds[:, None]).sum(1)
        self.size = (len(store) - inside * (not self.in_sample)).double().to(self.exact)
        # An offset common to all folds keeps float32 products accurate for features far from 0.
        # A median, since one wild example must not decide the precision of all others.
        few = store.read(slice(0, min(len(store), _FEW)))
        shift = few.median(0).values
        self.shift, self.exact_shift = shift.to(device), shift.double().to(self.exact)
        self.counts, self.mean, self.deviation = self._moments()

    def chunks(self) -> Iterator[_Chunk]:
        """All examples; prepared once where they make a single chunk."""
        if self.only is not None:
            yield self.only
            return
        width = self.shift.numel() + len(self.folds) * self.classes
        rows = max(256, _CHUNK_ELEMENTS // width)
        for place, features in self.store.chunks(rows):
            trains = (self.fold_of[None, place] != self.folds[:, None]) | self.in_sample
            shifted = features.to(self.device) - self.shift
            exact = trains.to(self.exact) / self.size[:, None]
            share = exact.float().to(self.device)
            chunk = _Chunk(shifted, self.labels[place].to(self.device), share, exact)
            if len(shifted) == len(self.store):
                self.only = chunk
            yield chunk

    def _moments(self) -> tuple[Tensor, Tensor, Tensor]:
        k, d = len(self.folds), self.shift.numel()
        counts = torch.zeros(k, self.classes, dtype=torch.float64, device=self.exact)
        total = torch.zeros(k, d, dtype=torch.float64, device=self.exact)
        square = torch.zeros_like(total)
        for chunk in self.chunks():
            member = (chunk.exact_share > 0).double()
            exact = chunk.features.to(self.exact).double()
            counts.index_add_(1, chunk.labels.to(self.exact), member)
            total += member @ exact
            square += member @ exact.square_()
        mean = total / self.size[:, None]
        deviation = (square / self.size[:, None] - mean.square()).clamp(min=0).sqrt()
        # What float32 cannot tell from a constant: infinite deviation switches the feature off.
        constant = deviation <= _CONSTANT * (mean + self.exact_shift).abs()
        return counts, mean, torch.where(constant, torch.inf, deviation)

    def start(self) -> Tensor:
        """No weights, and biases that give the shares of the classes; hardly any to absent ones."""
        weight = torch.zeros(len(self.folds), self.shift.numel() * self.classes).to(self.mean)
        return torch.cat([weight, self.counts.clamp(min=_ABSENT).log() / _BIAS_SCALE], 1)

    def value_and_gradient(self, point: Tensor) -> tuple[Tensor, Tensor]:
        """Values (K,) and gradients (K, C * D + C) at `point`."""
        weight, bias = self._unpacked(point)
        k, c, d = weight.shape
        scaled = weight / self.deviation[:, None, :]
        offset = bias - torch.einsum("kd,kcd->kc", self.mean, scaled)
        flat = scaled.view(k * c, d).float().to(self.device)
        offset = offset.float().to(self.device)[:, :, None]
        value = torch.zeros(k, dtype=torch.float64, device=self.exact)
        gradient = torch.zeros(k, c, d, dtype=torch.float64, device=self.exact)
        by_bias = torch.zeros(k, c, dtype=torch.float64, device=self.exact)
        for chunk in self.chunks():
            # Classes before examples: torch's softmax over a short last dimension is slow.
            logits = (flat @ chunk.features.T).view(k, c, -1).add_(offset)
            losses, residual = _cross_entropy(logits, chunk.labels)
            value += (losses.to(self.exact) * chunk.exact_share).sum(1)
            residual *= chunk.share[:, None, :]
            gradient += (residual.view(k * c, -1) @ chunk.features).view(k, c, d).to(self.exact)
            by_bias += residual.sum(2).to(self.exact)
        gradient -= self.mean[:, None, :] * by_bias[:, :, None]
        gradient /= self.deviation[:, None, :]
        decay = self.l2 / self.size
        value += 0.5 * decay * weight.square().sum((1, 2))
        gradient += decay[:, None, None] * weight
        return value, torch.cat([gradient.view(k, -1), _BIAS_SCALE * by_bias], 1)

    def for_raw_features(self, point: Tensor) -> tuple[Tensor, Tensor]:
        """Weights (K, D, C) and biases (K, C) in `point`, for features as they are stored."""
        weight, bias = self._unpacked(point)
        scaled = weight / self.deviation[:, None, :]
        centre = self.mean + self.exact_shift
        bias = bias - torch.einsum("kd,kcd->kc", centre, scaled)
        return scaled.transpose(1, 2).contiguous(), bias

    def _unpacked(self, point: Tensor) -> tuple[Tensor, Tensor]:
        c = self.classes
        return point[:, :-c].view(len(point), c, -1), _BIAS_SCALE * point[:, -c:]


def _cross_entropy(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Losses (K, n) and their gradient with respect to the logits (K, C, n)."""
    log_probabilities = logits.log_softmax(1)
    chosen = labels[None, None, :].expand(len(logits), 1, -1)
    losses = -log_probabilities.gather(1, chosen).squeeze(1)
    residual = log_probabilities.exp_()
    residual.scatter_add_(1, chosen, torch.full_like(chosen, -1, dtype=residual.dtype))
    return losses, residual
