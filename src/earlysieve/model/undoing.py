"""Undo what was done to a network, wherever Ctrl-C falls.

Python raises KeyboardInterrupt between any two of its instructions, also inside the `__exit__` of a
context manager and ahead of its first line; then what the manager was to undo stays done. A
function that runs within two `finally` clauses of one frame has no such place.
"""

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def undone(run: Callable[[], T], undo: Callable[[], None]) -> T:
    """Return `run()`, with `undo()` called after it, also after an exception.

    An interrupt that comes just before one call of `undo`, or cuts it short, finds another call.

    Args:
        run: does something and returns.
        undo: takes it back; doing so twice is the same as once.
    """
    try:
        try:
            return run()
        finally:
            undo()
    finally:
        undo()
