"""Look at a network with two examples, without leaving a trace."""

import torch
from torch import nn

from earlysieve.errors import InputError
from earlysieve.model.batch import Batch, few
from earlysieve.model.capture import capture
from earlysieve.model.layers import LayerPlan, plans_of
from earlysieve.model.precision import match_precision
from earlysieve.model.state import evaluating, preserved_rng


def look_at(model: nn.Module, batch: Batch, layer: str) -> tuple[LayerPlan, int]:
    """Shape and layout of a layer's output, and the number of logits; nothing of the model changes.

    Raises:
        LayerError: an unknown or unusable layer.
    """
    some = match_precision(model, few(batch.inputs)[0])
    with preserved_rng(), evaluating(model), torch.no_grad():
        captured = capture(model, some, [layer])
        return plans_of(model, some, [layer])[layer], captured.logits.shape[1]


def check_classes(found: int, expected: int, *, who: str, source: str) -> None:
    """Raise InputError if a network gives another number of logits than expected."""
    if found != expected:
        raise InputError(
            f"Expected a {who} that gives {expected} logits, {source}, but it gives {found}; "
            "pass networks for the same classes"
        )
