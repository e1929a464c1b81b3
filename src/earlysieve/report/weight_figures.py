"""What the weights of the training examples come to, epoch by epoch."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from earlysieve._arrays import Floats, Ints
from earlysieve.errors import InputError


@dataclass(frozen=True)
class EpochFigures:
    """The weights that were in force in one epoch.

    Attributes:
        share_up: share of the examples with a weight above 1, in [0, 1].
        mean_up: mean weight of these; NaN where there are none.
        top_share: share of the total weight that the heaviest 1% of the examples (one at least)
            hold, in [0, 1].
        group_means: mean weight of each group, in their order; NaN for an empty one.
    """

    share_up: float
    mean_up: float
    top_share: float
    group_means: tuple[float, ...]


def epoch_figures(weights: Floats, groups: Ints, num_groups: int) -> EpochFigures:
    """The figures of one epoch.

    Args:
        weights: one per example, >= 0.
        groups: group of each example, -1 where unknown.
        num_groups: how many groups there are.
    """
    up = weights > 1
    heaviest = np.sort(weights)[::-1][: max(1, math.ceil(0.01 * len(weights)))]
    total = float(weights.sum())
    return EpochFigures(
        share_up=float(up.mean()),
        mean_up=_mean(weights[up]),
        top_share=float(heaviest.sum()) / total if total > 0 else 0.0,
        group_means=tuple(_mean(weights[groups == group]) for group in range(num_groups)),
    )


def checked_history(history: Sequence[ArrayLike]) -> Sequence[Floats]:
    """The weights of every epoch as arrays of one length.

    Raises:
        InputError: there are none, or a weight is negative or not finite.
    """
    arrays = [np.asarray(weights, dtype=np.float64) for weights in history]
    shapes = {weights.shape for weights in arrays}
    if len(shapes) != 1 or len(arrays[0].shape) != 1 or not len(arrays[0]):
        raise InputError(
            "Expected for each epoch one weight per example, the same number in all, but got "
            f"shapes {[weights.shape for weights in arrays]}; pass the weights of a method after "
            "every epoch"
        )
    if any(not np.isfinite(weights).all() or (weights < 0).any() for weights in arrays):
        raise InputError(
            "Expected weights that are finite and not negative, but some are not; "
            "pass the weights as the method has them"
        )
    return arrays


def checked_numbers(numbers: ArrayLike | None, count: int, what: str, lowest: int) -> Ints:
    """One label or group per example; `lowest` everywhere where none are given.

    Raises:
        InputError: there is not one per example, or one is no integer or below `lowest`.
    """
    if numbers is None:
        return np.full(count, lowest, dtype=np.int64)
    array = np.asarray(numbers)
    if array.shape != (count,) or array.dtype.kind not in "iu" or (array < lowest).any():
        raise InputError(
            f"Expected {what} as {count} integers of at least {lowest}, one for each weight, but "
            f"got {array.dtype} of shape {array.shape}; pass those of the training data"
        )
    return array.astype(np.int64)


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else math.nan
