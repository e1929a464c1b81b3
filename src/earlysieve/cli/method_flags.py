"""The settings of methods as options of their own; each stands for a --method-option."""

from collections.abc import Callable
from typing import Any, TypeVar

import click
from click.core import ParameterSource

F = TypeVar("F", bound=Callable[..., Any])

_FLAGS: tuple[tuple[str, Any, str], ...] = (
    ("layer", click.STRING, "Layer to read out, or several separated by commas [sieve]."),
    ("forget_every", click.IntRange(min=0), "Forget at every so many steps; 0: never [sieve]."),
    ("forget_lr", click.FloatRange(min=0), "Step size of forgetting [sieve]."),
    ("forget_warmup", click.IntRange(min=0), "Steps before the first forgetting [sieve]."),
    ("readout", click.Choice(["linear", "mlp", "conv", "token"]), "Kind of readout [sieve]."),
    ("readout_depth", click.IntRange(min=1), "Its depth [sieve]."),
    ("readout_width", click.IntRange(min=1), "Its width [sieve]."),
    ("readout_lr", click.FloatRange(min=0), "Its learning rate [sieve]."),
)


def method_flags(command: F) -> F:
    """Add the options."""
    for name, kind, text in reversed(_FLAGS):
        flag = f"--{name.replace('_', '-')}"
        command = click.option(flag, name, type=kind, default=None, help=text)(command)
    return command


def given_method_flags(context: click.Context) -> dict[str, Any]:
    """The flags that were given."""
    return {
        name: context.params[name]
        for name, *_ in _FLAGS
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
