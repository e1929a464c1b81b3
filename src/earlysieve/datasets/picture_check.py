"""Which image files can be read: looked at before anything starts, several at a time."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from earlysieve._imports import need
from earlysieve._progress import track
from earlysieve.datasets.checks import cores, name_some
from earlysieve.datasets.picture_files import opened
from earlysieve.errors import DataError

# Files per task of a thread: few enough that Ctrl-C is answered at once.
_CHUNK = 64
# The last bytes of a JPEG file, and what some programs fill it up with.
_JPEG_END, _FILLING, _TAIL = b"\xff\xd9", b"\x00\r\n ", 64


def readable(
    root: Path, paths: Sequence[str], *, strict: bool, progress: bool | None = None
) -> tuple[list[int], list[str]]:
    """Positions of the files that hold an image, and the names of those that do not.

    Headers, checksums (PNG) and ends (JPEG) are read, since a sound header says nothing of a file
    that was cut off; where that leaves a doubt, and for other formats, the image is decoded.

    Args:
        root: folder of the files.
        paths: below it.
        strict: make an unreadable file an error.
        progress: whether to draw a bar; None: where standard error is a terminal.

    Raises:
        DataError: a file is unreadable and `strict` is set, or none is readable.
    """
    looked = _looked_at(root, paths)
    with warnings.catch_warnings():
        # What Pillow remarks on a broken file is said below, once for all.
        warnings.filterwarnings("ignore", module=r"PIL\.")
        sound = list(track(looked, "Checking images", total=len(paths), progress=progress))
    good = [position for position, is_sound in enumerate(sound) if is_sound]
    bad = [path for path, is_sound in zip(paths, sound, strict=True) if not is_sound]
    if bad and strict:
        raise DataError(
            f"Expected every file to be a readable image, but {len(bad)} are not: "
            f"{name_some(bad)}; repair or remove them, or leave out --strict to skip them"
        )
    if not good:
        raise DataError(
            f"Expected at least one readable image in '{root}', but got none"
            f"{f' ({name_some(bad)} cannot be read)' if bad else ''}; check the path"
        )
    return good, bad


def _looked_at(root: Path, paths: Sequence[str]) -> Iterator[bool]:
    """Whether each file holds an image, in order; decoding leaves other threads free to run."""
    need("PIL.Image", extra="vision").preinit()
    chunks = [paths[i : i + _CHUNK] for i in range(0, len(paths), _CHUNK)]
    pool = ThreadPoolExecutor(cores() + 4)
    try:
        for found in pool.map(lambda chunk: [_is_sound(root / path) for path in chunk], chunks):
            yield from found
    finally:
        pool.shutdown(cancel_futures=True)


def _is_sound(path: Path) -> bool:
    try:
        return _looks_whole(path) or _decodes(path)
    except DataError:
        return False


def _looks_whole(path: Path) -> bool:
    """Whether a file is certainly complete, without decoding it."""
    try:
        with opened(path) as image:
            if image.format == "PNG":
                image.verify()
                return True
            return image.format == "JPEG" and _ends_as_jpeg(path)
    except DataError:
        return False


def _ends_as_jpeg(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(-min(_TAIL, file.tell()), os.SEEK_END)
        return file.read().rstrip(_FILLING).endswith(_JPEG_END)


def _decodes(path: Path) -> bool:
    """Read all pixels, of JPEG files at an eighth of their size, which is quicker."""
    with opened(path) as image:
        image.draft("RGB", (32, 32))
        image.load()
    return True
