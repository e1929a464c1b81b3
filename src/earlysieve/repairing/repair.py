"""Give a trained classifier another last layer."""

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from earlysieve.datasets.batches import Data
from earlysieve.datasets.example_groups import Groups
from earlysieve.datasets.opened_data import OpenedData, opened
from earlysieve.errors import InputError, one_line
from earlysieve.model.fitted_to import remember
from earlysieve.model.predictor import check_has_weights
from earlysieve.model.state import device_of
from earlysieve.model.unwrap import unwrap
from earlysieve.repairing.features import LastFeatures, last_features
from earlysieve.repairing.fitting import AnyGroups, fit_last_layer, numbers_of
from earlysieve.repairing.last_layer import LastLayer
from earlysieve.repairing.linear_map import LinearMap
from earlysieve.repairing.registry import repair_method
from earlysieve.repairing.repaired_classifier import RepairedClassifier
from earlysieve.repairing.unseen import check_unseen


def repair(
    model: nn.Module,
    data: "Data | OpenedData",
    *,
    groups: AnyGroups | None = None,
    method: str = "dfr",
    settings: Any = None,
    layer: str | None = None,
    features: LastFeatures | None = None,
    seen_in_training: bool | None = None,
    batch_size: int = 64,
    num_workers: int = 0,
    progress: bool | None = None,
    tell: Callable[[str], None] | None = None,
    seed: int = 0,
) -> nn.Module:
    """A new network: `model` with its last layer fitted anew to data that it has not seen.

    Everything but the last layer is as before, so that a repair takes one pass over the data and
    some seconds. It helps where the features hold what the task needs and the last layer weighs
    them by what the training data reward; it cannot add what they do not hold.

    Args:
        model: any classifier whose logits come from an nn.Linear. It is not changed.
        data: labelled examples that it was not trained on; they lie still (no augmentation).
        groups: of each example, shape (N,), -1 where unknown: `Groups`, an array or a tensor. For
            methods that need groups; None: those that the data name.
        method: "dfr" (groups count equally), "afr" (what the model gets wrong counts more),
            "neurontune" (features that go with errors are taken out), "crt" (classes count
            equally), "leace" or "inlp" (what tells the groups of a class apart is taken out).
        settings: of the method, by name or as its dataclass; see `repairing.settings`.
        layer: where the last layer is not linear: the module whose input a linear layer shall read.
            The new network is then a `RepairedClassifier`.
        features: from `last_features(model, data)`, to save the pass.
        seen_in_training: whether the model was trained on `data`; None: unknown, and they are taken
            as seen where it is right on at least 99.9% of 200 examples or more.
        batch_size, num_workers: used where `data` is not a DataLoader.
        progress: draw a bar; by default where standard error is a terminal.
        tell: takes a line for people, as that the features are large.
        seed: for what the method draws.

    Returns:
        A copy of the network inside of wrappers (DataParallel, torch.compile): same class, keys,
        device, precision and modes. `select_model` warns where it is compared on `data`.

    Raises:
        InputError: the data were seen in training, the last layer is not linear, groups are
            missing, too small or of other data, or an argument is wrong.
        DataError: there is no example, or groups are of other data.

    Example:
        >>> import torch
        >>> import earlysieve as es
        >>> x = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))
        >>> y = (x[:, 0] + x[:, 1] > 0).long()
        >>> net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
        >>> repaired = es.repair(net, (x, y), method="crt", seen_in_training=False)
        >>> torch.equal(repaired[0].weight, net[0].weight)
        True
        >>> torch.equal(repaired[2].weight, net[2].weight)
        False
    """
    check_has_weights(model)
    if not isinstance(model, nn.Module):
        raise InputError(
            f"Expected the model to be a torch.nn.Module, but got {type(model).__name__}; pass the "
            "network itself"
        )
    found = repair_method(method)
    chosen = found.settings_from(settings)
    source = opened(data)
    if isinstance(groups, Groups):
        groups.check(source)
    if features is None:
        features = last_features(
            model,
            source,
            layer=layer,
            batch_size=batch_size,
            num_workers=num_workers,
            progress=progress,
            tell=tell,
        )
    else:
        features.check(source, model)
    numbers_of(groups, features)
    check_unseen(features.logits, features.labels, seen_in_training)
    place = features.place
    new = fit_last_layer(features, place.map_of(model), method, chosen, groups, seed=seed)
    repaired = _with_layer(model, place, new)
    if features.identity is not None:
        remember(repaired, features.identity)
    return repaired


def _with_layer(model: nn.Module, place: LastLayer, new: LinearMap) -> nn.Module:
    network = _copy(unwrap(model))
    if place.linear:
        place.put(network, new)
        return network
    device = device_of(network)
    kind = next((p.dtype for p in network.parameters() if p.is_floating_point()), torch.float32)
    bias = None if new.bias is None else new.bias.to(device, kind)
    wrapped = RepairedClassifier(network, place.name, new.weight.to(device, kind), bias)
    wrapped.training = network.training
    wrapped.linear.training = network.training
    return wrapped


def _copy(network: nn.Module) -> nn.Module:
    try:
        return copy.deepcopy(network)
    except Exception as error:  # of a module's own way to be copied
        raise InputError(
            f"Expected a model that can be copied, but copying {type(network).__name__} failed: "
            f"{type(error).__name__}, {one_line(error)}; tensors that it keeps from a pass may be "
            "in the way"
        ) from error
