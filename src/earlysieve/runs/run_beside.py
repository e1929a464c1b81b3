"""What the run or the fix that wrote a file of weights says of it, in a file beside it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earlysieve.training.config import TrainConfig, read_config

if TYPE_CHECKING:
    from earlysieve.networks.built import BuiltModel

_CONFIG, _FIX = "config.json", "fix.json"


@dataclass(frozen=True)
class Beside:
    """What has to be known of weights to use them again.

    Attributes:
        data_options: how data were prepared, among other options of them.
        head: last layer that was made anew, where the network's builder does not do it.
        input_shape: for which a network of ours was built, as an option of it; empty: not said.
    """

    data_options: Mapping[str, Any]
    head: str | None
    input_shape: Mapping[str, Any] = field(default_factory=dict)


def known_beside(checkpoint: str | Path | None) -> Beside | None:
    """What lies beside a checkpoint; None where nothing does that a run or a fix wrote."""
    run = _read(checkpoint, _CONFIG)
    found = run if "method" in run else _read(checkpoint, _FIX).get("config")
    if not isinstance(found, dict):
        return None
    options, head, built = (found.get(k) for k in ("data_options", "head", "model_options"))
    shape = built.get("input_shape") if isinstance(built, dict) else None
    return Beside(
        options if isinstance(options, dict) else {},
        head if isinstance(head, str) else None,
        {} if shape is None else {"input_shape": shape},
    )


def fix_beside(checkpoint: str | Path | None) -> Mapping[str, Any]:
    """What the fix that wrote a checkpoint says of it; empty where none did."""
    return _read(checkpoint, _FIX)


def as_in_run(built: "BuiltModel", checkpoint: Any, outputs: int | None) -> None:
    """Give a network the last layer that the run of a checkpoint gave it.

    Args:
        built: changed in place.
        checkpoint: that it shall get.
        outputs: wanted; None: as they are.

    Raises:
        LayerError: the network has no such layer.
    """
    from earlysieve.networks.classifier import resize_classifier

    found = known_beside(checkpoint)
    if found is not None and found.head is not None and outputs:
        resize_classifier(built.model, found.head, outputs)


def shape_in_run(spec: str, checkpoint: Any) -> Mapping[str, Any]:
    """The option `input_shape` with which the run of a checkpoint built a network of ours."""
    found = known_beside(checkpoint) if spec.startswith("earlysieve.") else None
    return {} if found is None else found.input_shape


def config_beside(checkpoint: str | Path | None) -> TrainConfig | None:
    """The configuration of the run that wrote a checkpoint; None where none lies beside it.

    Raises:
        InputError: there is one with an unknown or wrong field.
    """
    if checkpoint is None or "method" not in _read(checkpoint, _CONFIG):
        return None
    return read_config(Path(checkpoint).with_name(_CONFIG))


def _read(checkpoint: str | Path | None, name: str) -> dict[str, Any]:
    """The object in a file of JSON beside a checkpoint; empty where there is none."""
    if checkpoint is None:
        return {}
    try:
        found = json.loads(Path(checkpoint).with_name(name).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
