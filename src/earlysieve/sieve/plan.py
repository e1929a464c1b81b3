"""Look at the network once, before training: what lies before the layers, and can it be sieved?"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from earlysieve.errors import InputError, LayerError
from earlysieve.model.batch import Batch, Inputs, first_tensor, take
from earlysieve.model.capture import capture
from earlysieve.model.layout import Layout, layout_of
from earlysieve.model.precision import match_precision
from earlysieve.model.state import evaluating, preserved_rng
from earlysieve.model.unwrap import named_layers


@dataclass(frozen=True)
class LayerPlan:
    """Shape (batch included) and layout of one layer's output."""

    shape: tuple[int, ...]
    layout: Layout


@dataclass(frozen=True)
class SievePlan:
    """What a sieve needs to know of a network.

    Attributes:
        layers: by name, in the order asked.
        early: parameters that require a gradient and that a sieved activation depends on, asked
            of autograd; in the model's order.
    """

    layers: dict[str, LayerPlan]
    early: list[nn.Parameter]


def plan_layers(
    model: nn.Module, batch: Batch, names: Sequence[str], num_classes: int
) -> SievePlan:
    """Run two examples through the model, in evaluation mode and without a trace, and look.

    Raises:
        LayerError: a layer is unknown, runs several times, has no trainable parameter before it,
            or has none behind it.
        InputError: the model gives another number of logits than `num_classes`.
    """
    few, count = _few(model, batch)
    with preserved_rng(), evaluating(model), torch.enable_grad():
        captured = capture(model, few, names)
        _check_classes(captured.logits, num_classes)
        before = {name: _depends_on(out, model) for name, out in captured.outputs.items()}
    trainable = [p for p in model.parameters() if p.requires_grad]
    modules = named_layers(model)
    for name, parameters in before.items():
        _check_position(name, parameters, trainable)
    layers = {
        name: LayerPlan(tuple(out.shape), layout_of(modules[name], tuple(out.shape), count))
        for name, out in captured.outputs.items()
    }
    union = {id(p) for parameters in before.values() for p in parameters}
    return SievePlan(layers, [p for p in trainable if id(p) in union])


def _few(model: nn.Module, batch: Batch) -> tuple[Inputs, int]:
    count = min(2, first_tensor(batch.inputs).shape[0])
    return match_precision(model, take(batch.inputs, slice(0, count))), count


def _depends_on(activation: Tensor, model: nn.Module) -> list[nn.Parameter]:
    parameters = [p for p in model.parameters() if p.requires_grad]
    if not parameters or not activation.requires_grad:
        return []
    gradients = torch.autograd.grad(
        activation.float().sum(), parameters, retain_graph=True, allow_unused=True
    )
    return [p for p, g in zip(parameters, gradients, strict=True) if g is not None]


def _check_classes(logits: Tensor, num_classes: int) -> None:
    if logits.shape[1] != num_classes:
        raise InputError(
            f"Expected a model that gives {num_classes} logits, as num_classes says, but it gives "
            f"{logits.shape[1]}; pass num_classes={logits.shape[1]} or another model"
        )


def _check_position(name: str, early: list[nn.Parameter], trainable: list[nn.Parameter]) -> None:
    if not early:
        raise LayerError(
            f"Expected trainable parameters before layer '{name}', but there is none: nothing "
            "could forget; choose a later layer, or unfreeze what lies before it"
        )
    if len(early) == len(trainable):
        raise LayerError(
            f"Expected trainable parameters behind layer '{name}', but there is none: the network "
            "could not learn anything else instead; choose an earlier layer"
        )
