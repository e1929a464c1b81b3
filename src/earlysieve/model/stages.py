"""Choose the layers that `layers="auto"` audits: the stage boundaries of any architecture."""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby

import numpy as np
from torch import nn

from earlysieve.errors import LayerError
from earlysieve.model.batch import Inputs, first_tensor
from earlysieve.model.layers import LayerInfo, layout_in, trace_layers
from earlysieve.model.layout import Layout
from earlysieve.model.unwrap import named_layers

MOST = 8
_EVENLY = 6
_LEAST = 4
_LEAST_RESOLUTIONS = 3
_SUBSTANTIAL = 0.02
_HALF = 0.5


def choose_layers(model: nn.Module, inputs: Inputs, limit: int = MOST) -> list[str]:
    """Names of about four to `limit` stage boundaries, in execution order.

    The model is opened level by level until at least four of its parts hold a substantial share
    of its parametrised layers and either resolution changes along them or none holds more than
    half of these layers. Where resolution changes along them, the last part of each
    resolution is taken (residual, plain, dense and mobile nets); otherwise parts are taken evenly
    over depth, the first and the last included (transformers, recurrent nets, perceptrons).

    Raises:
        LayerError: no layer gives an output with the batch in front.

    Example:
        >>> import torch
        >>> import earlysieve as es
        >>> from earlysieve.networks import small_cnn
        >>> es.choose_layers(small_cnn(10), torch.zeros(2, 3, 28, 28))
        ['stage1', 'stage2', 'stage3']
    """
    return stages_of(model, trace_layers(model, inputs), first_tensor(inputs).shape[0], limit)


def stages_of(
    model: nn.Module, trace: Sequence[LayerInfo], batch_size: int, limit: int = MOST
) -> list[str]:
    """`choose_layers` on a trace that was taken already."""
    modules = named_layers(model)
    found = {layer.name: _resolution(modules, layer, trace, batch_size) for layer in trace}
    usable = [layer for layer in trace if found[layer.name] is not None]
    shapes = {name: resolution or () for name, resolution in found.items()}
    units = _open(usable, modules, shapes)
    units = _without_classifier(units, trace)
    if not units:
        raise LayerError(
            "Expected at least one inner layer whose output starts with the batch, but found "
            "none; name the layers yourself: layers=[...]"
        )
    if _changes_resolution([unit.name for unit in units], shapes):
        return _evenly(_resolution_ends(units, shapes, modules), limit)
    return _evenly([unit.name for unit in _alike(units)], min(limit, _EVENLY))


def _changes_resolution(names: list[str], resolutions: dict[str, tuple[int, ...]]) -> bool:
    return len({resolutions[name] for name in names} - {()}) >= _LEAST_RESOLUTIONS


def _resolution_ends(
    units: list[LayerInfo], resolutions: dict[str, tuple[int, ...]], modules: dict[str, nn.Module]
) -> list[str]:
    """The last part with substance of each run of equal resolution.

    Maps of one position count where convolutions made them so; after a global pooling they do not.
    """
    ends: list[str] = []
    for resolution, run in groupby(units, key=lambda unit: resolutions[unit.name]):
        solid = [unit.name for unit in run if _has_substance(modules[unit.name])]
        parametrised = any(next(modules[name].parameters(), None) is not None for name in solid)
        spatial = max(resolution, default=0) > 1
        convolved = resolution and any(_convolves(modules[name]) for name in solid)
        if parametrised and (spatial or convolved):
            ends.append(solid[-1])
    return ends


def _convolves(module: nn.Module) -> bool:
    convolutions = (m for m in module.modules() if isinstance(m, nn.Conv1d | nn.Conv2d | nn.Conv3d))
    return any(max(convolution.kernel_size) > 1 for convolution in convolutions)


def _has_substance(module: nn.Module) -> bool:
    has_parameters = next(module.parameters(), None) is not None
    return has_parameters or type(module).__module__ == "torch.nn.modules.activation"


def _alike(units: list[LayerInfo]) -> list[LayerInfo]:
    """The repeated blocks of a transformer, else all parts with parameters, else all parts."""
    weighty = [unit for unit in units if unit.parameters] or units
    kind, count = Counter(unit.kind for unit in weighty).most_common(1)[0]
    return [u for u in weighty if u.kind == kind] if count >= _LEAST else weighty


def _open(
    usable: list[LayerInfo],
    modules: dict[str, nn.Module],
    resolutions: dict[str, tuple[int, ...]],
) -> list[LayerInfo]:
    """Open containers level by level until enough parts carry weight; in execution order."""
    by_name = {layer.name: layer for layer in usable if layer.calls == 1}
    leaves = {name for name in modules if _is_parametrised_leaf(modules[name])}
    total = max(1, len(leaves))
    units = _children("", by_name)
    while True:
        weights = {name: len(_inside(name, leaves)) / total for name in units}
        several = sum(weight >= _SUBSTANTIAL for weight in weights.values()) >= _LEAST
        balanced = max(weights.values(), default=0.0) <= _HALF
        if several and (balanced or _changes_resolution(units, resolutions)):
            break
        opened = {name: _children(name, by_name) for name in units}
        heaviest = max((n for n in units if opened[n]), key=lambda n: weights[n], default=None)
        if heaviest is None:
            break
        units = [name for name in units if name != heaviest] + opened[heaviest]
    return sorted((by_name[name] for name in units), key=lambda layer: layer.order)


def _children(parent: str, by_name: dict[str, LayerInfo]) -> list[str]:
    """The outermost usable layers inside `parent`; containers that never run are looked through."""
    prefix = f"{parent}." if parent else ""
    inside = [name for name in by_name if name.startswith(prefix) and name != parent]
    return [name for name in inside if not any(name.startswith(f"{o}.") for o in inside)]


def _inside(name: str, leaves: set[str]) -> list[str]:
    return [leaf for leaf in leaves if leaf == name or leaf.startswith(f"{name}.")]


def _is_parametrised_leaf(module: nn.Module) -> bool:
    return next(module.parameters(recurse=False), None) is not None


def _resolution(
    modules: dict[str, nn.Module], layer: LayerInfo, trace: Sequence[LayerInfo], batch_size: int
) -> tuple[int, ...] | None:
    """The positions of a layer's output, () where it has none, None where it is not usable."""
    if layer.shape is None or layer.name not in modules or 0 in layer.shape:
        return None
    try:
        layout = layout_in(trace, layer.name, modules, batch_size)
    except LayerError:
        return None
    if layout is Layout.FLAT or len(layer.shape) == 3:
        return ()
    return layer.shape[2:] if layout is Layout.FIRST else layer.shape[1:-1]


def _without_classifier(units: list[LayerInfo], trace: Sequence[LayerInfo]) -> list[LayerInfo]:
    """Leave out the layer that gives the logits themselves, where anything else remains."""
    last = trace[-1].shape if trace else None
    final = next((u for u in reversed(units) if u.shape == last), None)
    rest = [unit for unit in units if unit is not final]
    return rest if final is not None and rest else units


def _evenly(names: list[str], count: int) -> list[str]:
    if len(names) <= count:
        return names
    return [names[i] for i in np.linspace(0, len(names) - 1, count).round().astype(int)]
