"""Linear readouts: multinomial logistic regression for all folds at once, in bounded memory.

For fold k with training examples T_k (all but part k), on features standardised by the mean and
standard deviation of T_k, this minimises

    1/|T_k| * sum_{i in T_k} CE(W_k z_i + b_k, y_i)  +  l2 / (2 |T_k|) * ||W_k||^2,

the objective of scikit-learn's LogisticRegression with C = 1 / l2 (2 / l2 for two classes, where it
penalises the difference of the two weight vectors). The problems of all folds are
convex and share their passes over the features, so they are solved together, each by itself: up to
rounding (one offset, a median over rows of all folds, keeps float32 products accurate), no number
of one fold's readout depends on an example that is not in T_k. That holds for what saves passes,
too: coordinates come from each fold's own rows (`coordinates`), and a search among many examples
begins where the same search among a sample of the fold's own rows ended.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from earlysieve.readouts.coordinates import standardised, whitened, worth_whitening
from earlysieve.readouts.curvature import CurvaturePairs
from earlysieve.readouts.feature_store import FeatureStore
from earlysieve.readouts.lbfgs import minimise
from earlysieve.readouts.linear_problem import LinearProblem
from earlysieve.readouts.sample import Sample, draw

# Beyond this many unknowns, folds are solved one after the other, so that the solver's vectors
# (two per step of its history) stay below a few hundred megabytes.
_MOST_UNKNOWNS = 1 << 21
_HISTORY = 10
# A first fit to a sample ends at a fall of the mean loss that chance of the sample exceeds.
_COARSE_ITERATIONS = 30
_COARSE = 1e-4
# From so many examples on, a search ends where going on could not be told from chance: at a fall
# of the mean loss of this share of it, and of this size at most.
_MANY = 10_000
_UNSEEN = 1e-3
_LARGEST_UNSEEN = 1e-4


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
    of_all: bool = False,
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
        of_all: whether to fit one more readout, the last, on every example.
        l2: strength of the penalty on weights (not on biases).
        max_iterations: limit of L-BFGS iterations; where what tells the classes hardly varies, the
            fit may end a few percent above the minimum.
        tolerance: largest gradient entry of the mean loss at which a fold's search ends. From
            10,000 examples on it ends, too, where the mean loss would fall further by a thousandth
            of what chance of the examples adds to it.
        device: where the passes are computed, in float32; what needs float64 is computed there,
            too, or on the CPU where the device lacks it.
    """
    count = int(fold_of.max()) + 1 + of_all
    unknowns = (store.shape[0] + 1) * num_classes
    together = max(1, min(count, _MOST_UNKNOWNS // unknowns))
    history = max(3, min(_HISTORY, _HISTORY * _MOST_UNKNOWNS // (together * unknowns)))
    few = draw(store, unknowns)
    weights, biases, passes = [], [], 0
    for folds in torch.split(torch.arange(count), together):
        inside = (fold_of != folds[:, None]) | (count == 1)
        all_rows, some_rows = _problems(
            store, few, labels, inside, num_classes, l2, torch.device(device)
        )
        start = all_rows.start()
        pairs = CurvaturePairs(start, history)
        if few.stands_for_all:
            start = minimise(
                some_rows.value_and_gradient,
                start,
                most_iterations=_COARSE_ITERATIONS,
                tolerance=tolerance,
                negligible=_COARSE,
                pairs=pairs,
            ).point
        found = minimise(
            all_rows.value_and_gradient,
            start,
            most_iterations=max_iterations,
            tolerance=tolerance,
            negligible=_negligible(len(store), unknowns),
            pairs=pairs,
        )
        weight, bias = all_rows.for_raw_features(found.point)
        weights.append(weight.cpu())
        biases.append(bias.cpu())
        passes += found.passes
    return LinearReadouts(torch.cat(weights), torch.cat(biases), passes)


def _problems(
    store: FeatureStore,
    few: Sample,
    labels: Tensor,
    inside: Tensor,
    num_classes: int,
    l2: float,
    device: torch.device,
) -> tuple[LinearProblem, LinearProblem]:
    """Those on all rows, and on the sample's, in the same coordinates and with the same penalty."""
    decay = l2 / inside.sum(1).double()
    frame = standardised(store, inside, device)
    if worth_whitening(store.shape[0], len(store), num_classes):
        frame = whitened(frame, few.store.all(), inside[:, few.places], decay * num_classes)
    return (
        LinearProblem(store, labels, inside, num_classes, decay, frame, device),
        LinearProblem(
            few.store, labels[few.places], inside[:, few.places], num_classes, decay, frame, device
        ),
    )


def _negligible(count: int, unknowns: int) -> float:
    """A fall of the mean loss that is not worth a further pass over many examples.

    By chance of the examples alone, the loss on others lies about unknowns / (2 * count) above its
    minimum (White, "Maximum likelihood estimation of misspecified models", Econometrica 50, 1982).
    """
    if count < _MANY:
        return 0.0
    return min(_LARGEST_UNSEEN, _UNSEEN * unknowns / (2 * count))
