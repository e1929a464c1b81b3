"""The command `earlysieve`: its subcommands, loaded when they are called, and how they end."""

import importlib
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from earlysieve._signals import Terminated, terminable
from earlysieve._version import __version__
from earlysieve.cli.console import log, tell_programs
from earlysieve.cli.exit_codes import Failure, UserCodeFailure, stopped
from earlysieve.errors import EarlysieveError, InputError, UserCodeError, one_line

# Name, module, and the line in `earlysieve --help`: kept here so that help imports no command.
COMMANDS = {
    "audit": "Find out whether a trained classifier takes shortcuts.",
    "fix": "Try to make a classifier rely less on what its audit finds.",
    "report": "Write the page of a saved audit again, or export it to other programs.",
    "reliance": "Measure how much a trained classifier relies on a known cue.",
    "groups": "Tell groups of examples apart without group labels.",
    "layers": "List the layers of a network, and which an audit would choose.",
    "train": "Train a classifier; interrupted runs go on where they stopped.",
    "search": "Search for the settings of a method; plain training is trial 0.",
    "benchmark": "Compare methods under one protocol, in tables and on a page.",
    "compare": "Put audits and runs side by side, seeds as mean and interval.",
    "methods": "List the training methods and their settings.",
    "datasets": "List the data sources and their options.",
    "doctor": "Say what is installed here, and what is missing for what.",
    "completion": "Print a script by which a shell completes commands and options.",
    "schema": "Print the JSON schema of the file audit.json.",
    "demo": "Plant a shortcut in real digits, train, audit: see what it looks like.",
}

_EXITED = (
    "Expected the model and the data to return, but their code ended the program with "
    "sys.exit({}); raise an exception instead"
)
_OUT_OF_MEMORY = (
    "Expected this to fit into memory, but there is not enough of it ({}); lower --batch-size or "
    "--image-size"
)


class Commands(click.Group):
    """A group whose commands live in a module each, imported when needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the table above."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"earlysieve.cli.{cmd_name}_command")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; our own errors, Ctrl-C and SIGTERM end in one sentence.

        So do exceptions in the user's code, whose traceback follows; others are ours and pass.
        """
        try:
            return self._invoked(ctx)
        except click.ClickException as error:
            tell_programs(ctx, error)
            raise

    def _invoked(self, ctx: click.Context) -> Any:
        try:
            _check_alone()
            with terminable(), _warnings_in_one_line():
                return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except EarlysieveError as error:
            raise _failure(error) from error
        except (KeyboardInterrupt, Terminated) as error:
            raise stopped("Stopped. Nothing was left half written.", error) from error
        except SystemExit as error:
            raise Failure(_EXITED.format(error.code)) from error
        except Exception as error:
            from earlysieve._user_code import blame

            if _is_out_of_memory(error):
                raise Failure(_OUT_OF_MEMORY.format(one_line(error))) from error
            users = blame(error)
            if users is None:
                raise
            raise _failure(users) from error


def _check_alone() -> None:
    """Refuse to be started by torchrun: its processes would write into the same folder.

    Raises:
        InputError: this is one of several processes.
    """
    size = os.environ.get("WORLD_SIZE", "")
    if size.isdigit() and int(size) > 1:
        raise InputError(
            f"Expected one process, but got {size} (WORLD_SIZE, as torchrun sets it), which would "
            "all do the same work in one folder; start earlysieve without torchrun"
        )


def _failure(error: EarlysieveError) -> Failure:
    if not isinstance(error, UserCodeError) or error.__cause__ is None:
        return Failure(str(error))
    from earlysieve._user_code import users_traceback

    return UserCodeFailure(str(error), users_traceback(error.__cause__))


def _is_out_of_memory(error: Exception) -> bool:
    named = type(error).__name__ == "OutOfMemoryError"
    return named or isinstance(error, MemoryError) or "can't allocate memory" in str(error)


@contextmanager
def _warnings_in_one_line() -> Iterator[None]:
    """Print our own warnings once, without file and line, which say nothing to a user."""
    usual = warnings.showwarning
    told: set[str] = set()

    def show(message: Warning | str, category: type[Warning], *rest: Any, **named: Any) -> None:
        if category.__module__.startswith("earlysieve."):
            if str(message) in told:
                return
            told.add(str(message))
            log(f"Warning: {message}")
            click.echo(f"Warning: {message}", err=True)
        else:
            usual(message, category, *rest, **named)

    warnings.showwarning = show
    try:
        yield
    finally:
        warnings.showwarning = usual


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="earlysieve")
def main() -> None:
    """Find and reduce shortcut learning in PyTorch classifiers with early readouts.

    \b
    See what it does:      earlysieve demo
    Audit your own model:  earlysieve audit --model torchvision:resnet18 \\
                             --checkpoint model.pt --data photos/ --out audit-out

    Exit codes: 0 done, 1 a problem told in one sentence, 2 wrong usage, 3 a gate (--fail-on,
    --min-worst-group) that is not passed, 130 stopped by Ctrl-C, 143 by SIGTERM.
    """
