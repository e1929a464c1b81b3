"""One pass, one loss per example, a weighted mean, one optimiser step."""

from collections.abc import Mapping
from typing import Any, TypedDict

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from earlysieve.datasets.batches import as_batch
from earlysieve.errors import CheckpointError
from earlysieve.model.batch import Batch, call_model, check_labels, check_rows, logits_of
from earlysieve.model.state import warn_if_evaluating
from earlysieve.training.algorithm import half_done
from earlysieve.training.erm import accuracy
from earlysieve.training.stepper import Stepper

FORMAT_VERSION = 1


class StepSettings(TypedDict, total=False):
    """Settings of the optimiser step, see `Stepper`."""

    clip_norm: float | None
    accumulate: int
    scheduler: LRScheduler | None
    autocast: torch.dtype | str | None


class PerExampleTraining:
    """Minimise 1/B sum_i w_i loss_i; methods say what the losses and the weights are.

    Args:
        model: any classifier. It runs in the mode it is in: put it into training mode.
        optimizer: over the model's parameters.
        clip_norm: largest gradient norm, > 0; None: no clipping.
        accumulate: batches per optimiser step, >= 1.
        scheduler: learning rate schedule, stepped after each optimiser step.
        autocast: "bf16", "fp16" or None: mixed precision of the model's passes.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer,
        *,
        clip_norm: float | None = None,
        accumulate: int = 1,
        scheduler: LRScheduler | None = None,
        autocast: torch.dtype | str | None = None,
    ) -> None:
        self.model = model
        self.epochs_done = 0
        self.stepper = Stepper(
            optimizer,
            clip_norm=clip_norm,
            accumulate=accumulate,
            scheduler=scheduler,
            autocast=autocast,
        )
        self._prepared = False

    @property
    def settings(self) -> Mapping[str, Any]:
        """Plain values that messages name and that a checkpoint has to agree with."""
        return {**self.stepper.settings, **self._own_settings()}

    def prepare(self, batch: Batch) -> None:
        """Check model, teacher and settings on two examples; done by the first step, no trace."""
        if not self._prepared:
            self._look(batch)
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
        self._check(batch)
        self.prepare(batch)
        with self.stepper.autocast():
            logits, seen = self._forward(batch)
            check_rows(logits, len(batch))
            check_labels(batch.labels, logits.shape[1])
            loss = self._reduce(self._losses(logits, seen, batch), batch)
        self.stepper.backward_and_step(loss)
        logs = {"loss": float(loss.detach()), "accuracy": accuracy(logits, batch.labels)}
        with half_done(self.settings):
            return logs | self._after_step(seen, batch)

    def end_epoch(self) -> dict[str, float]:
        """Step with what has accumulated, count the epoch, and renew weights that are due."""
        self.stepper.flush()
        logs = self._close_epoch()
        self.epochs_done += 1
        return logs

    def state_dict(self) -> dict[str, Any]:
        """Everything beside the model: tensors and plain values."""
        return {
            "format_version": FORMAT_VERSION,
            "method": type(self).__name__,
            "stepper": self.stepper.state_dict(),
            "epochs_done": self.epochs_done,
            "teacher": self._teacher_fingerprint(),
            **self._own_state(),
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
        first, now = state.get("teacher", ""), self._teacher_fingerprint()
        if first and now and first != now:
            raise CheckpointError(
                "Expected the teacher of the first run, but this one has other weights; go on with "
                "the same teacher, or begin a new run"
            )
        self.stepper.load_state_dict(state["stepper"])
        self.epochs_done = int(state["epochs_done"])
        self._load_own_state(state)

    def _own_settings(self) -> dict[str, Any]:
        return {}

    def _check(self, batch: Batch) -> None:
        """Raise InputError for a batch that cannot be learnt from."""

    def _look(self, batch: Batch) -> None:
        """Look at the network before the first step."""

    def _forward(self, batch: Batch) -> tuple[Tensor, Tensor | None]:
        """Logits, and whatever else of the pass the method needs."""
        return logits_of(call_model(self.model, batch.inputs)), None

    def _losses(self, logits: Tensor, seen: Tensor | None, batch: Batch) -> Tensor:
        """One loss per example, shape (B,)."""
        raise NotImplementedError

    def _weights(self, batch: Batch) -> Tensor | None:
        """One weight per example, shape (B,); None: 1 everywhere."""
        return None

    def _reduce(self, losses: Tensor, batch: Batch) -> Tensor:
        return weighted_mean(losses, self._weights(batch))

    def _after_step(self, seen: Tensor | None, batch: Batch) -> dict[str, float]:
        return {}

    def _close_epoch(self) -> dict[str, float]:
        return {}

    def _teacher_fingerprint(self) -> str:
        """Of the teacher's weights; "" where there is none, or it is not known."""
        return ""

    def _own_state(self) -> dict[str, Any]:
        return {}

    def _load_own_state(self, state: Mapping[str, Any]) -> None:
        pass


def weighted_mean(losses: Tensor, weights: Tensor | None) -> Tensor:
    """1/B sum_i w_i loss_i, a scalar; weights are not normalised, None means 1 everywhere.

    Args:
        losses: shape (B,).
        weights: shape (B,), >= 0.
    """
    return losses.mean() if weights is None else (weights.to(losses) * losses).mean()
