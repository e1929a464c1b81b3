"""The fields of a training configuration as options; a given option wins over --config."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from earlysieve.cli.kinds import Count, Seed
from earlysieve.groups.rule_names import RULE_HELP, RULE_NAMES

F = TypeVar("F", bound=Callable[..., Any])

_POSITIVE = Count(min=1)
_NAME = click.STRING
METAVARS = {"integer range": "N", "float range": "X"}
_FROM_ZERO = click.FloatRange(min=0)

# Field of TrainConfig, type, default as help shows it, help. Types and defaults are those of
# TrainConfig, which checks them again; they are written out so that --help imports no torch.
_FIELDS: tuple[tuple[str, Any, str | None, str], ...] = (
    ("method", _NAME, "erm", "How to train; see the end of this help."),
    (
        "augment",
        click.Choice(["none", "flip", "flip-crop", "randaugment"]),
        None,
        "Change training pictures at random, anew in every epoch; by default not. flip: "
        "mirror half of them. flip-crop: cut out a part as well. randaugment: change colours and "
        "shape as well.",
    ),
    ("optimizer", click.Choice(["sgd", "adam", "adamw"]), "sgd", "Optimiser of the network."),
    ("lr", _FROM_ZERO, "0.01", "Learning rate."),
    (
        "backbone_lr_scale",
        _FROM_ZERO,
        None,
        "Multiply the learning rate of all but the last layer by this, by default by 1; 0.1 is "
        "usual for pretrained networks.",
    ),
    ("momentum", click.FloatRange(0, 1), "0.9", "Momentum of the optimiser sgd."),
    ("weight_decay", _FROM_ZERO, "0.0", "Weight decay."),
    (
        "scheduler",
        click.Choice(["none", "cosine", "linear-warmup"]),
        "none",
        "Schedule of the learning rate over the steps.",
    ),
    (
        "warmup",
        click.FloatRange(0, 1),
        "0.1",
        "Share of the steps in which --scheduler linear-warmup raises the learning rate.",
    ),
    ("epochs", _POSITIVE, "10", "Passes over the training data."),
    ("batch_size", _POSITIVE, "64", "Examples per batch."),
    ("seed", Seed(), "0", "Seed of weights, order, augmentation and planted shortcuts."),
    ("clip_norm", _FROM_ZERO, None, "Scale gradients down to this total norm."),
    ("accumulate", _POSITIVE, "1", "Batches per optimiser step."),
    (
        "autocast",
        click.Choice(["bf16", "fp16"]),
        None,
        "Type of mixed precision; by default none.",
    ),
    ("evaluate_every", _POSITIVE, "1", "Evaluate after every so many epochs."),
    (
        "patience",
        _POSITIVE,
        None,
        "Stop after so many evaluations without a better one.",
    ),
    (
        "select",
        click.Choice(RULE_NAMES),
        "accuracy",
        "Figure that decides which epoch is best. "
        + " ".join(f"{name}: {text}." for name, text in RULE_HELP.items()),
    ),
    (
        "refresh_batches",
        Count(min=0),
        "0",
        "Before each evaluation compute BatchNorm statistics anew from so many training batches; "
        "50 to 100 are advised with sieve.",
    ),
    ("device", _NAME, None, "cpu, cuda, ...; by default a GPU if there is one."),
    ("num_workers", Count(min=0), "0", "Processes that load data."),
    (
        "checkpoint_every_steps",
        _POSITIVE,
        None,
        "Save within epochs too, after so many steps.",
    ),
)

FIELD_NAMES = tuple(name for name, *_ in _FIELDS)


def config_options(command: F, *, without: tuple[str, ...] = ()) -> F:
    """Add an option for each plain field of TrainConfig, but for some."""
    command = click.option(
        "--restore-best/--keep-last",
        default=None,
        help="End with the best evaluated epoch, or the last; by default the best with --patience.",
    )(command)
    for name, kind, default, text in reversed(_FIELDS):
        if name in without:
            continue
        shown = text if default is None else f"{text} [default: {default}]"
        flag = f"--{name.replace('_', '-')}"
        metavar = None if isinstance(kind, click.Choice) else METAVARS.get(kind.name, "NAME")
        command = click.option(flag, name, type=kind, metavar=metavar, help=shown)(command)
    return command
