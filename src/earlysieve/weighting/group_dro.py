"""Group DRO: minimise the loss of the worst group, where groups are known."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Unpack

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Optimizer

from earlysieve.errors import CheckpointError, InputError
from earlysieve.model.batch import Batch
from earlysieve.training.distributed import processes
from earlysieve.weighting.per_example import PerExampleTraining, StepSettings


class GroupDRO(PerExampleTraining):
    """Minimise sum_g q_g L_g, where q follows the groups' losses: q_g <- q_g exp(eta L_g) / Z.

    L_g is the mean cross-entropy of group g in the batch; groups that are absent keep q_g up to
    normalisation. With an adjustment c, L_g + c / sqrt(n_g) moves q. Examples of unknown group (-1)
    are left out.

    Source: Sagawa, Koh, Hashimoto and Liang, "Distributionally Robust Neural Networks for Group
    Shifts", ICLR 2020, arXiv 1911.08731, algorithm 1 and section 3.3. The authors pair it with
    strong weight decay, and with group-balanced sampling (see `balanced_weights`).

    Args:
        model: any classifier.
        optimizer: over its parameters.
        num_groups: groups of batches lie in [0, num_groups).
        step_size: eta >= 0.
        adjustment: c >= 0; needs `group_counts`.
        group_counts: n_g, training examples of each group.
        step: clip_norm, accumulate, scheduler, autocast, see `Stepper`.

    Raises:
        InputError: a setting is out of its range.
    """

    def __init__(
        self,
        model: nn.Module,
        *,
        optimizer: Optimizer,
        num_groups: int,
        step_size: float = 0.01,
        adjustment: float = 0.0,
        group_counts: Sequence[int] | None = None,
        **step: Unpack[StepSettings],
    ) -> None:
        super().__init__(model, optimizer, **step)
        _check_settings(num_groups, step_size, adjustment, group_counts)
        self.num_groups, self.step_size, self.adjustment = num_groups, step_size, adjustment
        counts = torch.tensor(list(group_counts or [1] * num_groups), dtype=torch.float64)
        self._added = adjustment / counts.sqrt()
        self._odds = torch.full((num_groups,), 1 / num_groups, dtype=torch.float64)

    @property
    def group_weights(self) -> Tensor:
        """q, shape (num_groups,), float64, sums to 1; a copy."""
        return self._odds.clone()

    def _own_settings(self) -> dict[str, Any]:
        return {
            "num_groups": self.num_groups,
            "step_size": self.step_size,
            "adjustment": self.adjustment,
        }

    def _check(self, batch: Batch) -> None:
        groups = batch.groups
        if groups is None or bool((groups < 0).all()):
            raise InputError(
                "Expected batches that say the group of each example, but this one says none; "
                "yield (x, y, group), or use a method that needs no groups"
            )
        if int(groups.max()) >= self.num_groups:
            raise InputError(
                f"Expected groups from 0 to {self.num_groups - 1}, as num_groups says, but got "
                f"{int(groups.max())}; pass num_groups={int(groups.max()) + 1} or more"
            )

    def _losses(self, logits: Tensor, seen: Tensor | None, batch: Batch) -> Tensor:
        return F.cross_entropy(logits.float(), batch.labels, reduction="none")

    def _reduce(self, losses: Tensor, batch: Batch) -> Tensor:
        groups = torch.zeros_like(batch.labels) - 1 if batch.groups is None else batch.groups
        known = groups >= 0
        counts = torch.bincount(groups[known], minlength=self.num_groups)
        # Not a product of matrices, which mixed precision would round to half.
        sums = losses.new_zeros(self.num_groups).index_add(0, groups[known], losses[known])
        everywhere = self._move(sums.detach().double().cpu(), counts.double().cpu())
        # Processes' gradients are averaged, so that each counts its own sums as often.
        per_example = self._odds * processes() / everywhere.clamp(min=1)
        return (per_example.to(sums) * sums).sum()

    def _after_step(self, seen: Tensor | None, batch: Batch) -> dict[str, float]:
        return {f"group_weight/{g}": float(q) for g, q in enumerate(self._odds)}

    def _own_state(self) -> dict[str, Any]:
        return {"group_weights": self._odds.clone()}

    def _load_own_state(self, state: Mapping[str, Any]) -> None:
        if len(state["group_weights"]) != self.num_groups:
            raise CheckpointError(
                f"Expected the weights of {self.num_groups} groups, but got "
                f"{len(state['group_weights'])}; go on with the groups of the first run"
            )
        self._odds = state["group_weights"].clone()

    def _move(self, sums: Tensor, counts: Tensor) -> Tensor:
        """Update the odds by sums of losses and counts per group; counts over all processes."""
        if processes() > 1:
            device = "cuda" if dist.get_backend() == "nccl" else "cpu"
            both = torch.stack([sums, counts]).to(device)
            dist.all_reduce(both)
            sums, counts = both.cpu()
        means = sums / counts.clamp(min=1)
        # Where they are not finite the stepper refuses the loss, and the odds stay as they were.
        if bool(torch.isfinite(means).all()):
            self._odds = new_odds(self._odds, means + self._added, counts > 0, self.step_size)
        return counts


def new_odds(odds: Tensor, losses: Tensor, present: Tensor, step_size: float) -> Tensor:
    """q_g exp(eta L_g) for groups that are present, q_g for others, normalised; shape (G,).

    Sagawa et al. (2020), algorithm 1.
    """
    logs = odds.log() + torch.where(present, step_size * losses, torch.zeros_like(losses))
    return logs.softmax(0)


def _check_settings(
    num_groups: int, step_size: float, adjustment: float, counts: Sequence[int] | None
) -> None:
    for name, value in (("step_size", step_size), ("adjustment", adjustment)):
        if not (math.isfinite(value) and value >= 0):
            raise InputError(
                f"Expected {name} to be a number of at least 0, but got {value}; "
                "0.01 is the authors' step size, 0 no adjustment"
            )
    if num_groups < 1:
        raise InputError(
            f"Expected num_groups to be at least 1, but got {num_groups}; pass the number of groups"
        )
    fits = counts is not None and len(counts) == num_groups and min(counts) > 0
    if (counts is not None and not fits) or (adjustment > 0 and counts is None):
        raise InputError(
            f"Expected group_counts with {num_groups} numbers above 0, which adjustment needs, but "
            f"got {counts}; count the training examples of each group"
        )
