"""The first examples of a run are judged a second time, since their readout was still untrained."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from earlysieve.distill.example_weights import ExampleWeights
from earlysieve.distill.reader import EarlyReader, judge

BUDGET = 64 << 20  # bytes of features


class FirstVisits:
    """Readout inputs of the first epoch, up to a budget of memory, for judging them at its end."""

    def __init__(self, budget: int = BUDGET) -> None:
        self._left = budget
        self._kept: list[list[Tensor | None]] = []

    def keep(self, features: Tensor, mask: Tensor | None, labels: Tensor, index: Tensor) -> None:
        """Keep what a readout took, while the budget lasts."""
        if features.nbytes > self._left:
            self._left = 0
            return
        self._left -= features.nbytes
        self._kept.append([features, mask, labels, index])

    def judge_again(self, reader: EarlyReader, weights: ExampleWeights) -> None:
        """Note the present readout's word on what was kept, and let go of it."""
        for features, mask, labels, index in self._kept:
            if features is not None and labels is not None and index is not None:
                weights.note(index, *judge(reader.read(features, mask), labels))
        self._kept, self._left = [], 0

    def state_dict(self) -> dict[str, Any]:
        """What was kept, and how much more may be."""
        return {"left": self._left, "kept": [list(row) for row in self._kept]}

    def load_state_dict(self, left: int, kept: Sequence[Sequence[Tensor | None]]) -> None:
        """Go on from what `state_dict` returned."""
        self._left, self._kept = left, [list(row) for row in kept]
