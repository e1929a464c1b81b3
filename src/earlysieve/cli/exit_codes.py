"""How a command can end other than well: exit codes and what is printed."""

from collections.abc import Sequence
from typing import Any

import click

from earlysieve._signals import EXIT_CODE, Terminated


def in_one_line(text: str) -> str:
    """The text with line breaks and the like, in names that users gave, escaped."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


class Failure(click.ClickException):
    """One of our own errors: a sentence on standard error, exit code 1."""

    exit_code = 1

    def format_message(self) -> str:
        """The sentence on one line."""
        return in_one_line(self.message)


class Interrupted(click.ClickException):
    """Ctrl-C: a sentence on standard error, exit code 130."""

    exit_code = 130

    def show(self, file: Any = None) -> None:
        """Print the sentence alone: stopping is no error."""
        click.echo(self.format_message(), file=file, err=True)


class TerminatedCommand(Interrupted):
    """SIGTERM: likewise, exit code 143."""

    exit_code = EXIT_CODE


def stopped(message: str, cause: BaseException) -> Interrupted:
    """The ending of a command that Ctrl-C or SIGTERM (`Terminated`) has stopped."""
    return (TerminatedCommand if isinstance(cause, Terminated) else Interrupted)(message)


class UserCodeFailure(Failure):
    """An exception in the user's own code: a sentence, then its traceback; exit code 1."""

    def __init__(self, message: str, traceback: str) -> None:
        """Keep the sentence and the traceback to print below it."""
        super().__init__(message)
        self.traceback = traceback

    def show(self, file: Any = None) -> None:
        """Print the sentence and the traceback on standard error."""
        super().show(file)
        click.echo(self.traceback.rstrip(), file=file, err=True)


class GateFailed(click.ClickException):
    """An audit does not pass a gate: a sentence for each reason on standard error, exit code 3."""

    exit_code = 3

    def __init__(self, reasons: Sequence[str]) -> None:
        """Keep the sentences."""
        super().__init__(" ".join(reasons))
        self.reasons = tuple(reasons)

    def show(self, file: Any = None) -> None:
        """Print each sentence on a line of its own."""
        for reason in self.reasons:
            click.echo(f"Gate failed: {in_one_line(reason)}", file=file, err=True)
