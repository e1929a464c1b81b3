"""Accuracy by group with intervals, and the averages that people mean by "average"."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from earlysieve.auditing.scores import Bools, Ints
from earlysieve.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

CONFIDENCE = 0.95


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

    known = groups >= 0
    if not known.any():
        return None
    numbers = np.unique(groups[known])
    rows = [_row(int(g), correct[groups == g], names) for g in numbers]
    table = pd.DataFrame(rows)
    accuracy = table["accuracy"].to_numpy()
    worst = int(accuracy.argmin())
    return GroupReport(
        table=table,
        average=float(correct[known].mean()),
        reweighted_average=float(np.average(accuracy, weights=_weights(numbers, shares))),
        reweighted_to="equal groups" if shares is None else "given shares",
        worst_group=int(numbers[worst]),
        worst_group_name=str(table["name"][worst]),
        worst_accuracy=float(accuracy[worst]),
        gap=float(accuracy.max() - accuracy.min()),
        unknown=int((~known).sum()),
    )


def wilson_interval(successes: int, count: int) -> tuple[float, float]:
    """Wilson score interval of a share, at 95%."""
    from scipy.stats import binomtest

    interval = binomtest(successes, count).proportion_ci(CONFIDENCE, method="wilson")
    return float(interval.low), float(interval.high)


def _row(group: int, correct: Bools, names: Sequence[str]) -> dict[str, object]:
    low, high = wilson_interval(int(correct.sum()), len(correct))
    name = names[group] if group < len(names) else f"group {group}"
    accuracy = float(correct.mean())
    return {
        "group": group,
        "name": name,
        "n": len(correct),
        "accuracy": accuracy,
        "low": low,
        "high": high,
    }


def _weights(numbers: Ints, shares: Mapping[int, float] | None) -> list[float]:
    if shares is None:
        return [1.0] * len(numbers)
    missing = [int(g) for g in numbers if int(g) not in shares]
    weights = [float(shares.get(int(g), 0.0)) for g in numbers]
    if missing or min(weights) < 0 or sum(weights) <= 0:
        raise InputError(
            f"Expected a share of at least 0 for each of the groups {numbers.tolist()}, but got "
            f"{dict(shares)}; give one positive number per group"
        )
    return weights
