"""Accuracy by group: the one place where it is computed."""

import math
from dataclasses import dataclass

import numpy as np

from earlysieve._arrays import Bools, Floats, Ints

CONFIDENCE = 0.95
_Z = 1.959963984540054  # the normal quantile of 0.975


@dataclass(frozen=True)
class GroupAccuracy:
    """How many examples of a group there are, and how many of them the model gets right."""

    size: int
    correct: int

    @property
    def accuracy(self) -> float:
        """Share of the group that is right, in [0, 1]."""
        return self.correct / self.size


def accuracy_by_group(correct: Bools, groups: Ints) -> dict[int, GroupAccuracy]:
    """The accuracy in each group that occurs, by ascending number.

    Args:
        correct: whether the model is right, shape (N,).
        groups: group of each example, shape (N,); -1 where unknown, which is left out.
    """
    known = groups >= 0
    numbers, place = np.unique(groups[known], return_inverse=True)
    sizes = np.bincount(place, minlength=len(numbers))
    right = np.bincount(place[correct[known]], minlength=len(numbers))
    return {
        int(group): GroupAccuracy(int(size), int(hits))
        for group, size, hits in zip(numbers, sizes, right, strict=True)
    }


def worst_group(found: dict[int, GroupAccuracy]) -> int | None:
    """The number of the group with the lowest accuracy, the first of equals; None without any."""
    return min(found, key=lambda group: (found[group].accuracy, group), default=None)


def wilson_interval(successes: int, count: int) -> tuple[float, float]:
    """Wilson score interval of a share, at 95%."""
    from scipy.stats import binomtest

    interval = binomtest(successes, count).proportion_ci(CONFIDENCE, method="wilson")
    return float(interval.low), float(interval.high)


def wilson_bounds(share: float, count: float) -> tuple[float, float]:
    """As `wilson_interval`, for a share of `count` examples that need not be a whole number.

    Args:
        share: in [0, 1].
        count: above 0, such as the effective number of weighted examples.
    """
    middle = share + _Z**2 / (2 * count)
    half = _Z * math.sqrt(share * (1 - share) / count + _Z**2 / (4 * count**2))
    low, high = ((middle + side) / (1 + _Z**2 / count) for side in (-half, half))
    return max(low, 0.0), min(high, 1.0)


def wilson_lower_bounds(shares: Floats, counts: Ints | Floats, deviations: float = _Z) -> Floats:
    """The lower ends of Wilson's intervals, 95%, of many shares.

    Args:
        shares: in [0, 1].
        counts: examples of which they are shares, each >= 1; of a shape that goes with `shares`.
        deviations: how many standard deviations an interval reaches; by default those of 95%.
    """
    middle = shares + deviations**2 / (2 * counts)
    half = deviations * np.sqrt(shares * (1 - shares) / counts + deviations**2 / (4 * counts**2))
    return np.asarray(np.maximum((middle - half) / (1 + deviations**2 / counts), 0.0))


def bounds_of_mean(shares: Floats, counts: Ints) -> tuple[float, float]:
    """Interval, 95%, of the unweighted mean of independent shares, from Wilson's of each.

    The distances to the ends add as squares: Zou and Donner, "Construction of confidence limits
    about effect measures: A general approach", Statistics in Medicine 2008, eq. 6; of two shares it
    is Newcombe's tenth method.

    Args:
        shares: in [0, 1], shape (G,).
        counts: examples of which they are shares, shape (G,), each >= 1.
    """
    each = [wilson_bounds(float(p), int(n)) for p, n in zip(shares, counts, strict=True)]
    low, high = np.array(each).T
    middle, size = float(np.mean(shares)), len(shares)
    below, above = (float(np.linalg.norm(shares - end)) / size for end in (low, high))
    return middle - below, middle + above
