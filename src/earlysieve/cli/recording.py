"""What a long command did and how long it took: in one line at its end, and in a file."""

import time
import traceback
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any, TextIO, TypeVar, cast

import click

from earlysieve._files import check_output_file
from earlysieve._progress import duration
from earlysieve._version import __version__
from earlysieve.cli.command_line import command_line
from earlysieve.cli.console import LOG, STARTED, Console
from earlysieve.cli.exit_codes import GateFailed
from earlysieve.cli.kinds import Place
from earlysieve.errors import EarlysieveError, OutputError, one_line

F = TypeVar("F", bound=Callable[..., Any])


class LogFile:
    """Lines with the time before them, at the end of a file.

    Raises:
        OutputError: the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = check_output_file(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.stream: TextIO = path.open("a", encoding="utf-8", buffering=1)
        except OSError as error:
            raise OutputError(
                f"Expected a log file that can be written at '{path}', but got: "
                f"{error.strerror or error}; choose another --log-file"
            ) from error

    def write(self, text: str) -> None:
        """Add lines; one that is longer than a line gets its time once for each."""
        now = datetime.now().astimezone().isoformat(timespec="seconds")
        safe = text.encode("utf-8", "replace").decode("utf-8")
        try:
            self.stream.writelines(f"{now} {line}\n" for line in safe.splitlines() if line.strip())
        except OSError:
            # A full disk must not end hours of work for its log.
            return


def recorded(command: F) -> F:
    """Add --log-file to a command, and the line that says how long it took."""

    @wraps(command)
    def timed(*args: Any, log_file: Path | None, **given: Any) -> Any:
        context = click.get_current_context()
        started = time.monotonic()
        context.meta[STARTED] = started
        log = None if log_file is None else LogFile(log_file)
        if log is not None:
            context.meta[LOG] = log
            context.call_on_close(log.stream.close)
            log.write(f"earlysieve {__version__}: {command_line(context)}")
        try:
            value = command(*args, **given)
        except BaseException as error:
            took = f"Took {duration(time.monotonic() - started)}."
            if isinstance(error, GateFailed) and not given["quiet"] and not given["as_json"]:
                click.echo(took)  # all was done; the log says it with the reason
            if log is not None:
                log.write(_ending(error, time.monotonic() - started))
            raise
        Console(given["quiet"], given["as_json"]).say(
            f"Took {duration(time.monotonic() - started)}."
        )
        return value

    return click.option(
        "--log-file",
        type=Place(),
        metavar="FILE",
        help="Add what the command says to this file, each line with its time; --quiet and --json "
        "do not silence it.",
    )(cast(F, timed))


def _ending(error: BaseException, seconds: float) -> str:
    """How a command ended other than well."""
    after = f"Ended after {duration(seconds)}"
    if isinstance(error, click.ClickException):
        return f"{after}: {error.format_message()}"
    if isinstance(error, click.exceptions.Exit):
        return f"{after} with exit code {error.exit_code}."
    if isinstance(error, EarlysieveError) and error.__cause__ is None:
        return f"{after}: {one_line(error)}."
    if not isinstance(error, Exception):
        return f"{after}: stopped ({type(error).__name__})."
    return f"{after}: {''.join(traceback.format_exception(error))}"
