"""One pass, one loss per example, a weighted mean, one optimiser step."""

from collections.abc import Mapping
from typing import Any, TypedDict, Unpack

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from earlysieve.datasets.batches import as_batch
from earlysieve.errors import CheckpointError
from earlysieve.model.batch import Batch
from earlysieve.model.state import device_of, warn_if_evaluating
from earlysieve.training.algorithm import half_done
from earlysieve.training.batch_step import Kept, batch_step
from earlysieve.training.stepper import Stepper
from earlysieve.weighting.loss_and_weighting import ExampleLoss, Weighting

FORMAT_VERSION = 1


class StepSettings(TypedDict, total=False):
    """Settings of the optimiser step, see `Stepper`."""

    clip_norm: float | None
    accumulate: int
    scheduler: LRScheduler | None
    autocast: torch.dtype | str | None


class PerExampleTraining:
    """Minimise 1/B sum_i w_i loss_i: put together from a loss per example and their weights.

    Args:
        model: any classifier. It runs in the mode it is in: put it into training mode.
        optimizer: over the model's parameters.
        loss: gives one loss per example.
        weighting: gives each example its weight, and renews weights.
        step: clip_norm, accumulate, scheduler, autocast, see `Stepper`.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer,
        loss: ExampleLoss,
        weighting: Weighting,
        **step: Unpack[StepSettings],
    ) -> None:
        self.model = model
        self.loss, self.weighting = loss, weighting
        self.epochs_done = 0
        self.stepper = Stepper(optimizer, **step)
        self._prepared = False

    @property
    def settings(self) -> Mapping[str, Any]:
        """Plain values that messages name and that a checkpoint has to agree with."""
        return {**self.stepper.settings, **self.weighting.settings, **self.loss.settings}

    def prepare(self, batch: Batch) -> None:
        """Check model, teacher and settings on two examples; done by the first step, no trace."""
        if not self._prepared:
            self.weighting.look(self.model, batch)
            self.loss.look(self.model, batch)
            self._prepared = True

    def step(self, batch: Any) -> dict[str, float]:
        """Learn from one batch; log loss (weighted) and accuracy as they were before the update.

        Args:
            batch: a `Batch`, or what a DataLoader yields: (x, y, group, index) or a mapping.

        Raises:
            InputError: a label, an index or the number of classes does not fit.
            NonFiniteLossError: the loss is NaN or infinite; nothing was changed.
            TrainingError: the readout's loss is, after the main update, which was made.

        Warns:
            UserWarning: the model is in evaluation mode, though it has dropout or BatchNorm.
        """
        warn_if_evaluating(self.model)
        batch = as_batch(batch)
        self.weighting.check(batch)
        self.prepare(batch)

        def loss(logits: Tensor, kept: Kept) -> Tensor:
            return self.weighting.mean(self.loss(logits, kept, batch), batch)

        keep = {**self.loss.keep(), **self.weighting.keep(batch)}
        done = batch_step(self.model, self.stepper, batch, loss, keep)
        with half_done(self.settings):
            return done.logs | self.weighting.after_step(done.activations, batch, self.epochs_done)

    def end_epoch(self) -> dict[str, float]:
        """Step with what has accumulated, count the epoch, and renew weights that are due."""
        self.stepper.flush()
        logs = self.weighting.close_epoch(self.model, self.epochs_done)
        self.epochs_done += 1
        return logs

    def state_dict(self) -> dict[str, Any]:
        """Everything beside the model: tensors and plain values."""
        return {
            "format_version": FORMAT_VERSION,
            "method": type(self).__name__,
            "stepper": self.stepper.state_dict(),
            "epochs_done": self.epochs_done,
            "teacher": self.loss.teacher_fingerprint,
            **self.weighting.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` returned.

        Raises:
            CheckpointError: it belongs to another method, optimiser, teacher or data set.
        """
        wanted = (FORMAT_VERSION, type(self).__name__)
        found = (state.get("format_version"), state.get("method"))
        if found != wanted:
            raise CheckpointError(
                f"Expected the state of {wanted[1]}, format version {wanted[0]}, but got that of "
                f"{found[1]}, format version {found[0]}; load a checkpoint of the same method"
            )
        first, now = state.get("teacher", ""), self.loss.teacher_fingerprint
        if first and now and first != now:
            raise CheckpointError(
                "Expected the teacher of the first run, but this one has other weights; go on with "
                "the same teacher, or begin a new run"
            )
        self.stepper.load_state_dict(state["stepper"])
        self.epochs_done = int(state["epochs_done"])
        self.weighting.load_state_dict(state, device_of(self.model))
