"""Fit readouts on stored features and let each example be judged by one that never saw it."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from earlysieve.model.layout import Layout
from earlysieve.model.precision import full_precision
from earlysieve.readouts.feature_store import FeatureStore
from earlysieve.readouts.heads import Head, LinearHead
from earlysieve.readouts.linear import fit_linear
from earlysieve.readouts.margin import margins
from earlysieve.readouts.minibatch import fit_minibatch

_CHUNK_ELEMENTS = 1 << 22


@dataclass(frozen=True)
class Reading:
    """What one layer's readouts say of every example.

    Attributes:
        prediction: int64, shape (N,).
        margin: float32, shape (N,), in [0, 1]: difference of the two largest probabilities.
        loss: float32, shape (N,): cross-entropy in nats.
    """

    prediction: Tensor
    margin: Tensor
    loss: Tensor


def read_out(
    store: FeatureStore,
    labels: Tensor,
    fold_of: Tensor,
    head: Head,
    layout: Layout,
    *,
    seed: int = 0,
    l2: float = 1.0,
    device: torch.device | str = "cpu",
) -> Reading:
    """Fit one readout per fold and judge every example by the readout of its own fold.

    With two folds or more, that readout was fitted without the example; with one, in-sample. A
    readout chooses among the classes that have examples, whatever else the network could say.

    Args:
        store: features of one layer, N rows.
        labels: int64, shape (N,), of at least two classes.
        fold_of: int64, shape (N,), from `assign_folds`.
        head: what kind of readout.
        layout: of the stored features.
        seed: for heads that are trained by minibatches.
        l2: penalty of linear readouts.
        device: where readouts are fitted.
    """
    # Readouts are fitted in full precision, also where the caller's model runs in autocast.
    present, dense = torch.unique(labels, return_inverse=True)
    count = len(present)
    with full_precision(device):
        if isinstance(head, LinearHead):
            reading = _linear(store, dense, fold_of, count, l2, device)
        else:
            reading = _by_minibatches(store, dense, fold_of, count, head, layout, seed, device)
    return replace(reading, prediction=present[reading.prediction])


def _by_minibatches(
    store: FeatureStore,
    labels: Tensor,
    fold_of: Tensor,
    num_classes: int,
    head: Head,
    layout: Layout,
    seed: int,
    device: torch.device | str,
) -> Reading:
    reading = _empty(len(store))
    folds = int(fold_of.max()) + 1
    for fold in range(folds):
        inside = fold_of == fold
        train = inside if folds == 1 else ~inside
        readout = fit_minibatch(
            store, labels, train, num_classes, head, layout, seed=seed + fold, device=device
        )
        with torch.no_grad():
            for place, features in store.chunks(_rows(store)):
                rows = inside[place].nonzero().squeeze(1)
                logits = readout(features[rows].to(device)).cpu()
                _judge(reading, rows + place.start, logits, labels)
    return reading


def _linear(
    store: FeatureStore,
    labels: Tensor,
    fold_of: Tensor,
    num_classes: int,
    l2: float,
    device: torch.device | str,
) -> Reading:
    readouts = fit_linear(store, labels, fold_of, num_classes, l2=l2, device=device)
    reading = _empty(len(store))
    for place, features in store.chunks(
        max(256, _CHUNK_ELEMENTS // (num_classes + store.shape[0]))
    ):
        own = readouts.own_logits(features, fold_of[place])
        _judge(reading, torch.arange(place.start, place.stop), own, labels)
    return reading


def _judge(reading: Reading, rows: Tensor, logits: Tensor, labels: Tensor) -> None:
    logits = logits.float()
    reading.prediction[rows] = logits.argmax(-1)
    reading.margin[rows] = margins(logits.softmax(-1))
    reading.loss[rows] = functional.cross_entropy(logits, labels[rows], reduction="none")


def _empty(count: int) -> Reading:
    def zeros(dtype: torch.dtype) -> Tensor:
        return torch.zeros(count, dtype=dtype)

    return Reading(zeros(torch.int64), zeros(torch.float32), zeros(torch.float32))


def _rows(store: FeatureStore) -> int:
    return max(64, _CHUNK_ELEMENTS // max(1, int(torch.tensor(store.shape).prod())))
