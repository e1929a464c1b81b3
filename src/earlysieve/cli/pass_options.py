"""The options of passes over data, shared by the commands."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from earlysieve.cli.kinds import Count, Seed
from earlysieve.cli.with_options import with_options

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--batch-size",
        type=Count(min=1),
        default=64,
        show_default=True,
        metavar="N",
        help="Run this many examples through the network at a time.",
    ),
    click.option(
        "--num-workers",
        type=Count(min=0),
        default=0,
        show_default=True,
        metavar="N",
        help="Load data in this many processes; 0 is in that of the command.",
    ),
    click.option(
        "--device",
        metavar="NAME",
        help="Run the network on this device, such as cpu or cuda; by default on a GPU if there "
        "is one.",
    ),
)


def pass_options(command: F) -> F:
    """Add --batch-size, --num-workers and --device to a command."""
    return with_options(command, _OPTIONS)


def seed_option(of: str) -> Callable[[F], F]:
    """Add --seed to a command.

    Args:
        of: what the seed draws, as in "folds and the draw for --limit".
    """
    return click.option(
        "--seed",
        type=Seed(),
        default=0,
        show_default=True,
        metavar="N",
        help=f"Draw {of} by this seed.",
    )
