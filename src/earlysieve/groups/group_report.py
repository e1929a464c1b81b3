"""Accuracy by group with intervals, and the averages that people mean by "average"."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from earlysieve._arrays import Bools, Ints
from earlysieve.errors import InputError
from earlysieve.groups.accuracy import (
    GroupAccuracy,
    accuracy_by_group,
    wilson_interval,
    worst_group,
)

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class GroupReport:
    """How a model does by group.

    Attributes:
        table: one row per group: group, name, n, accuracy, low, high (Wilson interval, 95%).
        average: accuracy over all examples of known group; large groups weigh more.
        reweighted_average: mean of group accuracies, weighted as `reweighted_to` says.
        reweighted_to: "equal groups", or "given shares" (those of the training data, say).
        worst_group: number of the group with the lowest accuracy.
        worst_group_name: its name.
        worst_accuracy: its accuracy.
        gap: best minus worst group accuracy.
        unknown: how many examples have no known group; they are left out.
    """

    table: "pd.DataFrame"
    average: float
    reweighted_average: float
    reweighted_to: str
    worst_group: int
    worst_group_name: str
    worst_accuracy: float
    gap: float
    unknown: int


def group_report(
    correct: Bools,
    groups: Ints,
    names: Sequence[str] = (),
    shares: Mapping[int, float] | None = None,
) -> GroupReport | None:
    """Group accuracies with Wilson intervals.

    Args:
        correct: whether the model is right, shape (N,).
        groups: group of each example, shape (N,), -1 where unknown.
        names: name of group 0, 1, ...; numbers serve where names are missing.
        shares: weight of each group in `reweighted_average`, such as its share of the training
            data (the average of Sagawa et al., ICLR 2020); equal weights where None. Weights of
            groups without examples are left out and the others scaled up.

    Returns:
        None where no group is known.

    Raises:
        InputError: a share is missing or negative, or all are zero.
    """
    import pandas as pd

    found = accuracy_by_group(correct, groups)
    worst = worst_group(found)
    if worst is None:
        return None
    numbers = list(found)
    accuracies = [found[group].accuracy for group in numbers]
    table = pd.DataFrame([_row(group, found[group], names) for group in numbers])
    known = groups >= 0
    return GroupReport(
        table=table,
        average=float(correct[known].mean()),
        reweighted_average=float(np.average(accuracies, weights=_weights(numbers, shares))),
        reweighted_to="equal groups" if shares is None else "given shares",
        worst_group=worst,
        worst_group_name=_name(worst, names),
        worst_accuracy=found[worst].accuracy,
        gap=max(accuracies) - min(accuracies),
        unknown=int((~known).sum()),
    )


def _name(group: int, names: Sequence[str]) -> str:
    return names[group] if group < len(names) else f"group {group}"


def _row(group: int, found: GroupAccuracy, names: Sequence[str]) -> dict[str, object]:
    low, high = wilson_interval(found.correct, found.size)
    return {
        "group": group,
        "name": _name(group, names),
        "n": found.size,
        "accuracy": found.accuracy,
        "low": low,
        "high": high,
    }


def _weights(numbers: Sequence[int], shares: Mapping[int, float] | None) -> list[float]:
    if shares is None:
        return [1.0] * len(numbers)
    missing = [g for g in numbers if g not in shares]
    weights = [float(shares.get(g, 0.0)) for g in numbers]
    if missing or min(weights) < 0 or sum(weights) <= 0:
        raise InputError(
            f"Expected a share of at least 0 for each of the groups {list(numbers)}, but got "
            f"{dict(shares)}; give one positive number per group"
        )
    return weights
