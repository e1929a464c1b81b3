"""Look at a network with two examples, without leaving a trace."""

from collections.abc import Sequence

import torch
from torch import nn

from earlysieve.distill.reader import LayerPlan
from earlysieve.errors import InputError
from earlysieve.model.batch import Batch, Inputs, first_tensor, take
from earlysieve.model.capture import Captured, capture
from earlysieve.model.layout import layout_of
from earlysieve.model.precision import match_precision
from earlysieve.model.state import evaluating, preserved_rng
from earlysieve.model.unwrap import named_layers


def first_pass(model: nn.Module, batch: Batch, layers: Sequence[str]) -> Captured:
    """One pass of two examples in evaluation mode; nothing of the model changes."""
    few = match_precision(model, few_of(batch))
    with preserved_rng(), evaluating(model), torch.no_grad():
        return capture(model, few, layers)


def layer_plan(model: nn.Module, layer: str, captured: Captured) -> LayerPlan:
    """Shape and layout of a layer's output."""
    output, count = captured.outputs[layer], captured.logits.shape[0]
    shape = tuple(output.shape)
    return LayerPlan(shape, layout_of(named_layers(model)[layer], shape, count))


def few_of(batch: Batch) -> Inputs:
    """The inputs of up to two examples."""
    return take(batch.inputs, slice(0, min(2, first_tensor(batch.inputs).shape[0])))


def check_classes(found: int, expected: int, *, who: str, source: str) -> None:
    """Raise InputError if a network gives another number of logits than expected."""
    if found != expected:
        raise InputError(
            f"Expected a {who} that gives {expected} logits, {source}, but it gives {found}; "
            "pass networks for the same classes"
        )
