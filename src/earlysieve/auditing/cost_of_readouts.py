"""How long an audit's readouts will be trained, said before it begins where it is long."""

import torch

from earlysieve.auditing.collect import Collected
from earlysieve.model.precision import full_precision
from earlysieve.readouts.expected_time import seconds_expected
from earlysieve.readouts.heads import Head, LinearHead

_LONG = 60.0


def cost_of_readouts(
    collected: Collected, head: Head, folds: int, device: torch.device
) -> list[str]:
    """A line for people, or none where it takes less than about a minute.

    Args:
        collected: features of the layers.
        head: what reads them.
        folds: how many readouts each layer gets.
        device: where they are trained.
    """
    if isinstance(head, LinearHead):
        return []
    classes = len(torch.unique(collected.labels))
    with full_precision(device):
        seconds = sum(
            seconds_expected(layer.store, head, layer.kept_layout, classes, folds, device=device)
            for layer in collected.layers.values()
        )
    return [] if seconds < _LONG else [_line(seconds, head, len(collected.layers), folds)]


def _line(seconds: float, head: Head, layers: int, folds: int) -> str:
    where = f"{layers} layer{'s' * (layers > 1)} in {folds} fold{'s' * (folds > 1)}"
    return (
        f"Training readouts ({type(head).__name__}) of {where} will take about {_span(seconds)}; "
        "fewer layers or head='linear' take less."
    )


def _span(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 2:
        return "a minute"
    return f"{minutes} minutes" if minutes < 90 else f"{seconds / 3600:.1f} hours"
