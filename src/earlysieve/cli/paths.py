"""Look at output folders before anything is computed, without creating them."""

import os
import tempfile
from pathlib import Path

from earlysieve.errors import OutputError


def check_output(folder: Path) -> Path:
    """Check that `folder` can be written, or created, and leave the disk as it is.

    Raises:
        OutputError: it, or the nearest folder above it that exists, is a file or not writable.
    """
    nearest = next(path for path in (folder.absolute(), *folder.absolute().parents) if _is(path))
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


def _takes_files(folder: Path) -> bool:
    """Whether a file can be made in a folder: what permissions allow, a file system may not."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _is(path: Path) -> bool:
    """Whether something is there; below a file, nothing is."""
    try:
        return path.exists()
    except OSError:
        return False
