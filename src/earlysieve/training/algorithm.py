"""What the training loop asks of a training method."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol, runtime_checkable

from torch import nn

from earlysieve.errors import TrainingError
from earlysieve.model.batch import Batch


@runtime_checkable
class Algorithm(Protocol):
    """A training method: an object that learns from one batch at a time.

    It fits anybody's loop, since it needs nothing but batches. Three further members are used by
    `fit` where an algorithm has them:

    - `end_epoch() -> dict[str, float]`: called after the last batch of each epoch; its figures
      join those of the epoch.
    - `settings: Mapping[str, Any]`: plain values (learning rate, ...) that error messages name and
      that a checkpoint must agree with.
    - `ready_to_evaluate: bool`: False while `model` has not learned yet, as in the first of two
      trainings; such epochs are neither evaluated nor counted by `patience`.

    Attributes:
        model: the network that is trained. Its parameters and buffers are saved by the loop.
    """

    model: nn.Module

    def step(self, batch: Batch) -> dict[str, float]:
        """Learn from one batch, already on the model's device, and return figures to log.

        The key "loss" is the main loss and "accuracy" the share of the batch read correctly, in
        [0, 1]; any others are shown and averaged as they come.
        """
        ...

    def state_dict(self) -> dict[str, Any]:
        """Everything beside `model` that is needed to go on: optimisers, counters, readouts.

        Tensors and plain Python values only, so that a checkpoint can be loaded safely.
        """
        ...

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` returned."""
        ...


class NonFiniteLossError(TrainingError):
    """A loss is NaN or infinite; raised before it changes any parameter."""


@contextmanager
def half_done(settings: Mapping[str, Any], *, step: int | None = None) -> Iterator[None]:
    """Turn NonFiniteLossError, which promises that nothing was changed, into TrainingError.

    For what follows an update that was made in the same optimiser step (number `step`, from 0).
    """
    try:
        yield
    except NonFiniteLossError as error:
        listed = ", ".join(f"{k}={v}" for k, v in settings.items() if v is not None)
        which = "an optimiser step" if step is None else f"optimiser step {step + 1}"
        raise TrainingError(f"{error} (in the middle of {which}; {listed})") from error


def end_epoch(algorithm: Algorithm) -> dict[str, float]:
    """Call the algorithm's `end_epoch` if it has one; its figures, else none."""
    method = getattr(algorithm, "end_epoch", None)
    return dict(method()) if method is not None else {}


def is_ready_to_evaluate(algorithm: Algorithm) -> bool:
    """The algorithm's `ready_to_evaluate`, if it has one, else True."""
    return bool(getattr(algorithm, "ready_to_evaluate", True))


def settings_of(algorithm: Algorithm) -> dict[str, Any]:
    """The algorithm's name and its `settings`, if it has any."""
    settings: Mapping[str, Any] = getattr(algorithm, "settings", None) or {}
    return {"algorithm": type(algorithm).__name__, **settings}
