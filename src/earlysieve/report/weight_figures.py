"""What the weights of the training examples come to, epoch by epoch."""

import math
from collections.abc import Iterator, Sequence
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


def check_shapes(history: Sequence[ArrayLike]) -> int:
    """How many weights there are in every epoch.

    Raises:
        InputError: there are no epochs, or not the same number of weights in all.
    """
    shapes = [tuple(np.shape(weights)) for weights in history]
    if len(set(shapes)) != 1 or len(shapes[0]) != 1 or not shapes[0][0]:
        raise InputError(
            "Expected for each epoch one weight per example, the same number in all, but got "
            f"shapes {shapes}; pass the weights of a method after every epoch"
        )
    return int(shapes[0][0])


def each_epoch(history: Sequence[ArrayLike]) -> Iterator[Floats]:
    """The weights of one epoch after the other, so that only those of one are copied at a time.

    Raises:
        InputError: a weight is negative or not finite.
    """
    for weights in history:
        values = np.asarray(weights, dtype=np.float64)
        if not np.isfinite(values).all() or (values < 0).any():
            raise InputError(
                "Expected weights that are finite and not negative, but some are not; "
                "pass the weights as the method has them"
            )
        yield values


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
