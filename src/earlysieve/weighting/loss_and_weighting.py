"""What per-example training is put together from: a loss per example, and weights of examples."""

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from earlysieve.model.batch import Batch
from earlysieve.model.capture import Transform
from earlysieve.training.batch_step import Kept


class ExampleLoss:
    """One loss per example. Unless a loss says so, it needs logits only and has no teacher."""

    @property
    def settings(self) -> dict[str, Any]:
        """Plain values that messages name and that a checkpoint has to agree with."""
        return {}

    @property
    def teacher_fingerprint(self) -> str:
        """Of the teacher's weights; "" where there is none, or it is not known."""
        return ""

    def look(self, model: nn.Module, batch: Batch) -> None:
        """Check the model before the first step, without a trace."""

    def keep(self) -> dict[str, Transform]:
        """What to keep of which layers' outputs in the training pass."""
        return {}

    def __call__(self, logits: Tensor, kept: Kept, batch: Batch) -> Tensor:
        """The losses, shape (B,), from logits (B, C) and from what was kept, by layer."""
        raise NotImplementedError


class CrossEntropy(ExampleLoss):
    """Cross-entropy with the labels.

    Args:
        dtype: of the logits that it is computed from; None: as they come.
    """

    def __init__(self, dtype: torch.dtype | None = None) -> None:
        self.dtype = dtype

    def __call__(self, logits: Tensor, kept: Kept, batch: Batch) -> Tensor:
        """In nats, shape (B,)."""
        logits = logits if self.dtype is None else logits.to(self.dtype)
        return F.cross_entropy(logits, batch.labels, reduction="none")


class Weighting:
    """One weight per example. Unless a weighting says so, all are 1 and it keeps no state."""

    @property
    def settings(self) -> dict[str, Any]:
        """Plain values that messages name and that a checkpoint has to agree with."""
        return {}

    def check(self, batch: Batch) -> None:
        """Raise InputError for a batch that cannot be learnt from."""

    def look(self, model: nn.Module, batch: Batch) -> None:
        """Check the model before the first step, without a trace, and get ready."""

    def keep(self, batch: Batch) -> dict[str, Transform]:
        """What to keep of which layers' outputs in the training pass, without a graph."""
        return {}

    def weights_of(self, batch: Batch) -> Tensor | None:
        """One weight per example, shape (B,), >= 0; None: 1 everywhere."""
        return None

    def mean(self, losses: Tensor, batch: Batch) -> Tensor:
        """The loss to descend, a scalar, from the losses of the examples, shape (B,)."""
        return weighted_mean(losses, self.weights_of(batch))

    def after_step(self, kept: Kept, batch: Batch, epoch: int) -> dict[str, float]:
        """Learn from what was kept of a step of epoch `epoch` (from 0); figures to log."""
        return {}

    def close_epoch(self, model: nn.Module, epoch: int) -> dict[str, float]:
        """Renew the weights at the end of epoch `epoch` (from 0) if it is time; figures to log."""
        return {}

    def state_dict(self) -> dict[str, Any]:
        """Tensors and plain values."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any], device: torch.device) -> None:
        """Go on from what `state_dict` returned, with the model on `device`.

        Raises:
            CheckpointError: it belongs to other data or settings.
        """


def weighted_mean(losses: Tensor, weights: Tensor | None) -> Tensor:
    """1/B sum_i w_i loss_i, a scalar; weights are not normalised, None means 1 everywhere.

    Args:
        losses: shape (B,).
        weights: shape (B,), >= 0.
    """
    return losses.mean() if weights is None else (weights.to(losses) * losses).mean()
