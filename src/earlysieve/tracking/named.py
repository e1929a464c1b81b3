"""The trackers by name."""

import difflib
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module

from earlysieve._imports import need
from earlysieve.errors import InputError
from earlysieve.tracking.tracker import Tracker, Tracking

# Name: file and class of this package, and what has to be installed, which is also the extra.
TRACKERS = {
    "tensorboard": ("tensorboard", "TensorBoard"),
    "mlflow": ("mlflow", "MLflow"),
    "wandb": ("wandb", "WeightsAndBiases"),
}


def check_trackers(specs: Sequence[str]) -> tuple[str, ...]:
    """The specifications NAME or NAME:PLACE, checked: there are such trackers, and installed.

    Raises:
        InputError: one is unknown (near names are listed), or names no place after the colon.
        MissingDependencyError: its package is not installed.
    """
    for spec in specs:
        name, colon, place = spec.partition(":")
        if name not in TRACKERS:
            near = difflib.get_close_matches(name, TRACKERS, n=1)
            hint = f"did you mean {near[0]}?" if near else "choose one"
            raise InputError(
                f"Expected a tracker among {', '.join(TRACKERS)}, but got '{name}'; {hint}"
            )
        if colon and not place.strip():
            raise InputError(
                f"Expected a folder or address after the colon, but got '{spec}'; write {name}, or "
                f"{name}:DIR"
            )
        need(name, extra=name)
    return tuple(specs)


def prepare_trackers(specs: Sequence[str]) -> None:
    """Load what trackers need, and let them make what they write to, before any run is timed.

    Several processes then do not make it at once. What fails is said by the run that opens it.

    Args:
        specs: as `check_trackers` returns them.
    """
    for spec in specs:
        _prepare(spec)


@cache
def _prepare(spec: str) -> None:
    """Once in a process: a server that cannot be reached costs its time once."""
    name, _, place = spec.partition(":")
    module = import_module(f"earlysieve.tracking.{TRACKERS[name][0]}")
    with suppress(Exception):
        module.prepare(place or None)


def open_tracker(spec: str, tracking: Tracking) -> Tracker:
    """The tracker of a specification that `check_trackers` has passed."""
    file, kind = TRACKERS[spec.partition(":")[0]]
    made: Tracker = getattr(import_module(f"earlysieve.tracking.{file}"), kind)(tracking)
    return made
