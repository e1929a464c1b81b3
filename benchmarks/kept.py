"""Results that outlive a run: what is in the file is not computed again."""

import json
import time
from collections.abc import Callable, Container
from pathlib import Path

from earlysieve._files import write_text

Figures = dict[str, float]


class Kept:
    """Figures by key in a JSON file, written after every run."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> dict[str, Figures]:
        """All that is there."""
        found: dict[str, Figures] = json.loads(self.path.read_text()) if self.path.exists() else {}
        return found

    def once(self, key: str, run: Callable[[], Figures]) -> Figures:
        """The figures of a key, computed if they are not there yet."""
        found = self.read()
        if key in found:
            return found[key]
        start = time.perf_counter()
        figures = run()
        # Read again: another process may have added its own in the meantime.
        write_text(self.path, json.dumps(self.read() | {key: figures}, indent=2))
        shown = ", ".join(f"{name} {value:.3f}" for name, value in figures.items())
        print(f"{key}: {shown} ({time.perf_counter() - start:.0f} s)", flush=True)
        return figures

    def by_seed(self, prefix: str, measure: str) -> dict[int, float]:
        """One figure of every run whose key is `prefix | seed N`, in the order of seeds."""
        rows = {
            int(key.rsplit(" ", 1)[1]): figures[measure]
            for key, figures in self.read().items()
            if key.startswith(f"{prefix} | seed ")
        }
        return dict(sorted(rows.items()))

    def over_seeds(
        self, prefix: str, measure: str, seeds: Container[int] | None = None
    ) -> list[float]:
        """The figures of `by_seed` alone, of all seeds or of these."""
        found = self.by_seed(prefix, measure)
        return [value for seed, value in found.items() if seeds is None or seed in seeds]

    def gains(
        self, better: str, worse: str, measure: str, seeds: Container[int] | None = None
    ) -> list[float]:
        """Differences of two prefixes' figures, for the seeds that both have."""
        ours, theirs = self.by_seed(better, measure), self.by_seed(worse, measure)
        both = [seed for seed in ours if seed in theirs and (seeds is None or seed in seeds)]
        return [ours[seed] - theirs[seed] for seed in both]
