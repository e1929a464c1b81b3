"""Outputs are written to a temporary name and renamed, so that none is ever half done."""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from earlysieve._temporary import remove_leftovers, temporary_beside
from earlysieve.errors import OutputError

__all__ = [
    "check_output",
    "file_hash",
    "output_folder",
    "remove_leftovers",
    "replacing",
    "write_text",
    "write_with",
]


def output_folder(path: str | os.PathLike[str]) -> Path:
    """Create `path` if it is missing and return it, checked to be a folder that can be written.

    Raises:
        OutputError: `path` is a file, or cannot be created or written.
    """
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OutputError(
            f"Expected a folder that can be written at '{folder}', "
            f"but got: {error.strerror or error}; choose another output folder"
        ) from error
    return folder


def check_output(folder: Path) -> Path:
    """Check that `folder` can be written, or created, and leave the disk as it is.

    Raises:
        OutputError: it, or the nearest folder above it that exists, is a file or not writable, or
            there can be no such folder.
    """
    _check_can_be(folder)
    nearest = next(
        path for path in (folder.absolute(), *folder.absolute().parents) if is_there(path)
    )
    if not nearest.is_dir():
        raise OutputError(
            f"Expected an output folder, but '{nearest}' is a file; choose another output folder"
        )
    if not os.access(nearest, os.W_OK | os.X_OK) or not _takes_files(nearest):
        raise OutputError(
            f"Expected an output folder that can be written, but '{nearest}' cannot; "
            "choose another output folder"
        )
    return folder


def check_output_file(path: Path) -> Path:
    """Check that a file can be written at `path`, and leave the disk as it is.

    Raises:
        OutputError: its folder cannot be written, or there can be no such file.
    """
    check_output(path.parent)
    return _check_can_be(path)


def _check_can_be(path: Path) -> Path:
    """Refuse names that are too long or hold a null byte, and links to themselves."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        pass
    except (OSError, ValueError) as error:
        told = (error.strerror if isinstance(error, OSError) else None) or error
        raise OutputError(
            f"Expected a place that can be written, but got: {told} "
            f"('{str(path)[:80]}'); choose another"
        ) from error
    return path


def _takes_files(folder: Path) -> bool:
    """Whether a file can be made in a folder: what permissions allow, a file system may not."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def expanded(path: str | os.PathLike[str]) -> Path:
    """The path with ~ written out, or as it is where that user has no home that is known."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def is_there(path: str | os.PathLike[str]) -> bool:
    """Whether something is there; below a file, or under a name that no file can have, nothing."""
    return _holds(path, Path.exists)


def is_file(path: str | os.PathLike[str]) -> bool:
    """Whether a file is there; False under a name that no file can have."""
    return _holds(path, Path.is_file)


def is_folder(path: str | os.PathLike[str]) -> bool:
    """Whether a folder is there; False under a name that no folder can have."""
    return _holds(path, Path.is_dir)


def _holds(path: str | os.PathLike[str], asked: Callable[[Path], bool]) -> bool:
    try:
        return asked(Path(path))
    except (OSError, ValueError):  # a name that is too long, or holds a zero byte
        return False


def file_hash(path: Path | None) -> str | None:
    """SHA-256 of a file, to tell later whether it is still the same; None without a file."""
    if path is None:
        return None
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path in the target's folder; rename it to `path` if the block succeeds.

    Temporary files that killed processes left of the same target are removed.

    Raises:
        OutputError: the folder cannot be written, or `path` is a folder or a device.
    """
    target = Path(path)
    if is_there(target) and not target.is_file():
        raise OutputError(
            f"Expected to write a file at '{target}', but got a folder or a device; choose another "
            "path"
        )
    output_folder(target.parent)
    try:
        with temporary_beside(target) as temporary:
            yield temporary
            temporary.replace(target)
    except OutputError:
        raise
    except OSError as error:
        raise OutputError(
            f"Expected to write '{target}', but got: {error.strerror or error}; "
            "free some space or choose another output folder"
        ) from error


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write `text` as UTF-8, atomically."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_with(path: str | os.PathLike[str], write: Callable[[Path], None]) -> None:
    """Let `write` fill a temporary path, then rename it to `path`."""
    with replacing(path) as temporary:
        write(temporary)
