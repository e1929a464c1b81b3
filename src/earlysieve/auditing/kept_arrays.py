"""Activations that were computed elsewhere, in the form in which an audit keeps its own."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from earlysieve.auditing.collect import (
    Collected,
    Rows,
    check_features,
    check_finite_inputs,
    check_output,
    finish,
)
from earlysieve.auditing.prepare import LayerFeatures, Prepared, views_of
from earlysieve.datasets.arrays import is_frame
from earlysieve.datasets.frames import frame_values, number_array
from earlysieve.errors import InputError
from earlysieve.model.batch import Batch, Inputs, few, first_tensor, take
from earlysieve.model.layout import Layout
from earlysieve.readouts.feature_store import Budget, FeatureStore
from earlysieve.readouts.heads import Head

_LAYOUTS = {2: Layout.FLAT, 3: Layout.LAST, 4: Layout.FIRST, 5: Layout.FIRST}


def collect_arrays(
    layers: Mapping[str, Tensor],
    whole: Batch,
    logits: Tensor,
    *,
    head: Head,
    budget: Budget,
    batch_size: int,
) -> Collected:
    """What `collect` gives, of activations that are at hand.

    Args:
        layers: in the order of depth, each of shape (N, D), (N, T, D), (N, C, H, W) or
            (N, C, D, H, W).
        whole: all examples, with indices.
        logits: shape (N, C).
        head: what will read the activations.
        budget: of the stores.
        batch_size: how many examples are looked at together.

    Raises:
        InputError: labels out of range, or NaN or infinity.
        DataError: fewer than two classes among the labels.
    """
    found = {
        name: LayerFeatures(_LAYOUTS[rows.ndim], FeatureStore(budget))
        for name, rows in layers.items()
    }
    some = Batch(few(whole.inputs)[0], whole.labels[:2])
    prepared = Prepared(found, views_of(found, some, head, budget), 0)
    rows = Rows()
    for place in _places(len(whole), batch_size):
        batch = _part(whole, place)
        check_finite_inputs(batch)
        answers = logits[place].float()
        check_output(batch, answers)
        for name, activations in layers.items():
            _keep(name, activations[place], batch, prepared, head)
        prepared.views.append(batch, answers)
        rows.add(batch, answers)
    return finish(rows, prepared, logits.shape[1])


def _keep(name: str, activation: Tensor, batch: Batch, prepared: Prepared, head: Head) -> None:
    features = prepared.layers[name].of(activation, batch.mask, head)
    check_features(name, features, batch)
    prepared.layers[name].store.append(features)
    views = prepared.views
    if name in views.layers:
        views.append_layer(name, views.layers[name].of(activation, batch.mask))


def _places(count: int, size: int) -> Iterator[slice]:
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))


def _part(whole: Batch, place: slice) -> Batch:
    index, groups = (None if v is None else v[place] for v in (whole.index, whole.groups))
    return Batch(take(whole.inputs, place), whole.labels[place], index, groups)


def layer_tensors(features: Any, examples: int) -> dict[str, Tensor]:
    """Activations by layer as floating tensors.

    Raises:
        InputError: no mapping from names to arrays of one row per example, or another shape.
    """
    empty = isinstance(features, Mapping) and not features
    if empty or not isinstance(features, Mapping):
        raise InputError(
            f"Expected activations as a mapping from layer names, in the order of depth, to "
            f"arrays, but got {type(features).__name__}{' without any' if empty else ''}; pass "
            "{'first': array, 'second': other}"
        )
    return {str(name): _layer(str(name), values, examples) for name, values in features.items()}


def _layer(name: str, values: Any, examples: int) -> Tensor:
    found = as_tensor(values, f"activations of layer '{name}'")
    if found.ndim not in _LAYOUTS or len(found) != examples:
        raise InputError(
            f"Expected activations of layer '{name}' of shape ({examples}, D), ({examples}, T, D) "
            f"or ({examples}, C, H, W), one row per label, but got {tuple(found.shape)}; reshape "
            "or transpose them"
        )
    return found if found.is_floating_point() else found.float()


def as_tensor(values: Any, what: str) -> Tensor:
    """An array of any library that NumPy can read, on the CPU and without a graph.

    Args:
        values: a tensor, an array, or a frame, of which true is 1.
        what: it is, for messages.

    Raises:
        DataError: it holds something else than numbers and booleans.
    """
    if isinstance(values, Tensor):
        return values.detach().cpu()
    if is_frame(values):
        return torch.from_numpy(frame_values(values, f" ({what})"))
    return torch.from_numpy(np.array(number_array(np.asarray(values), what)))


def input_tensors(inputs: Any, examples: int) -> Inputs:
    """Inputs for properties; where there are none, numbers of examples, of which none is taken.

    Raises:
        InputError: they have not one row per example.
    """
    if inputs is None:
        return torch.arange(examples)
    if isinstance(inputs, Mapping):
        found: Inputs = {
            str(name): as_tensor(values, f"inputs '{name}'") for name, values in inputs.items()
        }
    else:
        found = as_tensor(inputs, "inputs")
        found = found.float() if found.ndim == 2 or found.is_floating_point() else found
    if len(first_tensor(found)) != examples:
        raise InputError(
            f"Expected inputs of {examples} examples, one per label, but got "
            f"{len(first_tensor(found))}; pass those whose activations these are"
        )
    return found
