"""The mean of a figure over seeds, with its t-interval."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

LEVEL = 0.95


@dataclass(frozen=True)
class OverSeeds:
    """A mean over seeds.

    Attributes:
        mean: of the figures.
        low, high: of its 95% t-interval; NaN where there is one seed.
        seeds: how many.
    """

    mean: float
    low: float
    high: float
    seeds: int


def over_seeds(values: Sequence[float]) -> OverSeeds:
    """The mean and the 95% t-interval of independent figures, of which there is at least one.

    The interval knows the seeds, not the choice of examples.
    """
    from scipy import stats

    n = len(values)
    mean = math.fsum(values) / n
    if n < 2:
        return OverSeeds(mean, math.nan, math.nan, n)
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1))
    half = float(stats.t.ppf(0.5 + LEVEL / 2, n - 1)) * deviation / math.sqrt(n)
    return OverSeeds(mean, mean - half, mean + half, n)


def paired_over_seeds(ours: Sequence[float], theirs: Sequence[float]) -> OverSeeds:
    """The mean of ours minus theirs, seed by seed, with its interval."""
    return over_seeds([a - b for a, b in zip(ours, theirs, strict=True)])
