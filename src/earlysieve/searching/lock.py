"""A folder that one process holds; the lock goes with the process, however that ends."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from earlysieve._files import output_folder

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold a folder, made if it is missing; wait while another process does.

    Raises:
        OutputError: there can be no such folder.
    """
    output_folder(folder)
    handle = _opened(folder)
    try:
        if handle is not None:
            _lock(handle, wait=True)
        yield
    finally:
        if handle is not None:
            os.close(handle)


@contextmanager
def held_if_free(folder: Path) -> Iterator[bool]:
    """Hold a folder, made if it is missing, and say so; or say that another process does.

    Raises:
        OutputError: there can be no such folder.
    """
    output_folder(folder)
    handle = _opened(folder)
    try:
        yield handle is None or _lock(handle, wait=False)
    finally:
        if handle is not None:
            os.close(handle)


def is_free(folder: Path) -> bool:
    """Whether it is certain that no process holds a folder."""
    if fcntl is None:
        return False
    if not folder.exists():
        return True
    handle = _opened(folder)
    if handle is None:
        return False
    try:
        return _lock(handle, wait=False)
    finally:
        os.close(handle)


def _opened(folder: Path) -> int | None:
    try:
        return None if fcntl is None else os.open(folder, os.O_RDONLY)
    except OSError:
        return None


def _lock(handle: int, *, wait: bool) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
