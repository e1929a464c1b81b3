"""Ctrl-C and SIGTERM are answered between two steps, when the state of the run is whole."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import Any

from earlysieve._signals import Terminated, terminate


class Requests:
    """What was asked for by signals so far."""

    def __init__(self) -> None:
        self._first: int | None = None

    def __call__(self) -> bool:
        """Whether the run was asked to stop."""
        return self._first is not None

    def note(self, number: int, _frame: FrameType | None) -> None:
        """Note a first signal; a second one raises at once."""
        if self._first is not None:
            raise _exception(number)
        self._first = number

    def answer(self) -> None:
        """Raise what the signal asks for, if one came.

        Raises:
            KeyboardInterrupt: Ctrl-C.
            Terminated: SIGTERM.
        """
        if self._first is not None:
            raise _exception(self._first)


@contextmanager
def deferred_interrupts() -> Iterator[Requests]:
    """Note the first Ctrl-C or SIGTERM instead of raising; a second one raises at once.

    A signal that is ignored (as in programs started with nohup), and a SIGTERM for which somebody
    has a handler, are left alone. Outside the main thread, where Python delivers no signals,
    nothing is changed.
    """
    requests = Requests()
    with ExitStack() as stack:
        if threading.current_thread() is threading.main_thread():
            for number in _ours():
                _handle(stack, number, requests.note)
        yield requests


def _ours() -> list[signal.Signals]:
    """The signals whose handling here changes no decision of the program around."""
    ours = []
    if signal.getsignal(signal.SIGINT) not in (signal.SIG_IGN, None):
        ours.append(signal.SIGINT)
    if signal.getsignal(signal.SIGTERM) in (signal.SIG_DFL, terminate):
        ours.append(signal.SIGTERM)
    return ours


def _handle(stack: ExitStack, number: signal.Signals, handler: Callable[..., Any]) -> None:
    stack.callback(signal.signal, number, signal.getsignal(number))
    signal.signal(number, handler)


def _exception(number: int) -> BaseException:
    return Terminated() if number == signal.SIGTERM else KeyboardInterrupt()
