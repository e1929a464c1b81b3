"""Intervals of any figure of examples, by drawing these again."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from earlysieve._arrays import Floats

LEVEL = 0.95
DRAWS = 1000


@dataclass(frozen=True, eq=False)
class Drawn:
    """Figures of the examples, and of draws of them.

    Attributes:
        values: of the examples as they are, shape (K,).
        draws: of each draw, shape (draws, K).
    """

    values: Floats
    draws: Floats

    def intervals(self) -> tuple[Floats, Floats]:
        """Lower and upper ends of the basic bootstrap intervals, 95%, shape (K,) each.

        [2 v - q_97.5, 2 v - q_2.5] with v the value and q the quantiles of the draws: Davison and
        Hinkley, "Bootstrap Methods and their Application", 1997, equation (5.6). Calibration
        errors and gaps are larger in draws than they are in the examples; this allows for it,
        where plain quantiles would count it twice. For the same reason the value itself may lie
        beyond an end, which is then moved there. NaN where a draw has no figure.
        """
        tail = (1 - LEVEL) / 2
        low, high = np.quantile(self.draws, [tail, 1 - tail], axis=0)
        ends = 2 * self.values - high, 2 * self.values - low
        return np.minimum(ends[0], self.values), np.maximum(ends[1], self.values)


def bootstrap(
    figures: Callable[[Floats], Floats], size: int, *, draws: int = DRAWS, seed: int = 0
) -> Drawn:
    """Draw `size` examples with replacement, `draws` times.

    All figures are of the same draws, so that differences between them are paired.

    Args:
        figures: from how often each example counts, float64 (size,), to K figures.
        size: examples, >= 1.
        draws: how many.
        seed: of a generator of its own.
    """
    rng = np.random.default_rng(seed)
    values = figures(np.ones(size))
    found = [
        figures(np.bincount(rng.integers(0, size, size), minlength=size).astype(np.float64))
        for _ in range(draws)
    ]
    return Drawn(values, np.reshape(found, (draws, len(values))))
