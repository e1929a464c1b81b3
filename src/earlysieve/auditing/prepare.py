"""What two examples tell of an audit, so that what can fail fails before the pass over the data."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from earlysieve.auditing.views import Views, no_views, views_for
from earlysieve.errors import InputError, LayerError
from earlysieve.model.batch import Batch, Inputs, attention_mask, few
from earlysieve.model.capture import capture
from earlysieve.model.layers import LayerInfo, layout_in, trace_layers
from earlysieve.model.layout import Layout
from earlysieve.model.stages import stages_of
from earlysieve.model.unwrap import named_layers
from earlysieve.readouts.feature_store import Budget, FeatureStore
from earlysieve.readouts.features import kept_features, what_to_keep
from earlysieve.readouts.heads import Head


@dataclass
class LayerFeatures:
    """What was kept of one layer."""

    layout: Layout
    store: FeatureStore
    kept_layout: Layout = Layout.FLAT

    def of(self, activation: Tensor, mask: Tensor | None, head: Head) -> Tensor:
        """What `head` reads of the layer's output for one batch, float32."""
        keep = what_to_keep(head)
        features, self.kept_layout = kept_features(activation, self.layout, mask, keep=keep)
        return features.float()


@dataclass(frozen=True)
class Prepared:
    """The layers in execution order, and the bytes that an example takes.

    Attributes:
        layers: what the audit's readouts read.
        views: what else readers look at.
        bytes_each: of both together.
    """

    layers: dict[str, LayerFeatures]
    views: Views
    bytes_each: int


def prepare(
    model: nn.Module,
    batch: Batch,
    layers: Sequence[str] | None,
    head: Head,
    budget: Budget,
    *,
    with_views: bool = True,
    tokenizer: Any = None,
) -> Prepared:
    """Run two examples, to learn the order and layout of the layers and how much they give.

    Args:
        model: in evaluation mode, on the device of the batch.
        batch: any.
        layers: names, or None to choose stage boundaries.
        head: what reads the layers.
        budget: of the stores.
        with_views: whether readers will look at more than `head` reads.
        tokenizer: of texts, where there is one.

    Raises:
        LayerError: an unknown or unusable layer.
        InputError: the head does not suit a layer.
    """
    some, count = few(batch.inputs)
    trace = trace_layers(model, some)
    names = _stages(model, trace, count) if layers is None else list(layers)
    modules = named_layers(model)
    capture(model, some, names, transform=lambda _, tensor: tensor[:0])
    order = {layer.name: layer.order for layer in trace}
    found = {
        name: LayerFeatures(layout_in(trace, name, modules, count), FeatureStore(budget))
        for name in sorted(dict.fromkeys(names), key=lambda name: order[name])
    }
    views = views_of(found, batch, head, budget, tokenizer) if with_views else no_views(budget)
    seen = views.try_on(model, some) if with_views else 0
    return Prepared(found, views, _try_head(model, some, found, head) + seen)


def _stages(model: nn.Module, trace: Sequence[LayerInfo], count: int) -> list[str]:
    try:
        return stages_of(model, trace, count)
    except LayerError as error:
        raise LayerError(
            f"{error}; a model without inner layers is audited by its inputs, or other features: "
            "es.audit_arrays({'inputs': X}, y, logits)"
        ) from error


def views_of(
    layers: dict[str, LayerFeatures],
    batch: Batch,
    head: Head,
    budget: Budget,
    tokenizer: Any = None,
) -> Views:
    """What else readers look at of these layers and data; see `views.views_for`."""
    is_mean = what_to_keep(head) == "mean"
    return views_for(
        {
            name: (found.layout, found.store, is_mean or found.layout is Layout.FLAT)
            for name, found in layers.items()
        },
        batch,
        budget,
        tokenizer,
    )


def _try_head(model: nn.Module, some: Inputs, layers: dict[str, LayerFeatures], head: Head) -> int:
    """Build a readout for each layer and let it read; the bytes of one example in all layers."""
    mask = attention_mask(some)
    captured = capture(
        model, some, list(layers), transform=lambda name, seen: layers[name].of(seen, mask, head)
    )
    classes = captured.logits.shape[1]
    problems: dict[str, InputError] = {}
    for name, features in captured.outputs.items():
        try:
            _read(head, features.cpu(), classes, layers[name].kept_layout)
        except InputError as error:
            problems[name] = error
    if problems:
        worst, problem = next(iter(problems.items()))
        fit = ", ".join(f"'{name}'" for name in layers if name not in problems) or "none"
        raise InputError(f"{problem} (layer '{worst}'; layers that suit it: {fit})") from problem
    return sum(features[0].numel() for features in captured.outputs.values()) * 4


def _read(head: Head, features: Tensor, classes: int, layout: Layout) -> None:
    readout = head.build((1, *features.shape[1:]), classes, layout=layout)
    with torch.no_grad():
        logits = readout.eval()(features, None)
    if tuple(logits.shape) != (len(features), classes):
        raise InputError(
            f"Expected a readout that gives {classes} logits, one per class, but it gives shape "
            f"{tuple(logits.shape)}; build the readout for as many classes as it is asked for"
        )
