"""The settings of methods as options of their own; each stands for a --method-option."""

from collections.abc import Callable
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from earlysieve.cli.method_settings import PRESET_NAMES, SETTINGS
from earlysieve.cli.train_options import METAVARS
from earlysieve.methods.registry import METHODS
from earlysieve.networks.spec import parse_options

F = TypeVar("F", bound=Callable[..., Any])


def method_flags(command: F) -> F:
    """Add the options; help says which methods have them."""
    switches = (_forget_with_lr, _keep_logits)
    for add in reversed((_preset, *_plain(), _teacher_option, *switches, _method_option)):
        command = add(command)
    return command


def given_method_options(context: click.Context) -> dict[str, Any]:
    """The settings of the method that were given, in whichever way."""
    params = context.params
    found = parse_options(params["method_option"])
    teacher = parse_options(params["teacher_option"])
    if teacher:
        found["teacher_options"] = teacher
    flags = {
        name: params[name]
        for name in (*SETTINGS, "keep_logits", "forget_with_lr")
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
    return found | flags


def _plain() -> list[Callable[[F], F]]:
    return [
        click.option(
            f"--{name.replace('_', '-')}",
            name,
            type=setting.kind,
            metavar=setting.metavar or METAVARS.get(setting.kind.name),
            help=f"{setting.text} {_methods_with(name)}",
        )
        for name, setting in SETTINGS.items()
    ]


def _methods_with(name: str) -> str:
    return f"[{', '.join(key for key, method in METHODS.items() if name in method.defaults)}]"


def _preset(command: F) -> F:
    return click.option(
        "--preset",
        metavar="NAME",
        help=f"Published settings, of method and training: {', '.join(PRESET_NAMES)}. Options win "
        "over it; it wins over --config. A preset that is named in --config (method_options) "
        f"yields to the other fields of the file. {_methods_with('preset')}",
    )(command)


def _teacher_option(command: F) -> F:
    return click.option(
        "--teacher-option",
        multiple=True,
        metavar="KEY=VALUE",
        help="Further argument of the teacher's builder; may be repeated. "
        f"{_methods_with('teacher_options')}",
    )(command)


def _keep_logits(command: F) -> F:
    return click.option(
        "--keep-logits/--teacher-on-the-fly",
        default=None,
        help="Run the teacher once over the data and keep its logits in --out, or on every batch; "
        "by default once, unless reading an example twice gives two results (augmentation). "
        f"{_methods_with('keep_logits')}",
    )(command)


def _forget_with_lr(command: F) -> F:
    return click.option(
        "--forget-with-lr/--forget-at-constant-rate",
        default=None,
        help="Let the step size of forgetting follow --scheduler. "
        f"{_methods_with('forget_with_lr')}",
    )(command)


def _method_option(command: F) -> F:
    return click.option(
        "--method-option",
        multiple=True,
        metavar="KEY=VALUE",
        help="Setting of the method, written by its key; may be repeated.",
    )(command)
