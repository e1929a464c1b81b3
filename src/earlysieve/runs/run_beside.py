"""The configuration of the run that wrote a file of weights."""

import json
from pathlib import Path

from earlysieve.training.config import TrainConfig, read_config

_CONFIG = "config.json"


def config_beside(checkpoint: str | Path | None) -> TrainConfig | None:
    """The configuration of the run that wrote a checkpoint; None where none lies beside it.

    Raises:
        InputError: there is one with an unknown or wrong field.
    """
    if checkpoint is None:
        return None
    path = Path(checkpoint).with_name(_CONFIG)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return read_config(path) if isinstance(found, dict) and "method" in found else None
