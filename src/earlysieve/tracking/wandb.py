"""Weights & Biases: a run of the project "earlysieve"; WANDB_MODE=offline needs no network."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from earlysieve._imports import need
from earlysieve.tracking.tracker import Tracking, flat

PROJECT = "earlysieve"


class WeightsAndBiases:
    """A run whose name follows from its folder, so that a resumed run goes on in it."""

    def __init__(self, tracking: Tracking) -> None:
        wandb: Any = need("wandb", extra="wandb")
        identity = hashlib.sha256(str(tracking.folder.absolute()).encode()).hexdigest()[:16]
        place = tracking.place
        remote = place is not None and "://" in place
        folder = tracking.folder if place is None or remote else Path(place)
        folder.mkdir(parents=True, exist_ok=True)
        settings = {"base_url": place} if remote else {}
        self._run: Any = wandb.init(
            project=PROJECT,
            name=tracking.name,
            id=identity,
            resume="allow",
            dir=str(folder),
            config=flat(tracking.config),
            settings=wandb.Settings(silent=True, **settings),
        )

    def log(self, figures: Mapping[str, float], step: int) -> None:
        """Log figures; those of training and of validation share their step."""
        self._run.log({**figures, "step": step})

    def close(self) -> None:
        """Send what is left, or keep it for `wandb sync`."""
        self._run.finish()


def prepare(_place: str | None) -> None:
    """Load what writes."""
    need("wandb", extra="wandb")
