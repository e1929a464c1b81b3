"""A model's answers to all examples, in their order, leaving no trace."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from earlysieve.datasets.opened_data import OpenedData
from earlysieve.errors import InputError
from earlysieve.model.batch import call_model, check_labels, check_rows, logits_of
from earlysieve.model.state import device_of, looking_at, preserved_rng


@dataclass(frozen=True)
class Answers:
    """What a model said.

    Attributes:
        logits: float32, shape (N, C), on the CPU.
        labels: int64, shape (N,).
    """

    logits: Tensor
    labels: Tensor


def needed(model: nn.Module | None, source: str) -> nn.Module:
    """The model.

    Raises:
        InputError: there is none.
    """
    if not isinstance(model, nn.Module):
        raise InputError(
            f"Expected a model for the groups of '{source}', but got {type(model).__name__}; pass "
            "model="
        )
    return model


def answers_of(model: nn.Module, data: OpenedData, *, batch_size: int = 128) -> Answers:
    """One pass in evaluation mode, on the model's device.

    Raises:
        InputError: the labels are not among the model's classes, or logits are not finite.
    """
    logits: list[Tensor] = []
    labels: list[Tensor] = []
    device = device_of(model)

    def run() -> None:
        for batch in data.batches(batch_size=batch_size):
            said = logits_of(call_model(model, batch.to(device).inputs)).float().cpu()
            check_rows(said, len(batch))
            check_labels(batch.labels, said.shape[1])
            logits.append(said)
            labels.append(batch.labels.cpu())

    with preserved_rng():
        looking_at(run, model)
    found = Answers(torch.cat(logits), torch.cat(labels))
    if not bool(torch.isfinite(found.logits).all()):
        raise InputError(
            "Expected finite logits, but got NaN or infinity; check the model's weights and inputs"
        )
    return found
