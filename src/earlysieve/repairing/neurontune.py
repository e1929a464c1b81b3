"""NeuronTune: features that are larger where the model errs are taken out."""

import torch
from torch import Tensor

from earlysieve.errors import InputError
from earlysieve.repairing.crt import class_balanced
from earlysieve.repairing.linear_map import LinearMap, Problem
from earlysieve.repairing.settings import NeuronTuneSettings


def fit_neurontune(problem: Problem, settings: NeuronTuneSettings) -> LinearMap:
    """Refit a class-balanced last layer without the features that go with errors.

    delta[c, j] = median of feature j over examples of class c that the model gets wrong, minus that
    over those that it gets right. Feature j is biased where delta exceeds the threshold in every
    class (or in any) that has both; its weights are 0 afterwards.

    Source: Zheng, Ye and Zhang, "NeuronTune: Towards Self-Guided Spurious Bias Mitigation", ICML
    2025, arXiv 2505.24048.

    Raises:
        InputError: the model makes no mistakes or nothing else, all features are biased, or there
            is no example of a class.
    """
    wrong = problem.logits.argmax(1) != problem.labels
    delta = spuriousness(problem.features, problem.labels, wrong, problem.num_classes)
    biased = biased_features(delta, settings.threshold, every=settings.biased_in == "every")
    if bool(biased.all()):
        raise InputError(
            f"Expected features that do not go with errors, but all {len(biased)} do; raise the "
            "threshold, or set biased_in='every'"
        )
    kept = class_balanced(problem, problem.features[:, ~biased], settings.strength)
    weight = kept.weight.new_zeros(problem.num_classes, len(biased))
    weight[:, ~biased] = kept.weight
    return LinearMap(weight, kept.bias)


def spuriousness(features: Tensor, labels: Tensor, wrong: Tensor, num_classes: int) -> Tensor:
    """delta, float64, shape (C, D); NaN for classes with no wrong or no right answers.

    Args:
        features: shape (N, D).
        labels: int64, shape (N,).
        wrong: bool, shape (N,), where the model errs.
        num_classes: C.

    Raises:
        InputError: no class has both.
    """
    delta = torch.full((num_classes, features.shape[1]), torch.nan, dtype=torch.float64)
    for c in range(num_classes):
        here = labels == c
        failing, fine = features[here & wrong], features[here & ~wrong]
        if len(failing) and len(fine):
            delta[c] = _median(failing) - _median(fine)
    if bool(delta.isnan().all()):
        raise InputError(
            "Expected classes in which the model is sometimes right and sometimes wrong, but got "
            f"{int(wrong.sum())} errors among {len(wrong)} examples and no such class; use more "
            "held-out data, or another method, such as 'afr'"
        )
    return delta


def biased_features(delta: Tensor, threshold: float, *, every: bool) -> Tensor:
    """Which features are biased in every class that says something, or in any: bool, shape (D,)."""
    above = delta[~delta.isnan().any(1)] > threshold
    return above.all(0) if every else above.any(0)


def _median(values: Tensor) -> Tensor:
    """The middle value of each column, the mean of two where there are two; float64."""
    columns, count = values.T.contiguous(), len(values)
    lower = columns.kthvalue((count + 1) // 2, 1).values.double()
    if count % 2:
        return lower
    return (lower + columns.kthvalue(count // 2 + 1, 1).values.double()) / 2
