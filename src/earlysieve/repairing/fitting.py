"""Fit a last layer to features that are there: once, or by parts of them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from earlysieve.datasets.example_groups import Groups, as_groups
from earlysieve.errors import InputError
from earlysieve.readouts.folds import assign_folds
from earlysieve.repairing.cells import SmallGroupError
from earlysieve.repairing.features import LastFeatures
from earlysieve.repairing.linear_map import LinearMap, Problem
from earlysieve.repairing.registry import repair_method

AnyGroups = Groups | Tensor | npt.NDArray[np.integer]
Layer = LinearMap | tuple[Tensor, Tensor | None]


def fit_last_layer(
    features: LastFeatures,
    old: Layer | None,
    method: str,
    settings: Any = None,
    groups: AnyGroups | None = None,
    *,
    rows: Tensor | None = None,
    seed: int = 0,
) -> LinearMap:
    """Fit a last layer with a repair method.

    Args:
        features: of N examples that the model has not seen.
        old: weight (C, D) and bias (C,) or None of the layer that is replaced; None: it was not
            linear.
        method: of `registry.REPAIR_METHODS`.
        settings: by name, or an instance of the method's dataclass; None: its defaults.
        groups: numbers, shape (N,), -1 where unknown; None: those that the data name, if any.
        rows: int64, the examples that it is fitted to; None: all.
        seed: for what the method draws.

    Returns:
        The layer, in the precision of the old one, else float32; without a bias where there was
        none.

    Raises:
        InputError: a setting is wrong, groups do not fit, or the method cannot do with these data.
    """
    found = repair_method(method)
    chosen = found.settings_from(settings)
    problem = _problem(features, _as_map(old), numbers_of(groups, features), rows, seed)
    if isinstance(groups, Groups):
        problem = replace(problem, group_names=groups.names)
    new = found.fit(problem, chosen)
    kind = torch.float32 if old is None else old[0].dtype
    return LinearMap(new.weight.to(kind), None if new.bias is None else new.bias.to(kind))


def cross_fitted_logits(
    features: LastFeatures,
    old: Layer | None,
    method: str,
    settings: Any = None,
    groups: AnyGroups | None = None,
    *,
    folds: int = 5,
    seed: int = 0,
    check: Callable[[float], None] = lambda _: None,
) -> Tensor:
    """The logits of each example by a last layer that was fitted to the other folds.

    Args:
        features, old, method, settings, groups, seed: see `fit_last_layer`.
        folds: at least 2; each has its share of every label within every group.
        check: called before each fold with the share of folds that are done; what it raises ends
            the fit.

    Returns:
        float32, shape (N, C).

    Raises:
        InputError: as for `fit_last_layer`, or for some fold, which is named.
    """
    fold_of = repair_folds(features, groups, folds=folds, seed=seed)
    logits = torch.empty_like(features.logits)
    for fold in range(folds):
        check(fold / folds)
        rows = (fold_of != fold).nonzero().squeeze(1)
        try:
            new = fit_last_layer(features, old, method, settings, groups, rows=rows, seed=seed)
        except SmallGroupError as error:
            found = f"Without fold {fold + 1} of {folds}: {error.found}"
            raise SmallGroupError(found, error.smallest) from error
        except InputError as error:
            raise InputError(f"Without fold {fold + 1} of {folds}: {error}") from error
        held_out = fold_of == fold
        bias = None if new.bias is None else new.bias.float()
        logits[held_out] = LinearMap(new.weight.float(), bias)(features.features[held_out])
    return logits


def repair_folds(
    features: LastFeatures, groups: AnyGroups | None = None, *, folds: int = 5, seed: int = 0
) -> Tensor:
    """The folds of `cross_fitted_logits`: int64, shape (N,), values in [0, folds).

    Raises:
        InputError: fewer than two folds, or fewer examples than folds.
    """
    if folds < 2:
        raise InputError(
            f"Expected at least 2 folds, but got {folds}; with one, nothing would be left to fit"
        )
    numbers = numbers_of(groups, features)
    if numbers is None:
        return assign_folds(features.labels, folds, seed)
    pairs = torch.stack([numbers, features.labels], 1)
    return assign_folds(torch.unique(pairs, dim=0, return_inverse=True)[1], folds, seed)


def numbers_of(groups: AnyGroups | None, features: LastFeatures) -> Tensor | None:
    """Groups of the features' examples, int64, shape (N,); None where none is known.

    Raises:
        InputError: they are not one number per example, or are of other data.
    """
    if groups is None:
        return features.groups
    found = as_groups(groups)
    if len(found) != len(features):
        raise InputError(
            f"Expected groups of {len(features)} examples, but got {len(found)}; pass one per "
            "example, in the order of the data"
        )
    if None not in (found.identity, features.identity) and found.identity != features.identity:
        raise InputError(
            "Expected groups of these data, but they are of others; infer groups of these very "
            "data, in the same split"
        )
    return found.numbers


def _problem(
    features: LastFeatures,
    old: LinearMap | None,
    groups: Tensor | None,
    rows: Tensor | None,
    seed: int,
) -> Problem:
    shape = (features.logits.shape[1], features.features.shape[1])
    if old is not None and tuple(old.weight.shape) != shape:
        raise InputError(
            f"Expected the weight of the old layer of shape {shape}, as features and logits have, "
            f"but got {tuple(old.weight.shape)}; pass that of the model whose features these are"
        )
    where = slice(None) if rows is None else rows
    return Problem(
        features.features[where],
        features.labels[where],
        features.logits[where],
        old,
        None if groups is None else groups[where],
        features.has_bias,
        seed,
    )


def _as_map(old: Layer | None) -> LinearMap | None:
    if old is None:
        return None
    weight, bias = old
    return LinearMap(weight.detach().cpu(), None if bias is None else bias.detach().cpu())
