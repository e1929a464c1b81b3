"""What trackers call the runs of a search: method, data, seed and trial, not a number alone."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from earlysieve.training import TrainConfig


def run_title(config: "TrainConfig") -> str:
    """The method, the last part of the name of the data, and the seed."""
    return f"{config.method} on {Path(config.data).name}, seed {config.seed}"


def trial_title(title: str, place: int) -> str:
    """The title of a run with its trial; trial 0 is the plain method."""
    return f"{title}, trial {place}{' (plain)' if place == 0 else ''}"
