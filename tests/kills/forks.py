"""Processes that start at once, since they are forks of one that has imported everything."""

import importlib
import os
import pkgutil
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

SILENT = ("-q",)


@dataclass(frozen=True)
class End:
    """How a process ended: its exit code or minus the signal, its seconds, and what it changed."""

    code: int
    seconds: float
    changes: int
    said: str


def import_everything() -> None:
    """Import what commands import when they are called; nothing is computed in this process.

    Audits of commands keep each answer of the model at once, not those of 30 seconds.
    """
    import earlysieve

    for name in ("jinja2", "pandas", "scipy.optimize", "scipy.special", "torch._dynamo"):
        importlib.import_module(name)
    for module in pkgutil.walk_packages(earlysieve.__path__, "earlysieve."):
        if "integrations" not in module.name and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    importlib.import_module("earlysieve.auditing.kept_answers").EVERY = 0.0


def run(
    words: tuple[str, ...],
    out: Path,
    *,
    kill_at_change: int | None = None,
    kill_after: float | None = None,
) -> End:
    """Run a command in a process of its own; kill it before a change of `out`, or after a time.

    Args:
        words: of the command line, without --out.
        out: its output folder, in the current one.
        kill_at_change: the number of the change, from 1: a file or folder that is made, opened to
            be written, renamed or removed.
        kill_after: seconds.
    """
    log, count = Path("log.txt"), Path("count.txt")
    count.write_text("0")
    start = time.perf_counter()
    child = os.fork()
    if child == 0:
        _become(words, out, log, count, kill_at_change)
    if kill_after is not None:
        _wait(child, start + kill_after)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    seconds = time.perf_counter() - start
    changes = int(count.read_text() or 0)
    return End(os.waitstatus_to_exitcode(status), seconds, changes, log.read_text())


def _wait(child: int, until: float) -> None:
    """Wait for a moment, or for the end of a process, whose number stays taken until it is read."""
    while time.perf_counter() < until:
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            return
        time.sleep(0.001)


def _become(words: tuple[str, ...], out: Path, log: Path, count: Path, at: int | None) -> None:
    """Turn this fork into the command; never returns."""
    code = 70
    try:
        stream = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(stream, 1)
        os.dup2(stream, 2)
        _watch(out, count, at)
        from earlysieve.cli.main import main

        place = out / "groups.csv" if words[0] == "groups" else out
        main([*words, "--out", str(place), *SILENT])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _watch(out: Path, count: Path, at: int | None) -> None:
    """Count changes of files below `out`, and end as by kill -9 just before number `at`."""
    root, number = str(out.absolute()), 0
    stream = os.open(count, os.O_WRONLY)

    def look(event: str, arguments: tuple) -> None:
        nonlocal number
        if event == "open":
            changing = isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        else:
            changing = event in ("os.rename", "os.remove", "os.mkdir", "os.rmdir")
        if not changing or not str(arguments[0]).startswith((root, str(out))):
            return
        number += 1
        if number == at:
            os.kill(os.getpid(), signal.SIGKILL)
        os.pwrite(stream, str(number).encode(), 0)

    sys.addaudithook(look)
