"""Reliance, from which examples are right and what the cue says of each.

Reliance is accuracy where the cue agrees with the label minus accuracy where it conflicts, with cue
and label independent. Independence is drawn, or made by weights: each class counts the same on both
sides, and within a class each value of the cue.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from earlysieve._arrays import Bools, Floats, Ints
from earlysieve.errors import DataError
from earlysieve.groups.accuracy import wilson_bounds


@dataclass(frozen=True)
class Reliance:
    """Accuracy where the cue agrees minus where it fails, the cue independent of the label.

    Attributes:
        agrees: accuracy where the cue says the label, in [0, 1].
        fails: accuracy where it says another class; `fails_low`, `fails_high`: its 95% interval.
        difference: `agrees` minus `fails`: the reliance, in [-1, 1].
        low, high: its 95% interval, by Newcombe's square-and-add of two Wilson intervals; with
            weights these are of the effective number of examples.
        agreeing, failing: how many examples there are of either kind.
    """

    agrees: float
    fails: float
    fails_low: float
    fails_high: float
    difference: float
    low: float
    high: float
    agreeing: int
    failing: int


def reliance(right: Bools, agrees: Bools, weights: Floats | None = None) -> Reliance:
    """The reliance, from which examples are right and in which the cue agrees.

    Args:
        right: whether the model is right, shape (N,).
        agrees: whether the cue says the label, shape (N,).
        weights: >= 0, shape (N,); None: all alike.

    Raises:
        DataError: the cue never agrees, or never fails.
    """
    if not agrees.any() or agrees.all():
        lack = "agrees" if not agrees.any() else "conflicts"
        raise DataError(
            "Expected examples where the cue agrees with the label and such where it conflicts, "
            f"but there is none where it {lack}; add some, or draw the cue independently of the "
            "label"
        )
    a, a_low, a_high = share_with_interval(right, agrees, weights)
    f, f_low, f_high = share_with_interval(right, ~agrees, weights)
    return Reliance(
        agrees=a,
        fails=f,
        fails_low=f_low,
        fails_high=f_high,
        difference=a - f,
        low=a - f - math.hypot(a - a_low, f_high - f),
        high=a - f + math.hypot(a_high - a, f - f_low),
        agreeing=int(agrees.sum()),
        failing=int((~agrees).sum()),
    )


def share_with_interval(
    hits: Bools, among: Bools, weights: Floats | None = None
) -> tuple[float, float, float]:
    """The weighted share of `hits` in `among`, and its 95% Wilson interval.

    The effective number of examples is (sum of weights)^2 / (sum of their squares).
    """
    w = np.ones(int(among.sum())) if weights is None else weights[among]
    total = float(w.sum())
    share = min(float(w[hits[among]].sum()) / total, 1.0)
    return share, *wilson_bounds(share, total**2 / float((w**2).sum()))


UNKNOWN = -1


def all_but(classes: ArrayLike) -> Ints:
    """The values of a cue that speaks against a class: of 0, 1, 2 they are -2, -3, -4.

    A mark that lies on photographs of one class says that class; where it is absent it says any
    other.

    Args:
        classes: >= 0, any shape.
    """
    return -2 - np.asarray(classes, np.int64)


def agrees_with(labels: Ints, values: Ints) -> Bools:
    """Whether a cue says the label, or speaks against another class, shape (N,).

    Args:
        labels: shape (N,).
        values: the class that the cue says, or `all_but` one; `UNKNOWN` agrees with nothing.
    """
    against = (values < UNKNOWN) & (all_but(labels) != values)
    found: Bools = (values == labels) | against
    return found


def balanced_cells(labels: Ints, values: Ints) -> tuple[Floats, tuple[int, ...]]:
    """Weights under which cue and class are independent as far as these examples allow.

    On either side, agreeing and conflicting, each class weighs the same, and within a class each
    value of the cue. Classes that lack one side tell nothing and weigh 0.

    Args:
        labels: shape (N,).
        values: see `agrees_with`, shape (N,); unknown ones weigh 0.

    Returns:
        Weights, shape (N,); and the classes that were left out.
    """
    weights = np.zeros(len(labels))
    left_out = []
    agrees = agrees_with(labels, values)
    for label in np.unique(labels):
        mine = (labels == label) & (values != UNKNOWN)
        sides = [np.unique(values[mine & side]) for side in (agrees, ~agrees)]
        if not all(map(len, sides)):
            left_out.append(int(label))
            continue
        for side in sides:
            for value in side:
                cell = mine & (values == value)
                weights[cell] = 1 / (len(side) * cell.sum())
    return weights, tuple(left_out)


@dataclass(frozen=True)
class Agreement:
    """How often the model says what the cue says, the cue independent of the label.

    The measure of Scimeca et al., "Which Shortcut Cues Will DNNs Choose?", ICLR 2022, by which
    equally predictive cues are compared.

    Attributes:
        share: in [0, 1], each class and each value of the cue weighing the same; `low`, `high`: its
            95% interval.
        chance: 1 / L for L classes.
    """

    share: float
    low: float
    high: float
    chance: float


def agreement(prediction: Ints, labels: Ints, values: Ints, num_classes: int) -> Agreement:
    """How often the model says what the cue says.

    Args:
        prediction, labels: shape (N,).
        values: the class that the cue says, shape (N,); where it is unknown, or speaks against a
            class, they are left out.
        num_classes: L.
    """
    known = values >= 0
    cells = labels * (int(values.max(initial=0)) + 1) + values
    _, place, counts = np.unique(cells[known], return_inverse=True, return_counts=True)
    weights = np.zeros(len(labels))
    weights[known] = 1 / counts[place]
    share, low, high = share_with_interval(prediction == values, known, weights)
    return Agreement(share, low, high, 1 / num_classes)
