"""What a command prints: tables for people, one JSON object for programs, or nothing."""

import json
import math
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import wraps
from io import StringIO
from typing import Any, TypeVar, cast

import click

from earlysieve._json import plain
from earlysieve.cli.cells import Cell

F = TypeVar("F", bound=Callable[..., Any])
_FILE_WIDTH = 120
# Where a click context keeps the stream for the result, while print() goes to standard error.
_STDOUT = "earlysieve.stdout"
# And where it keeps the log file, and when the command began (see `cli.recording`).
LOG, STARTED = "earlysieve.log", "earlysieve.started"
# And, for the object that tells programs of an error, the lines that people would have read.
_SAID = "earlysieve.said"


@dataclass(frozen=True)
class Console:
    """How a command speaks: in tables, not at all (`quiet`), or in JSON (`as_json`)."""

    quiet: bool = False
    as_json: bool = False

    @property
    def talks(self) -> bool:
        """Whether people read along."""
        return not (self.quiet or self.as_json)

    @property
    def progress(self) -> bool | None:
        """Whether to draw progress on standard error; None: where it is a terminal."""
        return None if self.talks else False

    @property
    def is_heard(self) -> bool:
        """Whether people read along, or a log file."""
        return self.talks or _kept(LOG) is not None

    @property
    def width(self) -> int:
        """Characters of a line of a table."""
        from rich.console import Console as RichConsole

        console = RichConsole()
        return console.width if console.is_terminal else _FILE_WIDTH

    def say(self, text: str, *, err: bool = False) -> None:
        """Print a line for people; a log file gets it in any case."""
        log(text)
        if self.as_json and _kept(_SAID) is not None:
            _kept(_SAID).append(text)
        if self.talks:
            click.echo(text, err=err)

    def table(
        self, columns: Sequence[str], rows: Sequence[Sequence[Cell]], title: str = ""
    ) -> None:
        """Print a table for people; numbers are set flush right."""
        if not self.is_heard:
            return
        from rich.console import Console as RichConsole

        from earlysieve.cli.fitted_table import fitting

        if self.talks:
            console = RichConsole(markup=False, highlight=False, width=self.width)
            for part in fitting(columns, rows, title, console.width):
                console.print(part)
        if _kept(LOG) is not None:
            text = StringIO()
            console = RichConsole(file=text, width=_FILE_WIDTH, markup=False, highlight=False)
            for part in fitting(columns, rows, title, console.width):
                console.print(part)
            log(text.getvalue())

    def result(self, values: Mapping[str, Any]) -> None:
        """Print the result for programs, as one JSON object."""
        if self.as_json:
            started = _kept(STARTED)
            took = {} if started is None else {"seconds": round(time.monotonic() - started, 3)}
            text = json.dumps(
                plain({**values, **took}), indent=2, ensure_ascii=False, allow_nan=False
            )
            click.echo(text, file=_kept(_STDOUT))
            context = click.get_current_context(silent=True)
            if context is not None:
                context.meta.pop(_SAID, None)  # nothing else is printed as JSON


def tell_programs(context: click.Context, error: click.ClickException) -> None:
    """Print an error as JSON where a command was to print its result so, and has not.

    Args:
        context: whose `meta` the command shares.
        error: its sentence is `error`; what was said before, such as which weights of a file were
            taken, is `notes`.
    """
    said = context.meta.pop(_SAID, None)
    if said is not None:
        values = {"error": error.format_message(), "exit_code": error.exit_code, "notes": said}
        click.echo(json.dumps(values, indent=2, ensure_ascii=False), file=context.meta[_STDOUT])


def log(text: str) -> None:
    """Add lines to the log file of the command that runs, where there is one."""
    file = _kept(LOG)
    if file is not None:
        file.write(text)


def _kept(name: str) -> Any:
    context = click.get_current_context(silent=True)
    return None if context is None else context.meta.get(name)


def speaking(command: F) -> F:
    """Add --quiet and --json to a command; what others print does not get between its JSON."""

    @wraps(command)
    def spoken(*args: Any, **given: Any) -> Any:
        if not given["as_json"]:
            return command(*args, **given)
        click.get_current_context().meta.update({_STDOUT: sys.stdout, _SAID: []})
        with redirect_stdout(sys.stderr):
            return command(*args, **given)

    return _options(cast(F, spoken))


def _options(command: F) -> F:
    command = click.option(
        "--json", "as_json", is_flag=True, help="Print the result as JSON and nothing else."
    )(command)
    return click.option("--quiet", "-q", is_flag=True, help="Print no progress and no table.")(
        command
    )


def share(value: float | None) -> str:
    """A share as a percentage with one decimal; a dash where there is none."""
    return "-" if value is None or math.isnan(value) else f"{value:.1%}"
