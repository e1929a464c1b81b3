"""The loss of a training method on one batch, for loops that make the update themselves."""

from typing import Any

from torch import Tensor

from earlysieve.datasets.batches import as_batch
from earlysieve.errors import InputError
from earlysieve.training.algorithm import Algorithm
from earlysieve.training.stepper import Stepper


def loss_of(algorithm: Algorithm, batch: Any) -> tuple[Tensor | None, dict[str, float]]:
    """What a method would descend on a batch; the update is left to the caller.

    All else that the method does with a batch is done: a readout learns, weights of groups move.
    Back-propagate the loss and step the optimiser by whatever your loop has for that (Lightning,
    Accelerate, plain PyTorch); call `algorithm.end_epoch()` after each epoch where there is one.
    With `loss.backward(); optimizer.step(); optimizer.zero_grad()` that is `algorithm.step(batch)`
    to the last bit.

    Args:
        algorithm: one that steps through a `stepper` without settings of its own: clipping,
            accumulation, schedules and mixed precision are then the loop's.
        batch: a `Batch` on the model's device, or what a DataLoader yields: (x, y, group, index) or
            a mapping.

    Returns:
        The loss, a scalar with its graph, and the figures of `step`. None where the method learned
        from the batch by itself, as the first of the two trainings of `JTT` does: then there is
        nothing to step.

    Raises:
        InputError: the method needs its own updates (the sieve: see `FeatureSieve.after_step`), or
            has settings that belong to the loop; or as its `step` raises.
        NonFiniteLossError: the loss is NaN or infinite.

    Example:
        >>> import torch
        >>> import earlysieve as es
        >>> x = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))
        >>> y = (x[:, 0] + x[:, 1] > 0).long()
        >>> net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
        >>> optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
        >>> method = es.GroupDRO(net, optimizer=optimizer, num_groups=2)
        >>> loss, figures = es.loss_of(method, es.Batch(x[:32], y[:32], groups=y[:32]))
        >>> loss.backward()
        >>> optimizer.step()
    """
    stepper = _stepper(algorithm)
    with stepper.handing_over() as losses:
        logs = algorithm.step(as_batch(batch))
    return (losses[0] if losses else None), logs


def check_loss_alone(algorithm: Algorithm) -> None:
    """Check that somebody else's loop can train by the losses of a method.

    Raises:
        InputError: it cannot, see `loss_of`.
    """
    _stepper(algorithm)


def _stepper(algorithm: Algorithm) -> Stepper:
    name = type(algorithm).__name__
    if hasattr(algorithm, "after_step"):
        raise InputError(
            f"Expected a method that is one loss per batch, but {name} also updates the network "
            "after each step; make the main update and call its after_step(batch), or use "
            "SieveCallback or SieveTrainer of earlysieve.integrations"
        )
    stepper = getattr(algorithm, "stepper", None)
    if not isinstance(stepper, Stepper):
        raise InputError(
            f"Expected a method that steps by a Stepper, its attribute `stepper`, but {name} has "
            "none; train it with its own step(batch)"
        )
    own = [
        word
        for word, given in (
            ("clip_norm", stepper.clip_norm is not None),
            ("accumulate", stepper.accumulate != 1),
            ("scheduler", stepper.scheduler is not None),
            ("autocast", stepper.autocast_dtype is not None),
        )
        if given
    ]
    if own:
        raise InputError(
            f"Expected a method without {own[0]}, since the loop makes the updates, but {name} has "
            "it; leave it out, and set it in the loop"
        )
    return stepper
