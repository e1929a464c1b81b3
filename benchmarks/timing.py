"""Paired timings within one run: alternate the candidates, report medians and the ratio."""

import time
from collections.abc import Callable, Mapping

import numpy as np


def paired(candidates: Mapping[str, Callable[[], object]], repeats: int = 7) -> dict[str, float]:
    """Median seconds of each candidate; all are run once, then in turn `repeats` times."""
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    for turn in range(repeats + 1):
        for name, call in candidates.items():
            start = time.perf_counter()
            call()
            if turn:
                seconds[name].append(time.perf_counter() - start)
    return {name: float(np.median(values)) for name, values in seconds.items()}


def show(medians: Mapping[str, float], base: str) -> None:
    """Print seconds and ratios to `base`."""
    for name, value in medians.items():
        print(f"{name:<44} {value:9.4f} s   {value / medians[base]:6.3f} x {base}")
