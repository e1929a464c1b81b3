"""Images in files, read when asked for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from earlysieve.datasets.image_cache import ImageCache, cached_images
from earlysieve.datasets.images import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    ImageExamples,
    Pixels,
    check_fit,
    check_image_size,
    fit_picture,
    rgb,
)
from earlysieve.datasets.names import Names
from earlysieve.datasets.picture_files import opened

if TYPE_CHECKING:
    from PIL.Image import Image


class ImageFiles(ImageExamples):
    """Images in files, resized to a square and normalised for networks trained on ImageNet."""

    def __init__(
        self,
        paths: Sequence[str | Path],
        labels: ArrayLike,
        class_names: Sequence[str],
        *,
        root: str | os.PathLike[str] = ".",
        image_size: int = 224,
        mean: Sequence[float] = IMAGENET_MEAN,
        std: Sequence[float] = IMAGENET_STD,
        resize: int | str | None = None,
        interpolation: str = "bilinear",
        cache: str | os.PathLike[str] | None = None,
        progress: bool | None = None,
        **options: Any,
    ) -> None:
        """Keep paths; files are read when their example is asked for.

        Args:
            paths: one file per example, below `root` or absolute; kept in little memory.
            labels: shape (N,).
            class_names: one name per class.
            root: folder that ids are relative to.
            image_size: shorter side after resizing, then the centre square is cut out, in pixels.
            mean, std: see `normalise`.
            resize: shorter side before the centre square is cut out, in pixels, or "squash" for the
                whole picture; None: `image_size`.
            interpolation: of resizing, one of `images.INTERPOLATIONS`.
            cache: folder in which all images are kept, decoded and resized; made on the first use,
                and read from then on as long as no image changes. None: each image is decoded
                whenever it is asked for.
            progress: whether to draw a bar while the cache is made; None: where standard error is
                a terminal.
            options: as for `ExampleDataset`.

        Raises:
            DataError: `cache` is given and an image cannot be decoded.
            InputError: `image_size` is not positive, `resize` smaller, or `interpolation` unknown.
            OutputError: the cache cannot be written.
        """
        super().__init__(labels, class_names, mean=mean, std=std, **options)
        check_image_size(image_size)
        check_fit(image_size, resize, interpolation)
        self._paths = Names(paths)
        self._root = Path(root)
        self.image_size = image_size
        self.resize, self.interpolation = resize, interpolation
        self._cache: ImageCache | None = None
        if cache is not None:
            self._cache = cached_images(
                cache,
                self._root,
                self._paths,
                image_size,
                self._decoded,
                how=()
                if (resize, interpolation) == (None, "bilinear")
                else (resize, interpolation),
                progress=progress,
            )

    @property
    def root(self) -> Path:
        """The folder that ids are relative to."""
        return self._root

    def _image(self, row: int) -> Pixels:
        kept = None if self._cache is None else self._cache.image(row)
        return self._decoded(row) if kept is None else kept

    def _decoded(self, row: int) -> Pixels:
        picture = _read(self._root / self._paths[row])
        return np.asarray(fit_picture(picture, self.image_size, self.resize, self.interpolation))

    def _identify(self, row: int) -> str:
        return self._paths[row]


def _read(path: Path) -> Image:
    with opened(path) as image:
        return rgb(image)
