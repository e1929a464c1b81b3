"""List the layers of any network as one forward pass runs them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import nn

from earlysieve.errors import InputError, LayerError
from earlysieve.model.batch import Inputs, call_model, first_tensor
from earlysieve.model.capture import run_hooked
from earlysieve.model.layout import Layout, holds_permutation, layout_of
from earlysieve.model.state import looking_at, preserved_rng
from earlysieve.model.unwrap import named_layers


@dataclass(frozen=True)
class LayerInfo:
    """One layer as the forward pass met it.

    Attributes:
        name: the module's name inside the unwrapped model.
        order: position in execution order, from 0; a block comes after its parts.
        kind: the module's class.
        shape: of the first output tensor, batch included; None where it gave no tensor.
        calls: how many times it ran.
        parameters: number of parameters inside it.
    """

    name: str
    order: int
    kind: str
    shape: tuple[int, ...] | None
    calls: int
    parameters: int


@dataclass(frozen=True)
class LayerPlan:
    """What a readout has to know of the layer it is put on.

    Attributes:
        shape: of the output, batch included.
        layout: where its channels are.
    """

    shape: tuple[int, ...]
    layout: Layout


def trace_layers(model: nn.Module, inputs: Inputs) -> list[LayerInfo]:
    """Run `model` once in evaluation mode and list every layer that ran.

    Args:
        model: any module; wrappers (DataParallel, DistributedDataParallel, torch.compile) are
            looked through. It is left as it was, random state included.
        inputs: one batch as the model takes it: a tensor, a tuple or a mapping.

    Returns:
        One row per layer that ran, ordered by when its first call ended.

    Example:
        >>> import torch
        >>> import earlysieve as es
        >>> net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
        >>> found = es.trace_layers(net, torch.zeros(3, 4))
        >>> [(layer.name, layer.kind, layer.shape) for layer in found]
        [('0', 'Linear', (3, 8)), ('1', 'ReLU', (3, 8)), ('2', 'Linear', (3, 2))]
    """
    found: dict[str, LayerInfo] = {}

    def record(name: str, module: nn.Module, output: Any) -> None:
        if name in found:
            found[name] = replace(found[name], calls=found[name].calls + 1)
            return
        size = sum(parameter.numel() for parameter in module.parameters())
        kind = type(module).__name__
        found[name] = LayerInfo(name, len(found), kind, _shape(output), 1, size)

    def forward(network: nn.Module) -> None:
        call_model(network, inputs)

    names = list(named_layers(model))
    with preserved_rng():
        looking_at(lambda: run_hooked(model, names, record, forward), model)
    return list(found.values())


def plans_of(model: nn.Module, inputs: Inputs, names: Sequence[str]) -> dict[str, LayerPlan]:
    """Run a few examples and look at the outputs of some layers, in the order asked.

    Args:
        model, inputs: as for `trace_layers`.
        names: of layers that `capture` takes.

    Raises:
        LayerError: an output is not of 2 to 5 dimensions with the batch in front.
    """
    trace, modules = trace_layers(model, inputs), named_layers(model)
    shapes = {layer.name: layer.shape or () for layer in trace}
    count = first_tensor(inputs).shape[0]
    return {name: LayerPlan(shapes[name], layout_in(trace, name, modules, count)) for name in names}


def layout_in(
    trace: Sequence[LayerInfo], name: str, modules: Mapping[str, nn.Module], batch_size: int
) -> Layout:
    """The layout of a traced layer's output.

    Activations, pooling and dropout say nothing of it themselves; they have that of the nearest
    layer with parameters before them whose channels they keep.

    Raises:
        LayerError: the output is not of 2 to 5 dimensions with the batch in front.
    """
    place = next(i for i, layer in enumerate(trace) if layer.name == name)
    layer, shape = trace[place], trace[place].shape or ()
    layout = layout_of(modules[name], shape, batch_size)
    if layer.parameters or len(shape) < 3 or holds_permutation(modules[name]):
        return layout
    for before in reversed(trace[:place]):
        if before.parameters and before.shape is not None and len(before.shape) == len(shape):
            try:
                inherited = layout_of(modules[before.name], before.shape, batch_size)
            except LayerError:
                continue
            if _channels(before.shape, inherited) == _channels(shape, inherited):
                return inherited
    return layout


def _channels(shape: tuple[int, ...], layout: Layout) -> int:
    return shape[1] if layout is Layout.FIRST else shape[-1]


def _shape(output: Any) -> tuple[int, ...] | None:
    try:
        return tuple(first_tensor(output).shape)
    except InputError:
        return None
