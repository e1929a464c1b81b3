"""How a command can end other than well: exit codes and what is printed."""

from typing import Any

import click


class Failure(click.ClickException):
    """One of our own errors: a sentence on standard error, exit code 1."""

    exit_code = 1


class Interrupted(click.ClickException):
    """Ctrl-C: a sentence on standard error, exit code 130."""

    exit_code = 130

    def show(self, file: Any = None) -> None:
        """Print the sentence alone: stopping is no error."""
        click.echo(self.format_message(), file=file, err=True)
