"""Images decoded and resized once, in one file that later runs map into memory.

The name of the file is a hash of the images' names, sizes and times of change, of the side that
they are resized to and of the decoder, so that a stale file is never looked at. It holds, one
after the other: the pixels, a CRC-32 of each image, and a SHA-256 of the name and the CRCs. A file
that was cut off is noticed when it is opened and made anew, a damaged image when it is read, and
then read from its own file. The file is written under another name and renamed, so that processes
that make the same one at once each see a whole one.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earlysieve._files import check_output, replacing
from earlysieve._imports import need
from earlysieve._progress import track
from earlysieve.datasets.checks import cores

_FORMAT = 1
_DIGEST = 32
_CHUNK = 32
Pixels = NDArray[np.uint8]


class ImageCache:
    """The pixels of all images of a list, each checked when it is read."""

    def __init__(self, path: Path, count: int, size: int) -> None:
        """Keep where they are; the file is mapped when the first is read.

        Args:
            path: a file that `is_whole`.
            count: of the images.
            size: their side.
        """
        self._path, self._count, self._size = path, count, size
        self._map: Pixels | None = None
        self._sums: NDArray[np.uint32] | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Without the map, which each process makes for itself."""
        return {**self.__dict__, "_map": None, "_sums": None}

    def image(self, row: int) -> Pixels | None:
        """An image, uint8 (S, S, 3); None if its bytes are damaged, or the file is gone."""
        try:
            pixels, sums = self._opened()
            found: Pixels = np.array(pixels[row])
            if zlib.crc32(found.data) == int(sums[row]):
                return found
        except (OSError, ValueError, IndexError):
            return None
        # What is damaged once stays so: the next run makes the file anew.
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)
        return None

    def _opened(self) -> tuple[Pixels, NDArray[np.uint32]]:
        if self._map is None or self._sums is None:
            shape = (self._count, self._size, self._size, 3)
            self._map = np.memmap(self._path, np.uint8, "r", shape=shape)
            self._sums = np.fromfile(self._path, np.uint32, self._count, offset=self._map.nbytes)
        return self._map, self._sums


def cached_images(
    folder: str | os.PathLike[str],
    root: Path,
    paths: Sequence[str],
    size: int,
    decode: Callable[[int], Pixels],
    *,
    how: tuple[int | str | None, ...] = (),
    progress: bool | None = None,
) -> ImageCache:
    """The cache of a list of images, made if there is no sound one.

    Args:
        folder: where caches are kept.
        root: that the paths are relative to.
        paths: one per image.
        size: side of the images in pixels.
        decode: the pixels of image i, uint8 (size, size, 3); called from several threads.
        how: what else the pixels depend on.
        progress: whether to draw a bar; None: where standard error is a terminal.

    Raises:
        DataError: an image cannot be decoded; nothing is kept.
        OutputError: the folder cannot be written.
    """
    key = _key(root, paths, size, how)
    path = Path(folder) / f"{key}.images"
    # One that is there may well lie where this user cannot write.
    if not _is_whole(path, key, len(paths), size):
        check_output(Path(folder))
        with replacing(path) as temporary:
            _write(temporary, key, len(paths), decode, progress)
    return ImageCache(path, len(paths), size)


def _key(root: Path, paths: Sequence[str], size: int, how: tuple[int | str | None, ...]) -> str:
    """What the pixels depend on, as a hash."""
    decoder = need("PIL", extra="vision").__version__
    base = os.path.realpath(root)
    digest = hashlib.sha256(json.dumps([_FORMAT, decoder, size, base, *how]).encode())
    for path in paths:
        about = (root / path).stat()
        digest.update(os.fsencode(f"{path}\0{about.st_size} {about.st_mtime_ns}\n"))
    return digest.hexdigest()[:32]


def _is_whole(path: Path, key: str, count: int, size: int) -> bool:
    """Whether this is a complete cache; its pixels are checked when they are read."""
    pixels = count * size * size * 3
    try:
        if path.stat().st_size != pixels + 4 * count + _DIGEST:
            return False
        with path.open("rb") as stream:
            stream.seek(pixels)
            sums, digest = stream.read(4 * count), stream.read()
    except OSError:
        return False
    return digest == _sealed(key, sums)


def _sealed(key: str, sums: bytes) -> bytes:
    return hashlib.sha256(key.encode() + sums).digest()


def _write(
    path: Path, key: str, count: int, decode: Callable[[int], Pixels], progress: bool | None
) -> None:
    sums = np.zeros(count, np.uint32)
    with path.open("wb") as stream:
        images = track(_decoded(count, decode), "Caching images", total=count, progress=progress)
        for row, image in enumerate(images):
            data = image.tobytes()
            sums[row] = zlib.crc32(data)
            stream.write(data)
        stream.write(sums.tobytes())
        stream.write(_sealed(key, sums.tobytes()))


def _decoded(count: int, decode: Callable[[int], Pixels]) -> Iterator[Pixels]:
    """All images in order, a few chunks ahead of what is written."""
    pool = ThreadPoolExecutor(cores())
    chunks = [range(i, min(i + _CHUNK, count)) for i in range(0, count, _CHUNK)]
    ahead = cores() + 1
    try:
        waiting = [pool.submit(_some, decode, chunk) for chunk in chunks[:ahead]]
        for following in [*chunks[ahead:], *[None] * len(waiting)]:
            yield from waiting.pop(0).result()
            if following is not None:
                waiting.append(pool.submit(_some, decode, following))
    finally:
        pool.shutdown(cancel_futures=True)


def _some(decode: Callable[[int], Pixels], rows: range) -> list[Pixels]:
    return [decode(row) for row in rows]
