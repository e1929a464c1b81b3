"""Settings of a sieve are checked before anything is trained."""

import math
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn

from earlysieve.errors import InputError
from earlysieve.sieve.schedule import ForgetSchedule


def check_settings(
    layers: Sequence[str],
    recipe: Any,
    schedule: ForgetSchedule,
    order: str,
    numbers: Mapping[str, float],
) -> None:
    """Raise InputError for settings that cannot be meant; warn if nothing is ever forgotten."""
    if not layers or len(set(layers)) != len(layers):
        raise InputError(
            f"Expected one layer name, or several different ones, but got {list(layers)}; "
            "trace_layers lists the names"
        )
    if isinstance(recipe, nn.Module) and len(layers) > 1:
        raise InputError(
            f"Expected a head such as LinearHead() for {len(layers)} layers, but got one module; "
            "a module serves a single layer"
        )
    if order not in ("shared", "published"):
        raise InputError(
            f"Expected order to be 'shared' or 'published', but got {order!r}; choose one of them"
        )
    least = {"forget_lr": 0.0, "readout_lr": 0.0, "readout_steps": 1, "num_classes": 2}
    for name, value in numbers.items():
        if not (math.isfinite(value) and value >= least[name]):
            raise InputError(
                f"Expected {name} to be a number of at least {least[name]:g}, but got {value}; "
                "see the published settings for orders of magnitude"
            )
    if schedule.every == 0 or numbers["forget_lr"] == 0:
        warnings.warn(
            "This sieve never forgets (forget_every=0 or forget_lr=0): it equals plain training "
            "with a readout that watches",
            stacklevel=3,
        )
