"""The whole configuration of a training run, in a form that can be written and read again."""

import difflib
import json
import math
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_type_hints

from earlysieve._files import write_text
from earlysieve._version import __version__
from earlysieve.errors import InputError, one_line

OPTIMIZERS = ("sgd", "adam", "adamw")
SCHEDULERS = ("none", "cosine", "linear-warmup")
AUGMENTS = ("none", "flip", "flip-crop", "randaugment")
AUTOCASTS = ("bf16", "fp16")
# Fields that change where or how a run is carried out, but not what comes of it.
PRACTICAL = ("device", "num_workers", "checkpoint_every_steps")


@dataclass(frozen=True)
class TrainConfig:
    """Everything that decides a training run.

    Attributes:
        data, validation: specifications of the data sources; data_options: their settings.
        model: specification of the network; model_options: its settings.
        checkpoint: file or folder of weights to start from; None: as the specification builds it;
            checkpoint_key, checkpoint_prefix: how to read it, see `load_weights`.
        pretrained: published weights to start from, "DEFAULT" or by name, or a file of them; the
            last layer is made anew where the data has another number of classes.
        head: that layer, by name; None: it is found.
        num_classes: outputs of the network (1: one logit for two classes); None: one per class of
            the data.
        method: name of the algorithm; method_options: its own settings.
        groups_from, validation_groups_from: folder of an audit of the training or validation data,
            or a file of groups of them, see `runs.given_groups`; None: those of the data.
        groups_reader: the reader of these audits by which groups are told, see `groups_from_audit`;
            None: the one that their verdict is about.
        augment: preset of random changes to training pictures, see `fit`; None or "none": none.
        freeze: what stays as it is, "backbone" or the name of a layer, see `fit`; None: nothing.
        optimizer: "sgd", "adam" or "adamw"; lr, momentum (sgd only), weight_decay: its settings.
        backbone_lr_scale: by what the learning rate of all but the last layer is multiplied; None:
            1.
        scheduler: "none", "cosine" (to 0) or "linear-warmup" (up over the first `warmup` share of
            the steps, then linearly to 0).
        epochs, batch_size, seed, evaluate_every, patience, select, restore_best, refresh_batches:
            see `RunSettings`; clip_norm, accumulate, autocast: see `Stepper`.
        device: where to train; None: the GPU where there is one.
        num_workers: processes that load data.
        checkpoint_every_steps: save within epochs, too.

    Raises:
        InputError: a field has a value of another type or range; the message names it.
    """

    data: str = ""
    validation: str | None = None
    data_options: dict[str, Any] = field(default_factory=dict)
    model: str = ""
    model_options: dict[str, Any] = field(default_factory=dict)
    checkpoint: str | None = None
    checkpoint_key: str | None = None
    checkpoint_prefix: str | None = None
    pretrained: str | None = None
    head: str | None = None
    num_classes: int | None = None
    method: str = "erm"
    method_options: dict[str, Any] = field(default_factory=dict)
    groups_from: str | None = None
    validation_groups_from: str | None = None
    groups_reader: str | None = None
    augment: str | None = None
    freeze: str | None = None
    optimizer: str = "sgd"
    lr: float = 0.01
    backbone_lr_scale: float | None = None
    momentum: float = 0.9
    weight_decay: float = 0.0
    scheduler: str = "none"
    warmup: float = 0.1
    epochs: int = 10
    batch_size: int = 64
    seed: int = 0
    clip_norm: float | None = None
    accumulate: int = 1
    autocast: str | None = None
    evaluate_every: int = 1
    patience: int | None = None
    select: str = "accuracy"
    restore_best: bool | None = None
    refresh_batches: int = 0
    device: str | None = None
    num_workers: int = 0
    checkpoint_every_steps: int | None = None

    def __post_init__(self) -> None:
        hints = get_type_hints(TrainConfig)
        for item in fields(self):
            _check_type(item.name, getattr(self, item.name), hints[item.name])
        _check_choice("optimizer", self.optimizer, OPTIMIZERS)
        _check_choice("scheduler", self.scheduler, SCHEDULERS)
        if self.autocast is not None:
            _check_choice("autocast", self.autocast, AUTOCASTS)
        if self.augment is not None:
            _check_choice("augment", self.augment, AUGMENTS)
        if self.augment == "none":
            object.__setattr__(self, "augment", None)
        for name, low, high in _RANGES:
            value = getattr(self, name)
            _check_range(name, value, low, high)
            if value is not None and hints[name] in (float, float | None):
                # Optimisers refuse whole numbers above 64 bits.
                object.__setattr__(self, name, float(value))

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain values."""
        return asdict(self)

    def decisive(self) -> dict[str, Any]:
        """The fields that decide the result, which a resumed run must share."""
        return {key: value for key, value in self.to_dict().items() if key not in PRACTICAL}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "TrainConfig":
        """A configuration from fields by name; those that are absent have their defaults.

        Raises:
            InputError: a field is unknown (near names are listed), or of another type or range.
        """
        names = [item.name for item in fields(cls)]
        for key in values:
            if key not in names:
                near = difflib.get_close_matches(str(key), names, n=3, cutoff=0.5)
                hint = (
                    f"did you mean {' or '.join(repr(n) for n in near)}?"
                    if near
                    else (f"known fields are: {', '.join(names)}")
                )
                raise InputError(
                    f"Expected fields of the training configuration, but got '{key}'; {hint}"
                )
        return cls(**values)


def write_config(path: str | os.PathLike[str], config: TrainConfig) -> None:
    """Write a configuration as JSON, with the versions it ran with, atomically."""
    content = {**config.to_dict(), "versions": versions()}
    write_text(path, json.dumps(content, indent=2) + "\n")


def read_config(path: str | os.PathLike[str]) -> TrainConfig:
    """Read what `write_config` wrote, or any JSON object with some of the fields.

    Raises:
        InputError: the file is missing, is no JSON object, or has an unknown or wrong field.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            f"Expected a configuration in JSON at '{path}', but got: {one_line(error)}; check the "
            "file"
        ) from error
    if not isinstance(content, dict):
        raise InputError(
            f"Expected a JSON object at '{path}', but got {type(content).__name__}; "
            'write fields such as {"epochs": 5}'
        )
    content.pop("versions", None)
    return TrainConfig.from_dict(content)


def versions() -> dict[str, str]:
    """The versions of Python, torch, NumPy and this package."""
    import numpy as np
    import torch

    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "earlysieve": __version__,
    }


_LARGEST_FLOAT = 3e38  # that fits into the 32 bits of a weight
_LARGEST = 2**31 - 1  # of what is counted; batches of more would overflow in torch
_RANGES: tuple[tuple[str, float, float], ...] = (
    ("lr", 0.0, _LARGEST_FLOAT),
    ("backbone_lr_scale", 0.0, _LARGEST_FLOAT),
    ("momentum", 0.0, 1.0),
    ("weight_decay", 0.0, _LARGEST_FLOAT),
    ("warmup", 0.0, 1.0),
    ("epochs", 1, _LARGEST),
    ("batch_size", 1, _LARGEST),
    ("seed", 0, 2**63 - 1),
    ("clip_norm", 0.0, _LARGEST_FLOAT),
    ("accumulate", 1, _LARGEST),
    ("evaluate_every", 1, _LARGEST),
    ("patience", 1, _LARGEST),
    ("refresh_batches", 0, _LARGEST),
    ("num_workers", 0, _LARGEST),
    ("num_classes", 1, _LARGEST),
    ("checkpoint_every_steps", 1, _LARGEST),
)


def _check_type(name: str, value: Any, hint: Any) -> None:
    allowed = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    kinds = tuple(dict if "dict" in str(kind) else kind for kind in allowed)
    if float in kinds:
        kinds = (*kinds, int)
    wrong_bool = isinstance(value, bool) and bool not in kinds
    if wrong_bool or not isinstance(value, kinds):
        wanted = " or ".join("null" if k is type(None) else k.__name__ for k in kinds)
        raise InputError(
            f"Expected {name} to be of type {wanted}, but got {value!r}; correct the configuration"
        )


def _check_choice(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise InputError(
            f"Expected {name} to be one of {', '.join(known)}, but got '{value}'; choose one"
        )


def _check_range(name: str, value: float | None, low: float, high: float) -> None:
    if isinstance(value, float) and math.isinf(value):
        raise InputError(
            f"Expected {name} to be finite, but got {value}; correct the configuration"
        )
    if value is not None and not low <= value <= high:
        usual = high in (_LARGEST, _LARGEST_FLOAT) and not value > high
        upper = "" if usual else f" and at most {high}"
        raise InputError(
            f"Expected {name} to be at least {low}{upper}, but got {value}; "
            "correct the configuration"
        )
