"""The objectives of the linear readouts of several folds, and their gradients, chunk by chunk."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from earlysieve.model.precision import exact_device
from earlysieve.readouts.coordinates import Coordinates
from earlysieve.readouts.feature_store import FeatureStore

# Chunks this small stay in the processor's cache from one operation to the next.
_CHUNK_ELEMENTS = 1 << 19
_LEAST_ROWS = 256
_MANY_CLASSES = 128
_ABSENT = 1e-3


@dataclass(frozen=True)
class _Chunk:
    """Some examples, for some folds.

    Attributes:
        folds: which of the K.
        features: shifted, with a column of ones behind, float32, shape (n, D + 1).
        labels: shape (1, 1, n).
        share: each row's of a fold's mean loss, float32, shape (folds, n).
        exact_share: the same in float64, where float64 is computed.
    """

    folds: slice
    features: Tensor
    labels: Tensor
    share: Tensor
    exact_share: Tensor

    def of_fold(self, fold: int, rows: Tensor) -> "_Chunk":
        """The given rows, for one fold."""
        place = slice(fold, fold + 1)
        there = rows.to(self.features.device)
        return _Chunk(
            place,
            self.features.index_select(0, there),
            self.labels.index_select(2, there),
            self.share[place].index_select(1, there),
            self.exact_share[place].index_select(1, rows.to(self.exact_share.device)),
        )


class LinearProblem:
    """The objective of each of K folds and its gradient.

    Args:
        store: features, N rows.
        labels: int64, shape (N,).
        inside: bool, shape (K, N), which rows train which fold.
        num_classes: C.
        decay: strength of the penalty beside the mean loss, float64, shape (K,).
        frame: coordinates of the folds.
        device: where the passes are computed, in float32.
    """

    def __init__(
        self,
        store: FeatureStore,
        labels: Tensor,
        inside: Tensor,
        num_classes: int,
        decay: Tensor,
        frame: Coordinates,
        device: torch.device,
    ) -> None:
        self.store, self.labels, self.inside = store, labels, inside
        self.classes, self.frame = num_classes, frame
        self.device, self.exact = device, exact_device(device)
        self.decay = decay.to(self.exact)
        self.size = inside.sum(1).double().to(self.exact)
        self.shift = frame.shift.float().to(device)
        # With many classes, logits of rows that a fold leaves out cost more than taking them out.
        self.apart = num_classes >= _MANY_CLASSES and not bool(inside.all())
        across = num_classes if self.apart else len(inside) * num_classes
        rows = max(_LEAST_ROWS, 4 * len(self.shift), _CHUNK_ELEMENTS // across)
        self.rows = min(rows, len(store))
        # Written anew by every chunk: fresh memory costs more than what is computed in it.
        self.logits = torch.empty(self.rows * across, dtype=torch.float32, device=device)
        self.features = torch.ones(
            self.rows, len(self.shift) + 1, dtype=torch.float32, device=device
        )
        self.only: _Chunk | None = None

    def chunks(self) -> Iterator[_Chunk]:
        """All examples, each chunk valid until the next; one that holds them all is kept."""
        if self.only is not None:
            yield self.only
            return
        for place, features in self.store.chunks(self.rows):
            rows = self.features[: len(features)]
            torch.sub(features.to(self.device), self.shift, out=rows[:, :-1])
            exact = self.inside[:, place].to(self.exact) / self.size[:, None]
            share = exact.float().to(self.device)
            labels = self.labels[None, None, place].to(self.device)
            chunk = _Chunk(slice(0, len(exact)), rows, labels, share, exact)
            if self.apart:
                for fold, trains in enumerate(self.inside[:, place]):
                    yield chunk.of_fold(fold, trains.nonzero().squeeze(1))
                continue
            if len(rows) == len(self.store):
                self.only = chunk
            yield chunk

    def start(self) -> Tensor:
        """No weights, and biases that give the shares of the classes; hardly any to absent ones."""
        counts = torch.stack(
            [self.labels[row].bincount(minlength=self.classes) for row in self.inside]
        )
        bias = counts.double().to(self.exact).clamp(min=_ABSENT).log()
        return torch.cat([bias.new_zeros(len(bias), len(self.shift) * self.classes), bias], 1)

    def value_and_gradient(self, point: Tensor) -> tuple[Tensor, Tensor]:
        """Values (K,) and gradients (K, C * D + C) at `point`."""
        frame = self.frame
        weight, bias = self._unpacked(point)
        k, c, d = weight.shape
        scaled = weight / frame.deviation[:, None, :]
        offset = bias - torch.einsum("kd,kcd->kc", frame.mean, scaled)
        lines = torch.cat([scaled, offset[:, :, None]], 2).float().to(self.device)
        value = torch.zeros(k, dtype=torch.float64, device=self.exact)
        total = torch.zeros(k, c, d + 1, dtype=torch.float64, device=self.exact)
        for chunk in self.chunks():
            part, x = lines[chunk.folds].flatten(0, 1), chunk.features
            logits = self.logits[: len(part) * len(x)].view(len(part), -1)
            torch.mm(part, x.T, out=logits)
            losses = _cross_entropy(logits.view(-1, c, len(x)), chunk.labels, chunk.share)
            value[chunk.folds] += (losses.to(self.exact) * chunk.exact_share).sum(1)
            total[chunk.folds] += (logits @ x).view(-1, c, d + 1).to(self.exact)
        gradient, by_bias = total[:, :, :-1], total[:, :, -1:]
        gradient = (gradient - frame.mean[:, None, :] * by_bias) / frame.deviation[:, None, :]
        value += 0.5 * self.decay * weight.square().sum((1, 2))
        gradient = frame.pulled_back(gradient + self.decay[:, None, None] * weight)
        return value, torch.cat([gradient.flatten(1), by_bias.flatten(1)], 1)

    def for_raw_features(self, point: Tensor) -> tuple[Tensor, Tensor]:
        """Weights (K, D, C) and biases (K, C) in `point`, for features as they are stored."""
        weight, bias = self._unpacked(point)
        scaled = weight / self.frame.deviation[:, None, :]
        centre = self.frame.mean + self.frame.shift
        bias = bias - torch.einsum("kd,kcd->kc", centre, scaled)
        return scaled.transpose(1, 2).contiguous(), bias

    def _unpacked(self, point: Tensor) -> tuple[Tensor, Tensor]:
        """Weights (K, C, D) of standardised features, and biases (K, C)."""
        c = self.classes
        return self.frame.weights(point[:, :-c].view(len(point), c, -1)), point[:, -c:]


def _cross_entropy(logits: Tensor, labels: Tensor, share: Tensor) -> Tensor:
    """Losses (K, n); their gradient, times the share of each row, replaces the logits (K, C, n).

    Classes come before examples: torch's sums over a short last dimension are slow.
    """
    chosen = labels.expand(len(logits), 1, -1)
    logits -= logits.amax(1, keepdim=True)
    told = logits.gather(1, chosen)
    total = logits.exp_().sum(1, keepdim=True)
    share = share[:, None, :]
    logits *= share / total
    logits.scatter_add_(1, chosen, -share)
    return (total.log_() - told).squeeze(1)
