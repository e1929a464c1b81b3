"""How a network was trained, as words of a command that trains it again."""

import json
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from earlysieve.runs.seen_data import part_of
from earlysieve.runs.train_data import share_of

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


# By which a share of the data is drawn. An audit of these data needs them, too.
OF_DATA = ("--group-column", "--limit", "--seed")


def as_trained(checkpoint: str | None, data: str) -> dict[str, str | None]:
    """Options of `earlysieve train` by which the run beside a checkpoint differs from the defaults.

    On the data of that run its validation is one of them: what was held out is not trained on.

    Args:
        checkpoint: file of weights; where there is none, or no run beside it, nothing is known.
        data: to train on.
    """
    from earlysieve.training import TrainConfig

    config = _config_beside(checkpoint)
    usual = {one.name: one.default for one in fields(TrainConfig) if one.default is not MISSING}
    found: dict[str, str | None] = {
        f"--{name.replace('_', '-')}": str(config[name])
        for name in _NAMES
        if isinstance(config.get(name), str | int | float) and config[name] != usual.get(name)
    }
    return found | _validation(config, data)


def dropped_before(checkpoint: str | None) -> list[str] | None:
    """Columns that the run beside a checkpoint left out; None where there is no run."""
    config = _config_beside(checkpoint)
    if "method" not in config:
        return None
    found = (config.get("data_options") or {}).get("drop_column") or []
    return [found] if isinstance(found, str) else list(found)


def _validation(config: dict[str, Any], data: str) -> dict[str, str | None]:
    """What the run validated on, if it was trained on these data; with the seed that drew it."""
    validation, theirs = config.get("validation"), config.get("data")
    if not isinstance(validation, str) or not isinstance(theirs, str):
        return {}
    ours, named = part_of(data, None), part_of(theirs, None)
    if (ours.kind, ours.rest) != (named.kind, named.rest):
        return {}
    if share_of(validation) is None:
        return {"--validation": validation}
    # The share is drawn from these examples by their groups: an audit may have named others.
    options = config.get("data_options") or {}
    names = {"--group-column": "group_column", "--limit": "limit"}
    others = {flag: None for flag, name in names.items() if name not in options}
    return {"--validation": validation, "--seed": str(config.get("seed", 0)), **others}


def _config_beside(checkpoint: str | None) -> dict[str, Any]:
    if checkpoint is None:
        return {}
    try:
        found = json.loads(Path(checkpoint).with_name(_CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
