"""One weight per training example, kept in the main process and keyed by the example's index."""

import warnings
from collections.abc import Mapping
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from earlysieve.errors import CheckpointError, InputError
from earlysieve.training.distributed import processes
from earlysieve.weighting.weight_function import WeightFunction, error_weights, top_share

HEAVY = 0.5  # a top 1% that holds more of the weight than this is warned about
BLIND = 0.5  # a readout that is wrong on a larger share than this is warned about


class WeightWarning(UserWarning):
    """Weights do nothing, or a few examples hold most of the weight."""


class ExampleWeights:
    """Weights of N examples, all 1 at first; judgements are noted and take effect on `commit`.

    Judgements are keyed by index, so that order, workers and incomplete batches do not matter.
    Where torch.distributed is initialised, `commit` is called by all processes and merges what
    they noted; an example that several have judged counts as wrong if at least half say so. A
    checkpoint within an epoch keeps the notes of the process that writes it.

    Args:
        size: N >= 1.
        function: of the margins of errors, shape (n,); gives their weights, >= 0.

    Attributes:
        values: float32, shape (N,), on the CPU.
    """

    def __init__(self, size: int, function: WeightFunction) -> None:
        if size < 1:
            raise InputError(
                f"Expected num_examples to be at least 1, but got {size}; pass len(dataset)"
            )
        self.function = function
        self.values = torch.ones(size, dtype=torch.float32)
        self._groups = torch.full((size,), -1, dtype=torch.int64)
        self._warned: set[str] = set()
        self._clear()

    def __len__(self) -> int:
        return len(self.values)

    def of(self, index: Tensor) -> Tensor:
        """The weights of some examples, shape (B,), for CPU indices (B,)."""
        return self.values[index]

    def note(
        self, index: Tensor, wrong: Tensor, margin: Tensor, groups: Tensor | None = None
    ) -> None:
        """Keep what a readout says of some examples until `commit`; the latest word counts.

        Args:
            index: int64, shape (B,), in [0, N).
            wrong: bool, shape (B,).
            margin: shape (B,), in [0, 1].
            groups: int64, shape (B,), -1 where unknown; only for the figures of `commit`.
        """
        self._judged[index] = 1.0
        self._wrong[index] = wrong.detach().to(self._wrong)
        self._margin[index] = margin.detach().to(self._margin)
        if groups is not None:
            self._groups[index] = groups.cpu()

    def commit(self) -> dict[str, float]:
        """Give every judged example its new weight; others keep theirs.

        Returns:
            weighted_examples (how many have a weight other than 1), weighted_share (of all),
            weighted_share/group_<g> (of each known group), max_weight, top_1_percent_weight (share
            of the total weight that the heaviest 1% hold); nothing if nobody was judged.

        Raises:
            InputError: the weight function gives weights that cannot be used; nothing is changed.

        Warns:
            WeightWarning: no example was read wrongly, most were, or the heaviest 1% hold most of
                the weight.
        """
        self._merge()
        judged = self._judged > 0
        if not bool(judged.any()):
            return {}
        wrong = self._wrong[judged] >= 0.5
        self.values[judged] = error_weights(wrong, self._margin[judged], self.function)
        logs = self._figures()
        self._warn(float(wrong.double().mean()), logs["top_1_percent_weight"])
        self._clear()
        return logs

    def state_dict(self) -> dict[str, Any]:
        """Weights, groups, and what waits for `commit`."""
        return {
            "values": self.values.clone(),
            "groups": self._groups.clone(),
            "notes": torch.stack([self._judged, self._wrong, self._margin]),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` returned.

        Raises:
            CheckpointError: it has another number of examples.
        """
        if len(state["values"]) != len(self.values):
            raise CheckpointError(
                f"Expected weights of {len(self.values)} examples, as num_examples says, but got "
                f"{len(state['values'])}; go on with the data that the run was started with"
            )
        self.values = state["values"].clone()
        self._groups = state["groups"].clone()
        self._judged, self._wrong, self._margin = (row.clone() for row in state["notes"])

    def _clear(self) -> None:
        self._judged, self._wrong, self._margin = (
            torch.zeros(len(self), dtype=torch.float32) for _ in range(3)
        )

    def _figures(self) -> dict[str, float]:
        up = self.values != 1
        logs = {
            "weighted_examples": float(up.sum()),
            "weighted_share": float(up.double().mean()),
            "max_weight": float(self.values.max()),
            "top_1_percent_weight": top_share(self.values),
        }
        for group in sorted(set(self._groups[self._groups >= 0].tolist())):
            members = up[self._groups == group]
            logs[f"weighted_share/group_{group}"] = float(members.double().mean())
        return logs

    def _merge(self) -> None:
        if processes() == 1:
            return
        device = "cuda" if dist.get_backend() == "nccl" else "cpu"
        notes = torch.stack([self._judged, self._wrong, self._margin]) * self._judged
        notes, groups = notes.to(device), self._groups.to(device)
        dist.all_reduce(notes)
        dist.all_reduce(groups, dist.ReduceOp.MAX)
        judged, wrong, margin = notes.cpu()
        self._judged = judged
        self._wrong, self._margin = wrong / judged.clamp(min=1), margin / judged.clamp(min=1)
        self._groups = groups.cpu()

    def _warn(self, wrong: float, heaviest: float) -> None:
        if wrong > BLIND and len(self) >= 100:
            self._say(
                "blind",
                f"The early readout is wrong on {wrong:.0%} of the examples, so that most weights "
                "and with them the whole loss grow; raise readout_lr, choose a later layer or a "
                "readout that reads more, such as StatisticsHead() or ConvHead(), or lower beta",
            )
        if not wrong:
            self._say(
                "idle",
                "The early readout was never wrong, so no example is weighted up; choose an "
                "earlier layer or a readout of lower capacity, such as LinearHead()",
            )
        if heaviest > HEAVY and len(self) >= 100:
            self._say(
                "heavy",
                f"The heaviest 1% of the examples hold {heaviest:.0%} of the total weight, so "
                "training sees little else; lower beta",
            )

    def _say(self, kind: str, text: str) -> None:
        if kind not in self._warned:
            self._warned.add(kind)
            warnings.warn(text, WeightWarning, stacklevel=5)
