"""Plain training: empirical risk minimisation."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from earlysieve.errors import InputError
from earlysieve.model.batch import Batch
from earlysieve.model.state import warn_if_evaluating
from earlysieve.training.batch_step import Kept, batch_step
from earlysieve.training.stepper import Stepper

Loss = Callable[[Tensor, Tensor], Tensor]


class ERM:
    """Minimise the mean loss over the training examples (Vapnik, 1992).

    One step on a batch of B examples is one optimiser step on 1/B sum_i loss(f(x_i), y_i).

    Args:
        model: any module that returns logits, shape (B, C).
        optimizer: over the parameters to train.
        loss: of logits (B, C) and labels (B,); a scalar, or one value per example, shape (B,),
            which is averaged. Cross-entropy by default.
        clip_norm, accumulate, scheduler, autocast: see `Stepper`.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer,
        *,
        loss: Loss = F.cross_entropy,
        clip_norm: float | None = None,
        accumulate: int = 1,
        scheduler: LRScheduler | None = None,
        autocast: torch.dtype | str | None = None,
    ) -> None:
        self.model = model
        self.loss = loss
        self.stepper = Stepper(
            optimizer,
            clip_norm=clip_norm,
            accumulate=accumulate,
            scheduler=scheduler,
            autocast=autocast,
        )

    @property
    def settings(self) -> Mapping[str, Any]:
        """The settings of the optimiser, for messages and checkpoints."""
        return self.stepper.settings

    def step(self, batch: Batch) -> dict[str, float]:
        """Learn from one batch; log its loss and accuracy as they were before the update.

        Raises:
            InputError: a label is not among the model's classes.
            NonFiniteLossError: the loss is NaN or infinite; no parameter was changed.

        Warns:
            UserWarning: the model is in evaluation mode, though it has dropout or BatchNorm.
        """
        warn_if_evaluating(self.model)

        def loss(logits: Tensor, _: Kept) -> Tensor:
            return reduce_loss(self.loss(logits, batch.labels), len(batch))

        return batch_step(self.model, self.stepper, batch, loss).logs

    def end_epoch(self) -> dict[str, float]:
        """Step with what has accumulated, so that no example waits for the next epoch."""
        self.stepper.flush()
        return {}

    def state_dict(self) -> dict[str, Any]:
        """The state of the optimiser and of what surrounds it."""
        return {"stepper": self.stepper.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` returned."""
        self.stepper.load_state_dict(state["stepper"])


def reduce_loss(loss: Tensor, size: int) -> Tensor:
    """A scalar loss as it is, and one value per example, shape (size,), averaged.

    Raises:
        InputError: the loss has another shape.
    """
    if loss.ndim == 0:
        return loss
    if tuple(loss.shape) != (size,):
        raise InputError(
            f"Expected a loss that is a scalar or has one value for each of {size} examples, but "
            f"got shape {tuple(loss.shape)}; average it over its other dimensions"
        )
    return loss.mean()
