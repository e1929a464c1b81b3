"""Import what a command needs before it begins."""

from earlysieve._interrupts import deferred_interrupts


def load_libraries() -> None:
    """Import torch and what it imports; Ctrl-C meanwhile is answered right after.

    Answered in between it may be lost: torch goes on without NumPy where that import is broken off.

    Raises:
        KeyboardInterrupt, Terminated: a signal came.
    """
    with deferred_interrupts() as requests:
        import torch  # noqa: F401
    requests.answer()
