"""Paired timings within one run: alternate the candidates, report medians and the ratio."""

import time
from collections.abc import Callable, Mapping

import numpy as np


def paired(
    candidates: Mapping[str, Callable[[], object]],
    repeats: int = 7,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """Median seconds of each candidate; all are run once, then in turn `repeats` times.

    Each turn begins with another candidate, so that none always follows the same one.
    """
    names = list(candidates)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(repeats + 1):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            start = clock()
            candidates[name]()
            if turn:
                seconds[name].append(clock() - start)
    return {name: float(np.median(values)) for name, values in seconds.items()}


def show(medians: Mapping[str, float], base: str) -> None:
    """Print seconds and ratios to `base`."""
    for name, value in medians.items():
        print(f"{name:<44} {value:9.4f} s   {value / medians[base]:6.3f} x {base}")
