"""Settings of a sieve, checked before anything is trained."""

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from torch import nn

from earlysieve.errors import InputError
from earlysieve.readouts.heads import Head, check_recipe
from earlysieve.sieve.forget_schedule import ForgetSchedule


@dataclass(frozen=True)
class SieveSettings:
    """What a sieve does, apart from the main update; see `FeatureSieve` for the meaning.

    Raises:
        InputError: a setting is out of its range.
    """

    layers: tuple[str, ...]
    num_classes: int
    readout: Head | nn.Module
    schedule: ForgetSchedule
    forget_lr: float = 1e-2
    forget_with_lr: bool = False
    readout_lr: float = 1e-2
    readout_weight_decay: float = 1e-4
    readout_steps: int = 1
    order: Literal["shared", "published"] = "shared"
    update_statistics: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        check_recipe(self.readout)
        self._check_layers()
        if self.order not in ("shared", "published"):
            raise InputError(
                f"Expected order to be 'shared' or 'published', but got {self.order!r}; "
                "choose one of them"
            )
        _at_least("num_classes", self.num_classes, 2)
        _at_least("forget_lr", self.forget_lr, 0)
        _at_least("readout_weight_decay", self.readout_weight_decay, 0)
        _at_least("readout_steps", self.readout_steps, 1)
        if not (math.isfinite(self.readout_lr) and self.readout_lr > 0):
            raise InputError(
                f"Expected readout_lr to be a number above 0, but got {self.readout_lr}; "
                "a readout that does not learn cannot say what to forget"
            )

    @property
    def never_forgets(self) -> bool:
        """Whether no forget update will ever be made."""
        return self.schedule.every == 0 or self.forget_lr == 0

    def warn_if_idle(self, *, stacklevel: int) -> None:
        """Warn if nothing is ever forgotten."""
        if self.never_forgets:
            warnings.warn(
                "This sieve never forgets (forget_every=0 or forget_lr=0): it equals plain "
                "training with a readout that watches",
                stacklevel=stacklevel + 1,
            )

    def describe(self) -> dict[str, Any]:
        """Plain values that messages name and that a checkpoint has to agree with."""
        return {
            "layer": list(self.layers),
            "num_classes": self.num_classes,
            "readout": "module" if isinstance(self.readout, nn.Module) else repr(self.readout),
            "forget_every": self.schedule.every,
            "forget_warmup": self.schedule.warmup,
            "forget_steps": self.schedule.repeats,
            "forget_unit": self.schedule.unit,
            "forget_lr": self.forget_lr,
            "forget_with_lr": self.forget_with_lr,
            "readout_lr": self.readout_lr,
            "readout_weight_decay": self.readout_weight_decay,
            "readout_steps": self.readout_steps,
            "order": self.order,
            "update_statistics": self.update_statistics,
            "readout_seed": self.seed,
        }

    def _check_layers(self) -> None:
        if not self.layers or len(set(self.layers)) != len(self.layers):
            raise InputError(
                f"Expected one layer name, or several different ones, but got "
                f"{list(self.layers)}; trace_layers lists the names"
            )
        if isinstance(self.readout, nn.Module) and len(self.layers) > 1:
            raise InputError(
                f"Expected a head such as LinearHead() for {len(self.layers)} layers, but got one "
                "module; a module serves a single layer"
            )


def schedule_of(every: int | ForgetSchedule, warmup: int, steps: int) -> ForgetSchedule:
    """The schedule itself, or one from its parts.

    Raises:
        InputError: a schedule and parts of another were given.
    """
    if not isinstance(every, ForgetSchedule):
        return ForgetSchedule(every, warmup, steps)
    if warmup != 0 or steps != 1:
        raise InputError(
            f"Expected a ForgetSchedule alone, but got forget_warmup={warmup} and "
            f"forget_steps={steps} beside it; set warmup= and repeats= of the schedule"
        )
    return every


def check_readout_settings(optimizer: Any, **settings: float) -> None:
    """Raise InputError for settings of the readout's Adam where another optimiser replaces it."""
    usual = {f.name: f.default for f in fields(SieveSettings) if f.name in settings}
    given = [name for name, value in settings.items() if value != usual[name]]
    if optimizer is not None and given:
        raise InputError(
            f"Expected {given[0]} for the readout's own Adam, but got readout_optimizer as well; "
            f"set the learning rate and weight decay there, and leave out {given[0]}"
        )


def check_main_settings(optimizer: Any, settings: Mapping[str, Any]) -> None:
    """Raise InputError for settings of a main update where there is no optimiser to make it."""
    idle = {"clip_norm": None, "accumulate": 1, "scheduler": None, "forget_with_lr": False}
    given = [name for name, value in settings.items() if value != idle[name]]
    if optimizer is None and given:
        raise InputError(
            f"Expected an optimizer to which {given[0]} could apply, but got none; pass "
            "optimizer=, or leave the main update and its settings to your own loop"
        )


def _at_least(name: str, value: float, low: int) -> None:
    if not (math.isfinite(value) and value >= low):
        raise InputError(
            f"Expected {name} to be a number of at least {low}, but got {value}; "
            "see the published settings for orders of magnitude"
        )
