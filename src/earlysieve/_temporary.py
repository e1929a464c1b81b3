"""Temporary files beside the file that they will become, and those that killed processes left.

A temporary file is locked as long as its writer lives. So one that can be locked by somebody else
is nobody's, and may go; where files cannot be locked, all stay.
"""

import contextlib
import os
import re
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


@contextlib.contextmanager
def temporary_beside(target: Path) -> Iterator[Path]:
    """Yield a new, empty file in the folder of `target`, with its suffix; remove it afterwards.

    It has the permissions of any new file. What killed writers of `target` left is removed before.

    Raises:
        OSError: it cannot be made.
    """
    remove_leftovers(target)
    path, handle = _locked(target)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)
        if handle is not None:
            os.close(handle)


def remove_leftovers(target: Path) -> None:
    """Remove temporary files of `target` whose writers are dead, and that are this user's own."""
    if fcntl is None:
        return
    suffix = re.escape(target.suffix)
    pattern = re.compile(rf"\.{re.escape(target.name)}\.[a-z0-9_]{{8}}{suffix}")
    with contextlib.suppress(OSError), os.scandir(target.parent) as entries:
        for entry in entries:
            if pattern.fullmatch(entry.name):
                _remove_if_left(Path(entry.path))


def _locked(target: Path) -> tuple[Path, int | None]:
    while True:
        path = target.parent / f".{target.name}.{secrets.token_hex(4)}{target.suffix}"
        try:
            # The system applies the umask itself; asking for it would change it for a moment.
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        except FileExistsError:
            continue
        if fcntl is None:
            os.close(handle)
            return path, None
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink > 0:
            return path, handle
        os.close(handle)  # somebody took it for a leftover, before it was locked


def _remove_if_left(path: Path) -> None:
    with contextlib.suppress(OSError):
        handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            about = os.fstat(handle)
            if stat.S_ISREG(about.st_mode) and about.st_uid == os.getuid():
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
        finally:
            os.close(handle)
