"""Look at a network with two examples, without leaving a trace."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from earlysieve.errors import InputError
from earlysieve.model.batch import Batch, Inputs, few
from earlysieve.model.buffers import kept_buffers
from earlysieve.model.capture import capture
from earlysieve.model.layers import LayerPlan, plans_of
from earlysieve.model.precision import match_precision
from earlysieve.model.state import evaluating, preserved_rng


@contextmanager
def first_look(model: nn.Module, inputs: Inputs) -> Iterator[Inputs]:
    """Two examples at most, to run through the model within this: nothing of it changes.

    It is in evaluation mode and without gradients; the examples are in its precision.
    """
    with preserved_rng(), evaluating(model), kept_buffers(model), torch.no_grad():
        yield match_precision(model, few(inputs)[0])


def look_at(model: nn.Module, batch: Batch, layer: str) -> tuple[LayerPlan, int]:
    """Shape and layout of a layer's output, and the number of logits; nothing of the model changes.

    Raises:
        LayerError: an unknown or unusable layer.
    """
    with first_look(model, batch.inputs) as some:
        captured = capture(model, some, [layer])
        return plans_of(model, some, [layer])[layer], captured.logits.shape[1]


def check_classes(found: int, expected: int, *, who: str, source: str) -> None:
    """Raise InputError if a network gives another number of logits than expected."""
    if found != expected:
        raise InputError(
            f"Expected a {who} that gives {expected} logits, {source}, but it gives {found}; "
            "pass networks for the same classes"
        )
