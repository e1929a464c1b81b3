"""One step of training on one batch, the same for all methods: pass, checks, loss, update."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from earlysieve.model.batch import Batch, call_model, check_labels, check_rows, logits_of
from earlysieve.model.capture import Transform, capture
from earlysieve.model.unwrap import is_distributed
from earlysieve.training.stepper import Stepper

Kept = Mapping[str, Tensor]
BatchLoss = Callable[[Tensor, Kept], Tensor]


@dataclass(frozen=True)
class BatchStep:
    """What a step gave.

    Attributes:
        logs: loss and accuracy, before the update.
        activations: what was kept of the layers asked for.
        stepped: whether the optimiser stepped.
    """

    logs: dict[str, float]
    activations: dict[str, Tensor]
    stepped: bool


def batch_step(
    model: nn.Module,
    stepper: Stepper,
    batch: Batch,
    loss: BatchLoss,
    keep: Mapping[str, Transform] | None = None,
) -> BatchStep:
    """Run the model on a batch once, check what it gives, and learn from the loss.

    Args:
        model: any classifier.
        stepper: of its optimiser.
        batch: on the model's device.
        loss: of logits (B, C) and of what was kept, by layer; gives a scalar.
        keep: what to keep of which layers' outputs in the same pass.

    Raises:
        InputError: rows or labels do not fit the logits.
        NonFiniteLossError: the loss is NaN or infinite; nothing was changed.
    """
    with stepper.autocast():
        logits, kept = run_model(model, batch, keep or {})
        check_rows(logits, len(batch))
        check_labels(batch.labels, logits.shape[1])
        value = loss(logits, kept)
    stepped = stepper.backward_and_step(value)
    logs = {"loss": float(value.detach()), "accuracy": accuracy(logits, batch.labels)}
    return BatchStep(logs, kept, stepped)


def run_model(
    model: nn.Module, batch: Batch, keep: Mapping[str, Transform]
) -> tuple[Tensor, dict[str, Tensor]]:
    """Logits, shape (B, C), and what `keep` asks for, from one pass."""
    if not keep:
        return logits_of(call_model(model, batch.inputs)), {}
    captured = capture(
        model,
        batch.inputs,
        list(keep),
        transform=lambda layer, output: keep[layer](layer, output),
        wrapped=is_distributed(model),
    )
    return captured.logits, captured.outputs


def accuracy(logits: Tensor, labels: Tensor) -> float:
    """The share of rows, in [0, 1], whose largest logit (B, C) is that of the label (B,)."""
    return float((logits.detach().argmax(dim=1) == labels).double().mean())
