"""The main update: plain training, from whose pass the readouts' activations are taken."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Optimizer

from earlysieve.errors import CheckpointError, InputError
from earlysieve.model.batch import Batch
from earlysieve.training.batch_step import BatchStep, Kept, batch_step
from earlysieve.training.mixed_precision import MixedPrecision
from earlysieve.training.stepper import Stepper


class MainUpdate:
    """Descend the cross-entropy of the model's logits, by the user's optimiser.

    Args:
        model: any classifier.
        optimizer: over its parameters; None: the main update is made elsewhere.
        precision: how passes run.
        stepping: clip_norm, accumulate and scheduler, see `Stepper`.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer | None,
        precision: MixedPrecision,
        **stepping: Any,
    ) -> None:
        self.model = model
        self._stepper = (
            None if optimizer is None else Stepper(optimizer, autocast=precision.dtype, **stepping)
        )

    @property
    def stepper(self) -> Stepper:
        """What steps the optimiser; see `require`."""
        return self.require()

    def require(self) -> Stepper:
        """What steps the optimiser.

        Raises:
            InputError: there is no optimiser.
        """
        if self._stepper is None:
            raise InputError(
                "Expected a sieve with an optimizer for the main update, but this one has none; "
                "pass optimizer=, or make the main update yourself and call after_step(batch)"
            )
        return self._stepper

    @property
    def settings(self) -> dict[str, Any]:
        """Plain values for messages and checkpoints."""
        return {} if self._stepper is None else self._stepper.settings

    def learns(self) -> Callable[[nn.Parameter], bool]:
        """Tells of a parameter whether it is trained at present.

        It is if it requires a gradient and the optimiser, where there is one, holds it.
        """
        if self._stepper is None:
            return lambda parameter: parameter.requires_grad
        held = {id(p) for p in self._stepper.parameters}
        return lambda parameter: parameter.requires_grad and id(parameter) in held

    def lr_share(self) -> float:
        """The learning rate as a share of its initial value, the mean over parameter groups."""
        groups = self.require().optimizer.param_groups
        pairs = [(float(g["lr"]), float(g.get("initial_lr", g["lr"]))) for g in groups]
        shares = [now / first if first else 1.0 for now, first in pairs]
        return sum(shares) / len(shares)

    def step(self, batch: Batch, layers: Sequence[str] = ()) -> BatchStep:
        """One update; `layers` names those whose activations are wanted, which come detached."""

        def loss(logits: Tensor, _: Kept) -> Tensor:
            return F.cross_entropy(logits, batch.labels)

        return batch_step(self.model, self.stepper, batch, loss, dict.fromkeys(layers, _detached))

    def flush(self) -> bool:
        """Step with what has accumulated; whether there was anything."""
        return self._stepper is not None and self._stepper.flush()

    def state_dict(self) -> dict[str, Any] | None:
        """The state of the stepper; None without an optimiser."""
        return None if self._stepper is None else self._stepper.state_dict()

    def check_state(self, state: Mapping[str, Any] | None) -> None:
        """Raise CheckpointError if only one of the state and the sieve has an optimiser."""
        if (state is None) != (self._stepper is None):
            ours = "without a main optimizer" if self._stepper is None else "with a main optimizer"
            theirs = "without one" if state is None else "with one"
            raise CheckpointError(
                f"Expected the state of a sieve {ours}, but got that of a sieve {theirs}; "
                "go on with the kind of loop that the run was started with"
            )

    def load_state_dict(self, state: Mapping[str, Any] | None) -> None:
        """Go on from what `state_dict` returned."""
        if self._stepper is not None and state is not None:
            self._stepper.load_state_dict(state)


def _detached(_: str, output: Tensor) -> Tensor:
    return output.detach().clone()
