"""Accuracy by group or class of weighted examples, and what differs between groups."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from earlysieve._arrays import Bools, Floats, Ints
from earlysieve.errors import InputError


@dataclass(frozen=True)
class RateGap:
    """How much a class's true positive rate differs between groups.

    Attributes:
        label: the class.
        gap: the highest rate minus the lowest, in [0, 1]; 0 where one group has examples.
        lowest, highest: numbers of these groups.
        rates: by group that has examples of the class.
    """

    label: int
    gap: float
    lowest: int
    highest: int
    rates: Mapping[int, float]


def tpr_gaps(prediction: Ints, labels: Ints, groups: Ints) -> list[RateGap]:
    """The gap in true positive rates between groups, for each class that occurs.

    TPR(y, g) = P(prediction is y | label is y, group is g), and the gap of y is max over g minus
    min over g: De-Arteaga et al., "Bias in Bios", FAT* 2019, for any number of groups
    (equality of opportunity: Hardt, Price and Srebro, NeurIPS 2016). Groups that are made
    of label and attribute do as well: within a class they differ by the attribute.

    Args:
        prediction, labels: shape (N,).
        groups: shape (N,), -1 where unknown, which is left out.
    """
    found = []
    for label in np.unique(labels[groups >= 0]).tolist():
        mine = (labels == label) & (groups >= 0)
        numbers = np.unique(groups[mine]).tolist()
        rates = {g: float((prediction[mine & (groups == g)] == label).mean()) for g in numbers}
        low, high = min(numbers, key=rates.__getitem__), max(numbers, key=rates.__getitem__)
        found.append(RateGap(label, rates[high] - rates[low], low, high, rates))
    return found


@dataclass(frozen=True, eq=False)
class WeighedCells:
    """Cells of examples, such as groups, whose accuracies are wanted for many weightings.

    Attributes:
        numbers: of the cells, ascending, shape (K,).
        known: which examples are in one, shape (N,).
        place: the cell of each of these.
        right: whether each of these is right, as 0 or 1.
    """

    numbers: Ints
    known: Bools
    place: Ints
    right: Floats

    @classmethod
    def of(cls, right: Bools, cells: Ints) -> "WeighedCells":
        """The cells of examples that are right or not, -1 where in none; both of shape (N,)."""
        known = cells >= 0
        numbers, place = np.unique(cells[known], return_inverse=True)
        return cls(numbers, known, place, right[known].astype(np.float64))

    def accuracies(self, weights: Floats) -> Floats:
        """The accuracy of each cell, shape (K,); NaN where weights, shape (N,), leave nothing."""
        mine = weights[self.known]
        total = np.bincount(self.place, weights=mine, minlength=len(self.numbers))
        hits = np.bincount(self.place, weights=mine * self.right, minlength=len(self.numbers))
        found = np.full(len(total), np.nan)
        np.divide(hits, total, out=found, where=total > 0)
        return found


def reweighted(accuracies: Floats, shares: Floats) -> float:
    """sum_g share_g accuracy_g / sum_g share_g over the cells that have an accuracy.

    With shares of the training data this is the average of Sagawa et al., "Distributionally Robust
    Neural Networks for Group Shifts", ICLR 2020: test groups are not as frequent as
    training groups, so that raw averages cannot be compared with these.

    Args:
        accuracies: shape (K,), NaN where unknown.
        shares: shape (K,), >= 0.

    Returns:
        NaN where no cell with an accuracy has a share.
    """
    known = ~np.isnan(accuracies)
    total = float(shares[known].sum())
    return float((accuracies[known] * shares[known]).sum()) / total if total > 0 else float("nan")


def shares_of(groups: Ints) -> dict[int, float]:
    """The share of each group that occurs, of the examples of known group (-1: unknown)."""
    numbers, counts = np.unique(groups[groups >= 0], return_counts=True)
    total = int(counts.sum())
    return {int(g): int(n) / total for g, n in zip(numbers, counts, strict=True)}


def shares_for(numbers: Ints, shares: Mapping[int, float]) -> Floats:
    """The shares of these groups, 0 where one is not named, shape (K,).

    Raises:
        InputError: one is negative or not finite, or all are 0.
    """
    found = np.array([float(shares.get(int(g), 0.0)) for g in numbers])
    if not np.isfinite(found).all() or (found < 0).any() or not found.any():
        raise InputError(
            f"Expected shares of at least 0, not all of them 0, of the groups {numbers.tolist()}, "
            f"but got {dict(shares)}; give the groups' shares of the training data"
        )
    return found
