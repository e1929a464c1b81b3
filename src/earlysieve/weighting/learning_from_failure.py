"""LfF: a network learns most from what a twin, made to be biased, finds harder than it does."""

import copy
from collections.abc import Mapping
from typing import Any, Unpack

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Optimizer

from earlysieve.datasets.batches import as_batch
from earlysieve.errors import InputError
from earlysieve.model.batch import Batch
from earlysieve.model.state import train_as
from earlysieve.model.unwrap import unwrap
from earlysieve.training.algorithm import half_done
from earlysieve.training.distributed import synchronised
from earlysieve.training.erm import ERM
from earlysieve.training.model_weights import load_state
from earlysieve.training.optim import MakeOptimizer
from earlysieve.weighting.error_set import same_kind
from earlysieve.weighting.loss_and_weighting import CrossEntropy, Weighting, weighted_mean
from earlysieve.weighting.per_example import PerExampleTraining, StepSettings

_LEAST = 1e-6  # of q; below it the two losses differ by less than their rounding


class LearningFromFailure(PerExampleTraining):
    """Two networks at once: a biased one, and `model`, which learns from what that one fails on.

    In each step the biased twin minimises the generalised cross-entropy (1 - p_y^q) / q, whose
    gradient is that of cross-entropy times p_y^q: it learns more of what it is sure of already. The
    model minimises 1/B sum_i W_i CE(f(x_i), y_i) with the relative difficulty

        W_i = CE(f_B(x_i), y_i) / (CE(f_B(x_i), y_i) + CE(f(x_i), y_i)),

    both losses as they are before the step. Labels that are wrong are hard for the twin, too, and
    weigh most. A step costs two.

    Source: Nam, Cha, Ahn, Lee and Shin, "Learning from Failure: Training Debiased Classifier from
    Biased Classifier", NeurIPS 2020, arXiv 2007.02561, algorithm 1; the generalised cross-entropy
    is that of Zhang and Sabuncu, NeurIPS 2018. Its code also averages losses over epochs and scales
    them by class, which is not in the algorithm and not done here.

    Args:
        model: any classifier. It runs in the mode it is in, and so does the twin.
        optimizer: over its parameters.
        q: in [0, 1]; 0: the twin learns by plain cross-entropy.
        biased: the twin, copied; None: `model` as it is now.
        biased_optimizer: called with the twin's parameters; None: class and settings of
            `optimizer`. Its learning rate follows no schedule.
        step: clip_norm, accumulate, autocast, of both; scheduler, of the model. See `Stepper`.

    Raises:
        InputError: a setting is out of its range.

    Example:
        >>> import torch
        >>> import earlysieve as es
        >>> x = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))
        >>> y = (x[:, 0] + x[:, 1] > 0).long()
        >>> net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
        >>> optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
        >>> method = es.LearningFromFailure(net, optimizer=optimizer)
        >>> es.fit(method, (x, y), epochs=1, progress=False).epochs
        1
    """

    def __init__(
        self,
        model: nn.Module,
        *,
        optimizer: Optimizer,
        q: float = 0.7,
        biased: nn.Module | None = None,
        biased_optimizer: MakeOptimizer | None = None,
        **step: Unpack[StepSettings],
    ) -> None:
        if not 0 <= q <= 1:
            raise InputError(f"Expected q from 0 to 1, but got {q}; 0.7 is the published value")
        original = unwrap(model) if biased is None else biased
        make = biased_optimizer or same_kind(optimizer, original if biased is None else None)
        of_twin = step.copy()
        of_twin["scheduler"] = None
        self.twin = BiasedTwin(copy.deepcopy(original), original, make, q, **of_twin)
        super().__init__(model, optimizer, CrossEntropy(), self.twin, **step)

    def step(self, batch: Any) -> dict[str, float]:
        """One step of the twin and then of the model; see `PerExampleTraining.step`.

        Logs biased_loss and biased_accuracy, the twin's, and mean_weight beside the others.
        """
        batch = as_batch(batch)
        self.prepare(batch)
        logs = self.twin.step(batch, training=self.model.training)
        with half_done(self.settings):
            return {**super().step(batch), **logs, "mean_weight": self.twin.mean_weight}


class BiasedTwin(Weighting):
    """The biased network, which weighs examples by how hard they are for it.

    Args:
        model: the twin.
        original: that it was copied from.
        make_optimizer: called with its parameters.
        q: of the generalised cross-entropy.
        step: see `LearningFromFailure`.

    Attributes:
        model: the twin.
        mean_weight: of the batch before; NaN ahead of the first.
    """

    def __init__(
        self,
        model: nn.Module,
        original: nn.Module,
        make_optimizer: MakeOptimizer,
        q: float,
        **step: Unpack[StepSettings],
    ) -> None:
        self.model, self.q = model, q
        self._original = original
        self.mean_weight = float("nan")
        self._losses: Tensor | None = None
        optimizer = make_optimizer(model.parameters())
        self._erm = ERM(synchronised(model), optimizer, loss=self._loss, **step)

    @property
    def settings(self) -> dict[str, Any]:
        """The exponent q."""
        return {"q": self.q}

    def step(self, batch: Batch, *, training: bool) -> dict[str, float]:
        """Learn from a batch; note how hard its examples were before."""
        train_as(self.model, self._original, training)
        logs = self._erm.step(batch)
        return {f"biased_{name}": value for name, value in logs.items()}

    def mean(self, losses: Tensor, batch: Batch) -> Tensor:
        """The mean of the model's losses, weighted by relative difficulty."""
        if self._losses is None:
            raise InputError(
                "Expected a step of the biased twin ahead of that of the model, but there was "
                "none; call step(batch)"
            )
        weights = relative_difficulty(self._losses.to(losses), losses.detach())
        self._losses, self.mean_weight = None, float(weights.mean())
        return weighted_mean(losses, weights)

    def close_epoch(self, model: nn.Module, epoch: int) -> dict[str, float]:
        """Let the twin step with what has accumulated."""
        self._erm.end_epoch()
        return {}

    def state_dict(self) -> dict[str, Any]:
        """The twin and its optimiser."""
        return {"twin": {"model": self.model.state_dict(), "training": self._erm.state_dict()}}

    def load_state_dict(self, state: Mapping[str, Any], device: torch.device) -> None:
        """Go on from what `state_dict` returned.

        Raises:
            CheckpointError: it belongs to another network.
        """
        load_state(self.model, state["twin"]["model"], source="the biased twin")
        self._erm.load_state_dict(state["twin"]["training"])

    def _loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        losses = F.cross_entropy(logits, labels, reduction="none")
        self._losses = losses.detach()
        return generalised(losses, self.q)


def generalised(losses: Tensor, q: float) -> Tensor:
    """(1 - p^q) / q of p = exp(-loss), shape (B,); the losses themselves for q about 0.

    Args:
        losses: cross-entropies, shape (B,).
        q: in [0, 1].
    """
    return losses if q < _LEAST else -torch.expm1(-q * losses) / q


def relative_difficulty(biased: Tensor, losses: Tensor) -> Tensor:
    """biased / (biased + losses), in [0, 1], shape (B,); 1/2 where both are 0.

    Args:
        biased, losses: cross-entropies of the twin and of the model, shape (B,).
    """
    total = biased + losses
    return torch.where(total > 0, biased / total.clamp(min=torch.finfo(total.dtype).tiny), 0.5)
