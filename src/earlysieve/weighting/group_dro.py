"""Group DRO: minimise the loss of the worst group, where groups are known."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Unpack

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.optim import Optimizer

from earlysieve.errors import CheckpointError, InputError
from earlysieve.model.batch import Batch
from earlysieve.training.batch_step import Kept
from earlysieve.training.distributed import processes
from earlysieve.weighting.loss_and_weighting import CrossEntropy, Weighting
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

    Example:
        >>> import torch
        >>> import earlysieve as es
        >>> x = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))
        >>> y = (x[:, 0] + x[:, 1] > 0).long()
        >>> net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
        >>> optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
        >>> method = es.GroupDRO(net, optimizer=optimizer, num_groups=4)
        >>> groups = 2 * y + (x[:, 2] > 0)
        >>> es.fit(method, (x, y, groups), epochs=1, progress=False).epochs
        1
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
        self._groups = GroupWeighting(
            num_groups, step_size=step_size, adjustment=adjustment, group_counts=group_counts
        )
        super().__init__(model, optimizer, CrossEntropy(torch.float32), self._groups, **step)

    @property
    def group_weights(self) -> Tensor:
        """q, shape (num_groups,), float64, sums to 1; a copy."""
        return self._groups.odds.clone()


class GroupWeighting(Weighting):
    """The weights q of groups, shared among the examples of each; see `GroupDRO`.

    Attributes:
        odds: q, float64, shape (num_groups,), sums to 1.

    Raises:
        InputError: a setting is out of its range.
    """

    def __init__(
        self,
        num_groups: int,
        *,
        step_size: float,
        adjustment: float,
        group_counts: Sequence[int] | None,
    ) -> None:
        _check_settings(num_groups, step_size, adjustment, group_counts)
        self.num_groups, self.step_size, self.adjustment = num_groups, step_size, adjustment
        counts = torch.tensor(list(group_counts or [1] * num_groups), dtype=torch.float64)
        self._added = adjustment / counts.sqrt()
        self.odds = torch.full((num_groups,), 1 / num_groups, dtype=torch.float64)

    @property
    def settings(self) -> dict[str, Any]:
        """How many groups, and how fast their weights move."""
        return {
            "num_groups": self.num_groups,
            "step_size": self.step_size,
            "adjustment": self.adjustment,
        }

    def check(self, batch: Batch) -> None:
        """Raise InputError if no group is known, or one is out of range."""
        groups = batch.groups
        if groups is None or bool((groups < 0).all()):
            raise InputError(
                "Expected batches that say the group of each example, but this one says none; "
                "yield (x, y, group), load from earlysieve.with_index(data, groups=groups), or use "
                "a method that needs no groups"
            )
        if int(groups.max()) >= self.num_groups:
            raise InputError(
                f"Expected groups from 0 to {self.num_groups - 1}, as num_groups says, but got "
                f"{int(groups.max())}; pass num_groups={int(groups.max()) + 1} or more"
            )

    def mean(self, losses: Tensor, batch: Batch) -> Tensor:
        """sum_g q_g L_g, a scalar, after q has followed the losses."""
        groups = torch.zeros_like(batch.labels) - 1 if batch.groups is None else batch.groups
        known = groups >= 0
        counts = torch.bincount(groups[known], minlength=self.num_groups)
        # Not a product of matrices, which mixed precision would round to half.
        sums = losses.new_zeros(self.num_groups).index_add(0, groups[known], losses[known])
        everywhere = self._move(sums.detach().double().cpu(), counts.double().cpu())
        # Processes' gradients are averaged, so that each counts its own sums as often.
        per_example = self.odds * processes() / everywhere.clamp(min=1)
        return (per_example.to(sums) * sums).sum()

    def after_step(self, kept: Kept, batch: Batch, epoch: int) -> dict[str, float]:
        """The present q."""
        return {f"group_weight/{g}": float(q) for g, q in enumerate(self.odds)}

    def state_dict(self) -> dict[str, Any]:
        """The present q."""
        return {"group_weights": self.odds.clone()}

    def load_state_dict(self, state: Mapping[str, Any], device: torch.device) -> None:
        """Go on from what `state_dict` returned.

        Raises:
            CheckpointError: it has another number of groups.
        """
        if len(state["group_weights"]) != self.num_groups:
            raise CheckpointError(
                f"Expected the weights of {self.num_groups} groups, but got "
                f"{len(state['group_weights'])}; go on with the groups of the first run"
            )
        self.odds = state["group_weights"].clone()

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
            self.odds = new_odds(self.odds, means + self._added, counts > 0, self.step_size)
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
