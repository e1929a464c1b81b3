"""Two methods over the seeds that both have."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from earlysieve.errors import InputError
from earlysieve.groups.over_seeds import paired_over_seeds


@dataclass(frozen=True)
class PairedDifference:
    """The mean of one method minus another, seed by seed.

    Attributes:
        mean: of the differences.
        low, high: of its 95% t-interval; NaN where there is one pair.
        seeds: of the pairs.
        left_out: seeds that one of the two lacks.
    """

    mean: float
    low: float
    high: float
    seeds: tuple[int, ...]
    left_out: tuple[int, ...] = ()

    @property
    def clear(self) -> bool:
        """Whether the interval is known and leaves out 0."""
        return self.low > 0 or self.high < 0

    def __str__(self) -> str:
        """In words."""
        left = f"; {len(self.left_out)} seeds without a partner left out" if self.left_out else ""
        if math.isnan(self.low):
            return f"{self.mean:+.3f} (one seed: no interval{left})"
        span = f"[{self.low:+.3f}, {self.high:+.3f}]"
        return f"{self.mean:+.3f} {span} ({len(self.seeds)} seeds{left})"


def compare_over_seeds(ours: Mapping[int, float], theirs: Mapping[int, float]) -> PairedDifference:
    """The mean of ours minus theirs with its t-interval: Student's paired test, Biometrika 1908.

    mean(d) +- t(0.975, n - 1) s(d) / sqrt(n) over the n seeds of both, d = ours - theirs. It knows
    how runs differ, not how a choice of test examples does. One pair has no interval.

    Args:
        ours, theirs: a figure by seed.

    Raises:
        InputError: no seed has both.

    Example:
        >>> import earlysieve as es
        >>> found = es.compare_over_seeds({0: 0.8, 1: 0.9, 2: 0.85}, {0: 0.7, 1: 0.8, 2: 0.75})
        >>> round(found.mean, 3), found.seeds
        (0.1, (0, 1, 2))
    """
    shared = tuple(sorted(ours.keys() & theirs.keys()))
    if not shared:
        raise InputError(
            f"Expected a seed that both methods have, but got {sorted(ours)} and "
            f"{sorted(theirs)}; train them with the same seeds"
        )
    found = paired_over_seeds([ours[s] for s in shared], [theirs[s] for s in shared])
    alone = tuple(sorted(ours.keys() ^ theirs.keys()))
    return PairedDifference(found.mean, found.low, found.high, shared, alone)
