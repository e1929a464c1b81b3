"""SIGTERM, which schedulers and containers send, ends a program in order, as Ctrl-C does."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

EXIT_CODE = 128 + signal.SIGTERM  # what shells report of a program that the signal ended


class Terminated(SystemExit):
    """The program was asked to end by SIGTERM; where nobody catches it, its exit code is 143."""

    def __init__(self) -> None:
        super().__init__(EXIT_CODE)


def terminate(_number: int, _frame: FrameType | None) -> None:
    """Answer SIGTERM at once: clean up on the way out."""
    raise Terminated


@contextmanager
def terminable() -> Iterator[None]:
    """Let SIGTERM raise `Terminated`, unless somebody has decided otherwise what it does."""
    mine = threading.current_thread() is threading.main_thread()
    if not mine or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
