"""The fields of a training configuration as options; a given option wins over --config."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from earlysieve.cli.completing import among, methods
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
    (
        "method",
        _NAME,
        "erm",
        "Train by this method, one that the end of this help lists, or one of your own, "
        "module:METHOD or file.py:METHOD.",
    ),
    (
        "augment",
        click.Choice(["none", "flip", "flip-crop", "randaugment"]),
        None,
        "Change training pictures at random, anew in every epoch; by default not. flip: "
        "mirror half of them. flip-crop: cut out a part as well. randaugment: change colours and "
        "shape as well.",
    ),
    (
        "optimizer",
        click.Choice(["sgd", "adam", "adamw"]),
        "sgd",
        "Train the network with this optimiser; by default one of hf: with adamw.",
    ),
    (
        "lr",
        _FROM_ZERO,
        "0.01",
        "Begin with this learning rate; by default a network of hf: with 0.05 over its width, at "
        "most 0.001.",
    ),
    (
        "backbone_lr_scale",
        _FROM_ZERO,
        None,
        "Multiply the learning rate of all but the last layer by this, by default by 1; 0.1 is "
        "usual for pretrained networks.",
    ),
    ("momentum", click.FloatRange(0, 1), "0.9", "Use this momentum in the optimiser sgd."),
    ("weight_decay", _FROM_ZERO, "0.0", "Let weights decay at this rate."),
    (
        "scheduler",
        click.Choice(["none", "cosine", "linear-warmup"]),
        "none",
        "Change the learning rate over the steps by this schedule.",
    ),
    (
        "warmup",
        click.FloatRange(0, 1),
        "0.1",
        "Raise the learning rate in this share of the steps, with --scheduler linear-warmup.",
    ),
    ("epochs", _POSITIVE, "10", "Pass over the training data this many times."),
    ("batch_size", _POSITIVE, "64", "Run this many examples through the network at a time."),
    ("seed", Seed(), "0", "Draw weights, order, augmentation and planted shortcuts by this seed."),
    ("clip_norm", _FROM_ZERO, None, "Scale gradients down to this total norm."),
    ("accumulate", _POSITIVE, "1", "Take one step of the optimiser after this many batches."),
    (
        "autocast",
        click.Choice(["bf16", "fp16"]),
        None,
        "Train in this type of mixed precision; by default in none.",
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
        "Choose the best epoch by this figure. "
        + " ".join(f"{name}: {text}." for name, text in RULE_HELP.items()),
    ),
    (
        "refresh_batches",
        Count(min=0),
        "0",
        "Before each evaluation compute BatchNorm statistics anew from so many training batches; "
        "50 to 100 are advised with sieve.",
    ),
    (
        "device",
        _NAME,
        None,
        "Run the network on this device, such as cpu or cuda; by default on a GPU if there is one.",
    ),
    (
        "num_workers",
        Count(min=0),
        "0",
        "Load data in this many processes; 0 is in that of the command.",
    ),
    (
        "checkpoint_every_steps",
        _POSITIVE,
        None,
        "Save within epochs too, after so many steps.",
    ),
)

FIELD_NAMES = tuple(name for name, *_ in _FIELDS)


def config_options(
    command: F, *, without: tuple[str, ...] = (), usual: str = "the best with --patience"
) -> F:
    """Add an option for each plain field of TrainConfig, but for some.

    Args:
        command: that gets them.
        without: fields that it has in another way, or not.
        usual: with which epoch its runs end by default.
    """
    command = click.option(
        "--restore-best/--keep-last",
        default=None,
        help=f"End with the best evaluated epoch, or the last; by default {usual}.",
    )(command)
    for name, kind, default, text in reversed(_FIELDS):
        if name in without:
            continue
        shown = text if default is None else f"{text} [default: {default}]"
        flag = f"--{name.replace('_', '-')}"
        metavar = None if isinstance(kind, click.Choice) else METAVARS.get(kind.name, "NAME")
        complete = among(methods) if name == "method" else None
        command = click.option(
            flag, name, type=kind, metavar=metavar, help=shown, shell_complete=complete
        )(command)
    return command
