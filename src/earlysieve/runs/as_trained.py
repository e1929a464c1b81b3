"""How a network was trained, as words of a command that trains it again."""

import json
from dataclasses import MISSING, asdict, fields
from pathlib import Path
from typing import Any

from earlysieve.groups.selection_rules import RULES
from earlysieve.networks.attention import usual_width
from earlysieve.runs.seen_data import FOR_VALIDATION, part_of
from earlysieve.runs.train_data import SPLIT, share_of
from earlysieve.runs.usual_steps import usual_steps
from earlysieve.training.going_on import further

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


def as_chosen(checkpoint: str | None, data: str) -> dict[str, str | bool | None]:
    """The options of `as_trained`, and those by which the run chose its epoch.

    They are left out where the validation is, or where the choice needs groups or a reader of an
    audit. A method that weighs groups is better off without: accuracy would choose the shortcut.
    """
    config = _config_beside(checkpoint)
    found: dict[str, str | bool | None] = {**as_trained(checkpoint, data)}
    return found | (_choice(config) if "--validation" in found else {})


def _choice(config: dict[str, Any]) -> dict[str, str | bool | None]:
    patience, best, select = (config.get(name) for name in ("patience", "restore_best", "select"))
    if (patience is None and not best) or select not in RULES:
        return {}
    if set(RULES[select].needs) - {"groups"}:
        return {}
    found: dict[str, str | bool | None] = {}
    if isinstance(patience, int):
        found["--patience"] = str(patience)
    if isinstance(best, bool):
        found["--restore-best" if best else "--keep-last"] = True
    return found | ({"--select": select} if select != "accuracy" else {})


def as_trained(checkpoint: str | None, data: str) -> dict[str, str | None]:
    """Options of `earlysieve train` by which the run beside a checkpoint differs from the defaults.

    On the data of that run its validation is one of them: what was held out is not trained on.

    Args:
        checkpoint: file of weights; where there is none, or no run beside it, nothing is known.
        data: to train on.
    """
    config = _config_beside(checkpoint)
    return _changed(config) | _validation(config, data)


def trained_further(
    checkpoint: str | None, data: str, split: str | None, model: str, width: int | None = None
) -> dict[str, str | None]:
    """The same to go on from weights: as `fix --retrain` does where no run is known, but longer.

    Validation data are named then, too: they show whether the training did harm.

    Args:
        checkpoint, data: as for `as_trained`.
        split: of the data.
        model: specification of the network.
        width: of its attention; None: not known.
    """
    if "method" in _config_beside(checkpoint):
        return as_trained(checkpoint, data)
    others = set(part_of(data, split).splits or ()) - {split}
    found = next((name for name in FOR_VALIDATION if name in others), None)
    beside = {"--validation": f"{SPLIT}{found}"} if found and split is not None else {}
    gently = asdict(further(width or usual_width(model)))
    # Weights of small groups first undo what the network knew: a few epochs may end there.
    return beside | _changed({name: gently[name] for name in gently if name != "epochs"})


def _changed(config: dict[str, Any]) -> dict[str, str | None]:
    from earlysieve.training import TrainConfig

    usual = {one.name: one.default for one in fields(TrainConfig) if one.default is not MISSING}
    if usual_steps({"model": config.get("model")}):
        usual |= {"optimizer": None, "lr": None}  # those of such a network are others
    return {
        f"--{name.replace('_', '-')}": str(config[name])
        for name in _NAMES
        if isinstance(config.get(name), str | int | float) and config[name] != usual.get(name)
    }


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
