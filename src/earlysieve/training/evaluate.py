"""How well a model does on labelled data, measured without leaving a trace."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader

from earlysieve.datasets.arrays import data_of
from earlysieve.datasets.batches import Data, has_random_access, iterate, length_of
from earlysieve.errors import InputError
from earlysieve.groups.accuracy import accuracy_by_group
from earlysieve.measures.calibration import brier_scores, calibration_error
from earlysieve.model.batch import Batch, call_model, check_labels, check_rows, logits_of
from earlysieve.model.state import device_of, evaluating
from earlysieve.training.evaluation import Evaluation
from earlysieve.training.loading import load_batches, open_source
from earlysieve.training.randomness import seeded


class SingleClassWarning(UserWarning):
    """A model gives every example the same class."""


def evaluate(
    model: nn.Module,
    data: Data,
    *,
    batch_size: int = 256,
    num_workers: int = 0,
    keep_logits: bool = False,
) -> Evaluation:
    """Evaluate `model` on `data`: in evaluation mode, on the model's device, without gradients.

    Modes and random states are afterwards what they were. Random numbers, if data or model draw
    any, come from a fixed seed, so that the same model always gives the same figures, for any
    `num_workers`. Warns with
    `SingleClassWarning` where all predictions are one class and the labels are not.

    Args:
        data: a data set, a DataLoader, an iterable of batches, or arrays (X, y); see
            `datasets.batches.iterate`.
        keep_logits: keep logits, labels and groups of all examples in the result.

    Raises:
        DataError: the data are empty.
        InputError: a label is not among the model's classes, or logits are not finite.
    """
    device, data = device_of(model), data_of(data)
    with seeded(0), evaluating(model), torch.no_grad():
        batches = _batches(data, batch_size, num_workers)
        parts = [_measure(model, batch.to(device), keep_logits) for batch in batches]
    return _summarise(_joined(parts), keep_logits)


def evaluate_logits(logits: Tensor, labels: Tensor, groups: Tensor | None = None) -> Evaluation:
    """What `evaluate` would say of a model that gives these logits, which are kept.

    Args:
        logits: floating, shape (N, C), N >= 1.
        labels: int64, shape (N,).
        groups: int64, shape (N,), -1 where unknown.

    Raises:
        InputError: see `evaluate`; or the logits are not one row for each label.
    """
    check_rows(logits, len(labels))
    batch = Batch(logits.detach().cpu(), labels, torch.arange(len(labels)), groups)
    return _summarise(_of_logits(logits_of(batch.inputs), batch, True), True)


class _Columns(NamedTuple):
    """What is known of each example, shape (N,); `logits` has no columns where none are kept."""

    predictions: Tensor
    labels: Tensor
    losses: Tensor
    groups: Tensor
    confidences: Tensor
    brier: Tensor
    logits: Tensor


def _joined(parts: Sequence[_Columns]) -> _Columns:
    return _Columns(*(torch.cat(column) for column in zip(*parts, strict=True)))


def _batches(data: Data, batch_size: int, num_workers: int) -> Iterator[Batch]:
    """All examples in order; where there are indices, random data do not depend on the workers."""
    indexed = has_random_access(data) and not isinstance(data, DataLoader | Mapping | str)
    size = length_of(data) if indexed else None
    if not size:
        return iterate(data, batch_size=batch_size, num_workers=num_workers)
    source = open_source(data, num_workers=num_workers)  # type: ignore[arg-type]  # has indices
    plan = [range(start, min(start + batch_size, size)) for start in range(0, size, batch_size)]
    return load_batches(source, plan, key=(0,))


def _measure(model: nn.Module, batch: Batch, keep_logits: bool) -> _Columns:
    return _of_logits(logits_of(call_model(model, batch.inputs)), batch, keep_logits)


def _of_logits(logits: Tensor, batch: Batch, keep_logits: bool) -> _Columns:
    logits = logits.float()
    check_labels(batch.labels, logits.shape[1])
    if not bool(torch.isfinite(logits).all()):
        row = int((~torch.isfinite(logits)).any(dim=1).nonzero()[0])
        where = row if batch.index is None else int(batch.index[row])
        raise InputError(
            f"Expected finite logits, but got NaN or infinity for example {where}; "
            "check the inputs for NaN, and that training did not diverge"
        )
    losses = F.cross_entropy(logits, batch.labels, reduction="none")
    groups = torch.full_like(batch.labels, -1) if batch.groups is None else batch.groups
    kept = logits if keep_logits else logits[:, :0]
    confidences, brier = _probabilities(logits, batch.labels)
    found = (logits.argmax(1), batch.labels, losses.double(), groups, confidences, brier, kept)
    return _Columns(*(values.cpu() for values in found))


def _probabilities(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Confidence and Brier score of each example, float64 on the CPU."""
    found = logits.cpu().double().softmax(dim=1)
    scores = brier_scores(found.numpy(), labels.cpu().numpy())
    return found.amax(dim=1).clamp(max=1.0), torch.from_numpy(scores)


def _summarise(columns: _Columns, keep_logits: bool) -> Evaluation:
    predictions, labels, losses, groups, confidences, brier, logits = columns
    correct = (predictions == labels).numpy()
    by_group = accuracy_by_group(correct, groups.numpy())
    by_class = accuracy_by_group(correct, labels.numpy())
    predicted, classes = len(set(predictions.tolist())), len(set(labels.tolist()))
    if predicted == 1 and classes > 1:
        warnings.warn(
            f"The model predicts class {int(predictions[0])} for all {len(labels)} examples, "
            f"though they have {classes} classes; train longer, lower the learning "
            "rate, or check the inputs",
            SingleClassWarning,
            stacklevel=3,
        )
    return Evaluation(
        accuracy=float(correct.mean()),
        loss=float(losses.mean()),
        size=len(labels),
        group_accuracy={group: found.accuracy for group, found in by_group.items()},
        group_size={group: found.size for group, found in by_group.items()},
        predicted=predicted,
        class_accuracy={label: found.accuracy for label, found in by_class.items()},
        calibration_error=calibration_error(confidences.numpy(), correct),
        brier=float(brier.mean()),
        largest_class=max(found.size for found in by_class.values()) / len(labels),
        logits=logits if keep_logits else None,
        labels=labels if keep_logits else None,
        groups=groups if keep_logits else None,
    )
