"""What the readout was given in an epoch, so that its last word of the epoch is on all of it."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from earlysieve.errors import InputError
from earlysieve.training.distributed import processes
from earlysieve.weighting.early_reader import EarlyReader, mistakes
from earlysieve.weighting.example_weights import ExampleWeights

BUDGET = 64 << 20


class EpochFeatures:
    """Readout inputs of one epoch, up to a budget of memory; beyond it, visits alone count.

    While weights change, a network's early layers change faster than a readout follows, so that
    judgements made at the visits are of a readout that is out of date.

    Args:
        budget: bytes of features, >= 0.
    """

    def __init__(self, budget: int = BUDGET) -> None:
        if budget < 0:
            raise InputError(
                f"Expected feature_budget to be at least 0, but got {budget}; pass a number of "
                "bytes, 0 to keep nothing"
            )
        self.budget = budget
        self._left = budget
        self._complete = True
        self._kept: list[tuple[Tensor, Tensor | None, Tensor, Tensor]] = []

    def keep(self, features: Tensor, mask: Tensor | None, labels: Tensor, index: Tensor) -> None:
        """Keep what a readout took, while the budget lasts."""
        if features.nbytes > self._left:
            self._left, self._complete = 0, False
            return
        self._left -= features.nbytes
        self._kept.append((features, mask, labels, index))

    def read_again(self, reader: EarlyReader, weights: ExampleWeights, *, seed: int) -> None:
        """Let the readout learn once from what was kept, then note its word on all of it.

        Where all of the epoch was kept, a fresh readout takes its place first: what follows is the
        published procedure on the activations of the training passes.
        """
        if _fewest(int(self._complete)):
            reader.renew(seed=seed)
        for features, mask, labels, _ in self._kept[: _fewest(len(self._kept))]:
            reader.learn(features, mask, labels)
        for features, mask, labels, index in self._kept:
            weights.note(index, *mistakes(reader.read(features, mask), labels))

    def clear(self) -> None:
        """Let go of everything, for the next epoch."""
        self._kept, self._left, self._complete = [], self.budget, True

    def state_dict(self) -> dict[str, Any]:
        """What was kept, and how much more may be."""
        return {
            "left": self._left,
            "complete": self._complete,
            "kept": [list(row) for row in self._kept],
        }

    def load_state_dict(self, state: Mapping[str, Any], device: torch.device) -> None:
        """Go on from what `state_dict` returned."""
        self._left = int(state["left"])
        self._complete = bool(state["complete"])
        self._kept = [_row(row, device) for row in state["kept"]]


def _row(row: Sequence[Any], device: torch.device) -> tuple[Tensor, Tensor | None, Tensor, Tensor]:
    features, mask, labels, index = row
    mask = None if mask is None else mask.to(device)
    return features.to(device), mask, labels.to(device), index.cpu()


def _fewest(count: int) -> int:
    """The smallest count of all processes, which average their gradients in every update."""
    if processes() == 1:
        return count
    smallest = torch.tensor(count, device="cuda" if dist.get_backend() == "nccl" else "cpu")
    dist.all_reduce(smallest, dist.ReduceOp.MIN)
    return int(smallest)
