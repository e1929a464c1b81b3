"""Automatic feature reweighting: what the old model gets wrong counts more."""

import torch
from torch import Tensor

from earlysieve.errors import InputError
from earlysieve.repairing.cells import class_weights
from earlysieve.repairing.linear_map import LinearMap, Problem
from earlysieve.repairing.multinomial import fit_multinomial
from earlysieve.repairing.settings import AFRSettings
from earlysieve.repairing.standardised import Scale
from earlysieve.repairing.weighted_loss import WeightedLoss


def fit_afr(problem: Problem, settings: AFRSettings) -> LinearMap:
    """Move the old layer: min over theta of sum_i w_i CE_i + pull / 2 ||theta - theta_old||^2.

    w_i is proportional to exp(-gamma p_i) / n_c, p_i the old model's probability of the label and
    n_c the size of its class (1 without `class_balanced`), with sum 1.

    Source: Qiu, Potapczynski, Izmailov and Wilson, "Simple and Fast Group Robustness by Automatic
    Feature Reweighting", ICML 2023, arXiv 2306.11074, which takes some hundred gradient steps where
    this takes the minimum, and measures the pull in the features' own units where this takes
    standardised ones.

    Raises:
        InputError: the old layer is not linear.
    """
    if problem.old is None:
        raise InputError(
            "Expected a linear last layer for the method 'afr', which stays near it, but the model "
            "has none; use another method: 'dfr', 'neurontune', 'crt'"
        )
    scale = Scale.of(problem.features, centred=problem.bias)
    weights = afr_weights(
        problem.logits, problem.labels, settings.gamma, class_balanced=settings.class_balanced
    )
    loss = WeightedLoss(scale.apply(problem.features), problem.labels, weights, problem.num_classes)
    old = scale.inward(problem.old)
    new = fit_multinomial(loss, settings.pull, centre=old, bias=problem.bias)
    # The move alone goes back, so that where nothing moved every bit of the old layer stays.
    move = LinearMap(
        new.weight - old.weight,
        None if new.bias is None or old.bias is None else new.bias - old.bias,
    )
    return _sum(problem.old, scale.outward(move))


def afr_weights(
    logits: Tensor, labels: Tensor, gamma: float, *, class_balanced: bool = True
) -> Tensor:
    """Weights of the examples, float64, shape (N,), with sum 1.

    Args:
        logits: of the old model, shape (N, C).
        labels: int64, shape (N,).
        gamma: >= 0; 0: weights differ by class only.
        class_balanced: whether to divide by the sizes of the classes.
    """
    told = torch.softmax(logits.double(), 1).gather(1, labels[:, None]).squeeze(1)
    weights = torch.exp(-gamma * told)
    if class_balanced:
        weights = weights * class_weights(labels)
    return weights / weights.sum()


def _sum(old: LinearMap, move: LinearMap) -> LinearMap:
    bias = None if old.bias is None or move.bias is None else old.bias.double() + move.bias
    return LinearMap(old.weight.double() + move.weight, bias)
