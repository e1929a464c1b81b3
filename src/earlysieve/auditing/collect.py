"""One inference pass over the data: the model's answers and every layer's features."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from earlysieve.errors import DataError, InputError
from earlysieve.model.batch import Batch, Inputs, check_labels, check_rows, few, tensors_of
from earlysieve.model.capture import capture
from earlysieve.model.layers import layout_in, trace_layers
from earlysieve.model.layout import Layout
from earlysieve.model.precision import match_precision
from earlysieve.model.stages import stages_of
from earlysieve.model.unwrap import named_layers
from earlysieve.readouts.features import Keep, kept_features
from earlysieve.readouts.store import Budget, FeatureStore


@dataclass
class LayerFeatures:
    """What was kept of one layer."""

    layout: Layout
    store: FeatureStore
    kept_layout: Layout = Layout.FLAT


@dataclass
class Collected:
    """What one pass gave, by example in the order of the data.

    Attributes:
        index, labels, groups, prediction: int64, shape (N,); groups None where none was given.
        confidence: float32, shape (N,): the model's largest probability.
        num_classes: columns of the logits.
        layers: features by layer, in execution order.
    """

    index: Tensor
    labels: Tensor
    groups: Tensor | None
    prediction: Tensor
    confidence: Tensor
    num_classes: int
    layers: dict[str, LayerFeatures]


@dataclass
class _Rows:
    index: list[Tensor] = field(default_factory=list)
    labels: list[Tensor] = field(default_factory=list)
    groups: list[Tensor | None] = field(default_factory=list)
    prediction: list[Tensor] = field(default_factory=list)
    confidence: list[Tensor] = field(default_factory=list)


def collect(
    model: nn.Module,
    batches: Iterable[Batch],
    layers: Sequence[str] | None,
    *,
    what: Keep = "mean",
    budget: int | None = None,
    device: torch.device | str = "cpu",
) -> Collected:
    """Run the model once over `batches` and keep each layer's features.

    The model has to be in evaluation mode; `audit` sees to that.

    Args:
        model: on `device` already.
        batches: with indices.
        layers: names, or None to choose stage boundaries from the first batch.
        what: to keep of each activation, see `kept_features`.
        budget: bytes of features held in memory; the rest goes to a temporary file.
        device: where the model runs.

    Raises:
        InputError: labels out of range, NaN or infinite inputs or activations.
        LayerError: an unknown or unusable layer.
        DataError: no example, or fewer than two classes among the labels.
    """
    rows = _Rows()
    kept: dict[str, LayerFeatures] = {}
    classes = 0
    for cpu_batch in batches:
        check_finite_inputs(cpu_batch)
        batch = cpu_batch.to(device)
        batch = Batch(match_precision(model, batch.inputs), batch.labels, batch.index, batch.groups)
        if not kept:
            kept = _prepare(
                model, batch.inputs, layers, Budget() if budget is None else Budget(budget)
            )
        classes = _one_batch(model, batch, kept, rows, what)
    if not rows.labels:
        raise DataError(
            "Expected at least one example, but the data is empty; check the path and the split"
        )
    return _finish(rows, kept, classes)


def check_finite_inputs(batch: Batch) -> None:
    """Raise InputError if any floating-point input is NaN or infinite, naming the example."""
    for value in tensors_of(batch.inputs):
        batched = value.ndim > 0 and len(value) == len(batch)
        if value.is_floating_point() and batched:
            bad = ~torch.isfinite(value.reshape(len(value), -1)).all(1)
            if bad.any():
                raise InputError(
                    "Expected finite inputs, but example "
                    f"{_first(batch, bad)} holds NaN or infinity; repair or leave out that example"
                )


def _one_batch(
    model: nn.Module,
    batch: Batch,
    kept: dict[str, LayerFeatures],
    rows: _Rows,
    what: Keep,
) -> int:
    def keep(name: str, activation: Tensor) -> Tensor:
        layer = kept[name]
        features, layer.kept_layout = kept_features(activation, layer.layout, batch.mask, keep=what)
        return features.float()

    captured = capture(model, batch.inputs, list(kept), transform=keep)
    logits = captured.logits.float()
    check_output(batch, logits)
    for name, features in captured.outputs.items():
        _check_features(name, features, batch)
        kept[name].store.append(features)
    probability, prediction = logits.softmax(-1).max(-1)
    rows.index.append(_index_of(batch).cpu())
    rows.labels.append(batch.labels.cpu())
    rows.groups.append(None if batch.groups is None else batch.groups.cpu())
    rows.prediction.append(prediction.cpu())
    rows.confidence.append(probability.cpu())
    return logits.shape[1]


def check_output(batch: Batch, logits: Tensor) -> None:
    """Raise InputError unless every label is a column of the logits and these are finite."""
    check_rows(logits, len(batch))
    check_labels(batch.labels, logits.shape[1])
    bad = ~torch.isfinite(logits).all(1)
    if bad.any():
        raise InputError(
            f"Expected finite logits, but the model gave NaN or infinity for example "
            f"{_first(batch, bad)}; check its weights and the scale of its inputs"
        )


def _prepare(
    model: nn.Module, inputs: Inputs, layers: Sequence[str] | None, budget: Budget
) -> dict[str, LayerFeatures]:
    """Trace two examples to learn the order and layout of the layers."""
    some, count = few(inputs)
    trace = trace_layers(model, some)
    names = stages_of(model, trace, count) if layers is None else list(layers)
    modules = named_layers(model)
    shapes = {layer.name: layer for layer in trace}
    capture(model, some, names, transform=lambda _, tensor: tensor[:0])
    ordered = sorted(dict.fromkeys(names), key=lambda name: shapes[name].order)
    return {
        name: LayerFeatures(layout_in(trace, name, modules, count), FeatureStore(budget))
        for name in ordered
    }


def _check_features(name: str, features: Tensor, batch: Batch) -> None:
    bad = ~torch.isfinite(features.flatten(1)).all(1)
    if bad.any():
        raise InputError(
            f"Expected finite activations, but layer '{name}' gave NaN or infinity for example "
            f"{_first(batch, bad)}; check the model's weights, or run it in full precision"
        )


def _first(batch: Batch, bad: Tensor) -> int:
    return int(_index_of(batch).to(bad.device)[bad][0])


def _index_of(batch: Batch) -> Tensor:
    return torch.arange(len(batch)) if batch.index is None else batch.index


def _finish(rows: _Rows, kept: dict[str, LayerFeatures], classes: int) -> Collected:
    labels = torch.cat(rows.labels)
    if len(torch.unique(labels)) < 2:
        raise DataError(
            f"Expected examples of at least two classes, but all {len(labels)} have label "
            f"{int(labels[0])}; a readout has nothing to tell apart: pass more classes"
        )
    groups = None
    if any(g is not None for g in rows.groups):
        groups = torch.cat(
            [
                torch.full_like(y, -1) if g is None else g
                for g, y in zip(rows.groups, rows.labels, strict=True)
            ]
        )
        groups = groups if (groups >= 0).any() else None
    return Collected(
        torch.cat(rows.index),
        labels,
        groups,
        torch.cat(rows.prediction),
        torch.cat(rows.confidence),
        classes,
        kept,
    )
