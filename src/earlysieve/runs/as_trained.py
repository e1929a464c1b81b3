"""How a network was trained, as words of a command that trains it again."""

import json
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

_CONFIG = "config.json"
# A network that other settings trained may collapse under the default ones.
_NAMES = (
    "optimizer",
    "lr",
    "backbone_lr_scale",
    "momentum",
    "weight_decay",
    "scheduler",
    "warmup",
    "epochs",
    "batch_size",
    "clip_norm",
    "accumulate",
    "freeze",
    "augment",
)


def as_trained(checkpoint: str | None) -> dict[str, str | None]:
    """Options of `earlysieve train` by which the run beside a checkpoint differs from the defaults.

    Args:
        checkpoint: file of weights; where there is none, or no run beside it, nothing is known.
    """
    from earlysieve.training import TrainConfig

    config = _config_beside(checkpoint)
    usual = {one.name: one.default for one in fields(TrainConfig) if one.default is not MISSING}
    return {
        f"--{name.replace('_', '-')}": str(config[name])
        for name in _NAMES
        if isinstance(config.get(name), str | int | float) and config[name] != usual.get(name)
    }


def _config_beside(checkpoint: str | None) -> dict[str, Any]:
    if checkpoint is None:
        return {}
    try:
        found = json.loads(Path(checkpoint).with_name(_CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
