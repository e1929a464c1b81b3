"""Images in files: read when asked for, checked when indexed."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from earlysieve._imports import need
from earlysieve.datasets.checks import name_some
from earlysieve.datasets.images import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    ImageExamples,
    Pixels,
    check_image_size,
    resize_picture,
    rgb,
)
from earlysieve.errors import DataError

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
# What PIL's decoders raise on damaged files.
_BROKEN: tuple[type[Exception], ...] = (
    *(OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, KeyError),
    *(struct.error, zlib.error),
)


class ImageFiles(ImageExamples):
    """Images in files, resized to a square and normalised for networks trained on ImageNet."""

    def __init__(
        self,
        paths: Sequence[Path],
        labels: ArrayLike,
        class_names: Sequence[str],
        *,
        root: str | os.PathLike[str] = ".",
        image_size: int = 224,
        mean: Sequence[float] = IMAGENET_MEAN,
        std: Sequence[float] = IMAGENET_STD,
        **options: Any,
    ) -> None:
        """Keep paths; files are read when their example is asked for.

        Args:
            paths: one file per example, below `root` or absolute.
            labels: shape (N,).
            class_names: one name per class.
            root: folder that ids are relative to.
            image_size: shorter side after resizing, then the centre square is cut out, in pixels.
            mean, std: see `normalise`.
            options: as for `ExampleDataset`.

        Raises:
            InputError: `image_size` is not positive.
        """
        super().__init__(labels, class_names, mean=mean, std=std, **options)
        check_image_size(image_size)
        self._paths = list(paths)
        self._root = Path(root)
        self.image_size = image_size

    @property
    def root(self) -> Path:
        """The folder that ids are relative to."""
        return self._root

    def _image(self, row: int) -> Pixels:
        return np.asarray(resize_picture(_read(self._root / self._paths[row]), self.image_size))

    def _identify(self, row: int) -> str:
        return self._paths[row].as_posix()


def readable(root: Path, paths: Sequence[Path], *, strict: bool) -> tuple[list[int], list[str]]:
    """Positions of the files that hold an image, and the names of those that do not.

    Every file is decoded, since a sound header says nothing of a file that was cut off; JPEG files
    at an eighth of their size, which is quicker.

    Raises:
        DataError: a file is unreadable and `strict` is set, or none is readable.
    """
    good: list[int] = []
    bad: list[str] = []
    for position, path in enumerate(paths):
        try:
            _verify(root / path)
            good.append(position)
        except DataError:
            bad.append(path.as_posix())
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


def _verify(path: Path) -> None:
    """Check that the pixels are all there, decoding at the smallest scale."""
    with _opened(path) as image:
        image.draft("RGB", (32, 32))
        image.load()


def _read(path: Path) -> Image:
    with _opened(path) as image:
        return rgb(image)


@contextmanager
def _opened(path: Path) -> Iterator[Image]:
    opener = need("PIL.Image", extra="vision")
    broken = (*_BROKEN, opener.DecompressionBombError)
    try:
        with path.open("rb") as file, opener.open(file) as image:
            yield image
    except broken as error:
        raise DataError(
            f"Expected an image in '{path}', but it cannot be read ({error}); "
            "repair or remove the file"
        ) from error
