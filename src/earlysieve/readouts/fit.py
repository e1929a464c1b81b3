"""Fit readouts on stored features and let each example be judged by one that never saw it."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from earlysieve.model.layout import Layout
from earlysieve.model.precision import full_precision
from earlysieve.readouts.feature_store import FeatureStore
from earlysieve.readouts.heads import Head, LinearHead
from earlysieve.readouts.linear import LinearReadouts, fit_linear
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


def read_across(
    store: FeatureStore,
    labels: Tensor,
    fold_of: Tensor,
    others: FeatureStore,
    other_labels: Tensor,
    head: Head,
    layout: Layout,
    *,
    seed: int = 0,
    l2: float = 1.0,
    device: torch.device | str = "cpu",
) -> tuple[Reading, Reading]:
    """Judge examples out of fold as `read_out` does, and others by a readout of all examples.

    Args:
        store, labels, fold_of, head, layout, seed, l2, device: as for `read_out`; two folds or
            more.
        others: features of the same layer for other examples, M rows.
        other_labels: int64, shape (M,), of classes that are among `labels`.

    Returns:
        What is said of the examples, and of the others.
    """
    present, dense = torch.unique(labels, return_inverse=True)
    count, told = len(present), torch.searchsorted(present, other_labels)
    folds = int(fold_of.max()) + 1
    with full_precision(device):
        if isinstance(head, LinearHead):
            readouts = fit_linear(store, dense, fold_of, count, of_all=True, l2=l2, device=device)
            own = _by_fold(readouts, store, fold_of, dense)
            theirs = _by_fold(readouts, others, torch.full_like(other_labels, folds), told)
        else:
            own = _by_minibatches(store, dense, fold_of, count, head, layout, seed, device)
            everyone = torch.ones(len(store), dtype=torch.bool)
            readout = fit_minibatch(
                store, dense, everyone, count, head, layout, seed=seed + folds, device=device
            )
            theirs = _empty(len(others))
            _let_read(readout, others, torch.ones_like(told, dtype=torch.bool), told, theirs)
    one, two = (replace(found, prediction=present[found.prediction]) for found in (own, theirs))
    return one, two


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
        _let_read(readout, store, inside, labels, reading)
    return reading


def _let_read(
    readout: nn.Module, store: FeatureStore, inside: Tensor, labels: Tensor, reading: Reading
) -> None:
    """Fill in what a readout says of the rows that `inside` marks."""
    device = next(readout.buffers()).device
    with torch.no_grad():
        for place, features in store.chunks(_rows(store)):
            rows = inside[place].nonzero().squeeze(1)
            logits = readout(features[rows].to(device)).cpu()
            _judge(reading, rows + place.start, logits, labels)


def _linear(
    store: FeatureStore,
    labels: Tensor,
    fold_of: Tensor,
    num_classes: int,
    l2: float,
    device: torch.device | str,
) -> Reading:
    readouts = fit_linear(store, labels, fold_of, num_classes, l2=l2, device=device)
    return _by_fold(readouts, store, fold_of, labels)


def _by_fold(
    readouts: LinearReadouts, store: FeatureStore, fold_of: Tensor, labels: Tensor
) -> Reading:
    reading = _empty(len(store))
    num_classes = readouts.bias.shape[1]
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
