"""Open an image file; every way in which it may be broken is one error."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from earlysieve._imports import need
from earlysieve.errors import DataError, one_line

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
# What PIL's decoders raise on damaged files.
_BROKEN: tuple[type[Exception], ...] = (
    *(OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, KeyError),
    *(struct.error, zlib.error),
)


@contextmanager
def opened(path: Path) -> Iterator[Image]:
    """An image file for the block, which may decode it.

    Raises:
        DataError: it cannot be read, or the block cannot decode it.
    """
    opener = need("PIL.Image", extra="vision")
    broken = (*_BROKEN, opener.DecompressionBombError)
    try:
        with path.open("rb") as file, opener.open(file) as image:
            yield image
    except broken as error:
        raise DataError(
            f"Expected an image in '{path}', but it cannot be read ({one_line(error)}); "
            "repair or remove the file"
        ) from error
