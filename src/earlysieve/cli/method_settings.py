"""The settings of training methods: what each may be, and what it means.

Each is an option of `earlysieve train` and a key of the field `method_options` of a configuration.
Which method has which setting, and its default, is said in `methods`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from earlysieve.cli.model_options import SPEC_HELP
from earlysieve.errors import InputError
from earlysieve.methods.readout_choice import READOUTS

if TYPE_CHECKING:
    Kind = click.ParamType[Any]

PRESET_NAMES = ("waterbirds", "celeba", "multinli", "civilcomments")


@dataclass(frozen=True)
class Setting:
    """What a setting may be, what help says of it, and how help calls its value."""

    kind: "Kind"
    text: str
    metavar: str | None = None


_FROM_ZERO = click.FloatRange(min=0)
_POSITIVE = click.IntRange(min=1)

SETTINGS: dict[str, Setting] = {
    "layer": Setting(click.STRING, "Layer to read out; `earlysieve layers` lists them.", "NAME"),
    "stage": Setting(_POSITIVE, "Read out after this stage or block, from 1, instead of --layer."),
    "readout": Setting(click.Choice(READOUTS), "Kind of readout."),
    "readout_depth": Setting(_POSITIVE, "Its depth."),
    "readout_width": Setting(_POSITIVE, "Its width."),
    "readout_block": Setting(
        click.Choice(("residual", "plain")), "Two or one convolution per unit of depth."
    ),
    "readout_steps": Setting(_POSITIVE, "Readout updates per step."),
    "readout_lr": Setting(_FROM_ZERO, "Its learning rate."),
    "forget_every": Setting(click.IntRange(min=0), "Forget at every so many steps; 0: never."),
    "forget_lr": Setting(_FROM_ZERO, "Step size of forgetting."),
    "forget_warmup": Setting(click.IntRange(min=0), "Steps before the first forgetting."),
    "forget_steps": Setting(_POSITIVE, "Forgetting steps each time."),
    "order": Setting(click.Choice(("shared", "published")), "Order of the three updates."),
    "teacher": Setting(click.STRING, f"Teacher: {SPEC_HELP}", "SPEC"),
    "teacher_checkpoint": Setting(click.STRING, "Weights of the teacher.", "FILE"),
    "teacher_logits": Setting(
        click.STRING,
        "File of the teacher's logits (of `keep_logits`, .npy or .pt); with --teacher it is made "
        "where it is missing.",
        "FILE",
    ),
    "temperature": Setting(click.FloatRange(min=0, min_open=True), "Of the softened logits."),
    "kd_weight": Setting(click.FloatRange(0, 1), "Share of the teacher in the loss."),
    "alpha": Setting(_FROM_ZERO, "Exponent of the margin; small: all errors weigh alike."),
    "beta": Setting(_FROM_ZERO, "The largest weight is exp(beta); 0: no weights."),
    "reweight_every": Setting(_POSITIVE, "Epochs between new weights."),
    "mode": Setting(click.Choice(("online", "published")), "Where judgements come from."),
    "identification_epochs": Setting(_POSITIVE, "Epochs that train the first of two models."),
    "upweight": Setting(click.FloatRange(min=1), "How often an error of the first model counts."),
    "classifier": Setting(click.STRING, "Last linear layer of the student.", "NAME"),
    "teacher_classifier": Setting(click.STRING, "Last linear layer of the teacher.", "NAME"),
    "step_size": Setting(_FROM_ZERO, "How fast the weights of groups move."),
    "adjustment": Setting(_FROM_ZERO, "Generalisation adjustment by group size."),
    "balance": Setting(click.Choice(("class", "group")), "Draw all classes or groups alike often."),
}

# Settings that are written in another way than --name VALUE.
_OTHERS: dict[str, "Kind"] = {
    "forget_with_lr": click.BOOL,
    "keep_logits": click.BOOL,
    "preset": click.STRING,
}


def check_settings(values: dict[str, Any]) -> None:
    """Check types and ranges; None stands for a setting that is not given.

    Raises:
        InputError: a value is of another type or out of its range.
    """
    for name, value in values.items():
        kind = SETTINGS[name].kind if name in SETTINGS else _OTHERS.get(name)
        if kind is not None and value is not None and not _fits(kind, value):
            raise InputError(
                f"Expected {name} to be {_wanted(kind)}, but got {value!r}; correct the option"
            )
    options = values.get("teacher_options", {})
    if not isinstance(options, dict):
        raise InputError(
            f"Expected teacher_options to be an object, but got {options!r}; "
            'write for instance {"channels": 1}'
        )


def _fits(kind: "Kind", value: Any) -> bool:
    types: dict[type[Any], tuple[type, ...]] = {
        click.IntRange: (int,),
        click.FloatRange: (int, float),
        type(click.BOOL): (bool,),
    }
    allowed = types.get(type(kind), (str,))
    if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
        return False
    convert: Callable[..., Any] = kind.convert
    try:
        convert(value, None, None)
    except click.BadParameter:
        return False
    return True


def _wanted(kind: "Kind") -> str:
    if isinstance(kind, click.Choice):
        return f"one of {', '.join(kind.choices)}"
    if isinstance(kind, click.IntRange):
        return f"a whole number of at least {kind.min}"
    if isinstance(kind, click.FloatRange):
        low = f"above {kind.min}" if kind.min_open else f"of at least {kind.min}"
        return f"a number {low}" + ("" if kind.max is None else f" and at most {kind.max}")
    return "true or false" if kind is click.BOOL else "text"
