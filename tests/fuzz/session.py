"""What holds for all cases of a session: its seed, and bounds on memory and processes."""

import errno
import multiprocessing
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

GIBIBYTE = 2**30


def seed() -> int:
    """The seed that draws the cases: always the same, unless EARLYSIEVE_FUZZ_SEED says another."""
    return int(os.environ.get("EARLYSIEVE_FUZZ_SEED", "0"))


@contextmanager
def limits() -> Iterator[None]:
    """Let what asks for far too much memory or too many processes fail, not the machine."""
    with _limited_memory(3), _limited_processes(8):
        yield


@contextmanager
def _limited_memory(gibibytes: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + gibibytes * GIBIBYTE, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@contextmanager
def _limited_processes(most: int) -> Iterator[None]:
    """Fail as the system does, of which root would get processes without end."""
    kind = multiprocessing.process.BaseProcess
    start = kind.start

    def limited(process: multiprocessing.process.BaseProcess) -> None:
        if len(multiprocessing.active_children()) >= most:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        start(process)

    kind.start = limited  # type: ignore[method-assign]
    try:
        yield
    finally:
        kind.start = start  # type: ignore[method-assign]
        for child in multiprocessing.active_children():
            child.kill()
