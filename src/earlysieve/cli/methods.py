"""The training methods of `earlysieve train --method NAME`.

A further method is one more entry in `METHODS`; its own settings are the keys of `defaults`, given
as `--method-option KEY=VALUE` and kept in the field `method_options` of the configuration.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from earlysieve.cli.sieve_method import DEFAULTS as SIEVE_DEFAULTS
from earlysieve.cli.sieve_method import build_sieve
from earlysieve.errors import InputError

if TYPE_CHECKING:
    from torch import nn

    from earlysieve.datasets import ExampleDataset
    from earlysieve.training import Algorithm, TrainConfig


@dataclass(frozen=True)
class Job:
    """What a method is built from.

    Attributes:
        model: the network, on its device.
        data: the training data.
        config: the whole configuration.
        options: the method's own settings, defaults filled in.
        num_classes: outputs of the network.
        steps: batches per epoch.
    """

    model: "nn.Module"
    data: "ExampleDataset"
    config: "TrainConfig"
    options: Mapping[str, Any]
    num_classes: int
    steps: int


@dataclass(frozen=True)
class Method:
    """A way to train: what it is in one line, how to build it, and its own settings."""

    summary: str
    build: Callable[[Job], "Algorithm"]
    defaults: Mapping[str, Any] = field(default_factory=dict)


def build_erm(job: Job) -> "Algorithm":
    """Plain training with the configured optimiser and schedule."""
    from earlysieve.training import ERM, build_optimizer, build_scheduler, optimizer_steps

    config = job.config
    optimizer = build_optimizer(job.model.parameters(), config)
    return ERM(
        job.model,
        optimizer,
        clip_norm=config.clip_norm,
        accumulate=config.accumulate,
        scheduler=build_scheduler(optimizer, config, optimizer_steps(job.steps, config)),
        autocast=config.autocast,
    )


METHODS: dict[str, Method] = {
    "erm": Method("plain training: the mean loss over all examples", build_erm),
    "sieve": Method(
        "feature sieve: forget what can be read off --layer", build_sieve, SIEVE_DEFAULTS
    ),
}


def method_named(name: str) -> Method:
    """The method of this name.

    Raises:
        InputError: there is none.
    """
    if name not in METHODS:
        raise InputError(
            f"Expected method to be one of {', '.join(METHODS)}, but got '{name}'; choose one"
        )
    return METHODS[name]


def method_options(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """A method's settings: its defaults and what was given.

    Raises:
        InputError: it has no such setting.
    """
    defaults = method_named(name).defaults
    for key in given:
        if key not in defaults:
            known = f"its options are {', '.join(defaults)}" if defaults else "it has none"
            raise InputError(f"Expected an option of the method '{name}', but got '{key}'; {known}")
    return {**defaults, **given}
