"""The readout and the forget update, each of which changes nothing but what is its own."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext

import torch
from torch import Tensor, nn

from earlysieve.errors import InputError
from earlysieve.model.batch import Batch
from earlysieve.model.buffers import kept_buffers
from earlysieve.model.capture import capture
from earlysieve.model.state import preserved_rng
from earlysieve.readouts.trained import TrainedReadouts
from earlysieve.sieve.forgetting_loss import uniform_cross_entropy
from earlysieve.training.algorithm import NonFiniteLossError
from earlysieve.training.gradients import gradients_of
from earlysieve.training.mixed_precision import MixedPrecision


def observe(
    model: nn.Module, batch: Batch, layers: Sequence[str], precision: MixedPrecision
) -> dict[str, Tensor]:
    """Activations from a pass of their own that stops at the last layer and leaves no trace."""
    with preserved_rng(), kept_buffers(model), torch.no_grad(), precision.network():
        return capture(model, batch.inputs, layers, stop=True).outputs


def identify(
    readouts: TrainedReadouts,
    activations: Mapping[str, Tensor],
    batch: Batch,
    precision: MixedPrecision,
    *,
    through: Sequence[Tensor] = (),
) -> dict[str, float]:
    """Update the readouts once, on activations that are cut off from the network.

    Args:
        readouts: what learns.
        activations: of the batch, by layer; without a graph, unless there is `through`.
        batch: labels and mask.
        precision: how the pass runs.
        through: parameters whose gradients are computed as well and thrown away, as the published
            code does.

    Returns:
        Loss and accuracy before the update.

    Raises:
        NonFiniteLossError: the loss is NaN or infinite; nothing was updated.
    """
    with preserved_rng(), precision.unscaled(), torch.enable_grad():
        losses, accuracies = readouts.identify(activations, batch.mask, batch.labels)
    total = torch.stack(list(losses.values())).sum()
    check_finite("readout", total)
    own = len(readouts.parameters)
    wanted = [*readouts.parameters, *through]
    readouts.update(gradients_of(total, wanted, among=own if through else None))
    return _logs(losses, accuracies)


def forget(
    model: nn.Module,
    readouts: TrainedReadouts,
    early: Sequence[nn.Parameter],
    batch: Batch,
    precision: MixedPrecision,
    *,
    lr: float,
    update_statistics: bool,
    stop: bool,
) -> float:
    """Descend the readouts' cross-entropy against uniform by one plain gradient step on `early`.

    Returns:
        The loss before the step, in nats, averaged over layers.

    Raises:
        NonFiniteLossError: the loss is NaN or infinite; nothing was updated.
    """
    kept = nullcontext() if update_statistics else kept_buffers(model)
    with kept, kept_buffers(*readouts.modules.values()), torch.enable_grad():
        with precision.unscaled():
            activations = capture(model, batch.inputs, list(readouts.modules), stop=stop).outputs
            _check_graph(activations)
            losses = [
                uniform_cross_entropy(readouts.logits(name, activation, batch.mask))
                for name, activation in activations.items()
            ]
            loss = torch.stack(losses).sum()
        check_finite("forget", loss)
        gradients = gradients_of(loss, early)
    with torch.no_grad():
        for parameter, gradient in zip(early, gradients, strict=True):
            parameter.add_(gradient, alpha=-lr)
    return float(loss.detach()) / len(readouts.modules)


def check_finite(kind: str, loss: Tensor) -> None:
    """Raise NonFiniteLossError if a loss is NaN or infinite."""
    if not bool(torch.isfinite(loss)):
        raise NonFiniteLossError(
            f"Expected a finite {kind} loss, but got {float(loss.detach())}; lower the "
            "learning rate, "
            "readout_lr or forget_lr"
        )


def _check_graph(activations: Mapping[str, Tensor]) -> None:
    for name, activation in activations.items():
        if not activation.requires_grad:
            raise InputError(
                f"Expected layer '{name}' to give an output with gradients in training mode, but "
                "it gave one without; if it runs in gradient checkpointing, set "
                "use_reentrant=False, else remove the no_grad() around it"
            )


def _logs(losses: Mapping[str, Tensor], accuracies: Mapping[str, float]) -> dict[str, float]:
    values = {name: float(loss.detach()) for name, loss in losses.items()}
    logs = {
        "readout_loss": sum(values.values()) / len(values),
        "readout_accuracy": sum(accuracies.values()) / len(accuracies),
    }
    if len(values) > 1:
        logs |= {f"readout_loss/{name}": value for name, value in values.items()}
        logs |= {f"readout_accuracy/{name}": value for name, value in accuracies.items()}
    return logs
