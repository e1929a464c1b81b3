"""Images as a person sees them, and the normalised tensors that a model takes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from earlysieve._imports import need
from earlysieve.datasets.base import ExampleDataset
from earlysieve.errors import DataError, InputError

if TYPE_CHECKING:
    from PIL.Image import Image

Pixels = NDArray[np.uint8]

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
HALF = (0.5,)
# One such image takes a gigabyte as a tensor of three channels.
MOST_PIXELS = 10_000


def normalise(
    image: Pixels, mean: Sequence[float] | Tensor, std: Sequence[float] | Tensor
) -> Tensor:
    """(pixels / 255 - mean) / std, channels first.

    Args:
        image: uint8, shape (H, W) or (H, W, 3).
        mean: one value for all channels, or one per channel; of pixels scaled to [0, 1].
        std: likewise.

    Returns:
        float32, shape (1, H, W) or (3, H, W); three channels from a grey image if `mean` or `std`
        has three values.
    """
    pixels = torch.from_numpy(np.array(image if image.ndim == 3 else image[..., None]))
    channels_first = pixels.permute(2, 0, 1)
    scaled = channels_first.to(torch.float32, memory_format=torch.contiguous_format).div_(255)
    middle, spread = _per_channel(mean), _per_channel(std)
    wide = max(len(middle), len(spread))
    if wide > len(scaled):
        scaled = scaled.repeat(wide, 1, 1)
    # In place: new memory of this size takes as long as the arithmetic.
    return scaled.sub_(middle).div_(spread)


def _per_channel(values: Sequence[float] | Tensor) -> Tensor:
    return torch.as_tensor(values, dtype=torch.float32).view(-1, 1, 1)


class ImageExamples(ExampleDataset):
    """Examples that are images; subclasses implement `_image`, the pixels before normalisation."""

    def __init__(
        self,
        labels: ArrayLike,
        class_names: Sequence[str],
        *,
        mean: Sequence[float] = HALF,
        std: Sequence[float] = HALF,
        **names: Any,
    ) -> None:
        """Keep labels and names (see `ExampleDataset`) and the normalisation (see `normalise`).

        Raises:
            InputError: `mean` or `std` has neither one nor three values, or `std` is not positive.
        """
        super().__init__(labels, class_names, **names)
        self.mean, self.std = _normalisation(mean, std)
        self._mean, self._std = _per_channel(self.mean), _per_channel(self.std)

    def image(self, index: int) -> Pixels:
        """Pixels of example `index` before normalisation: uint8, (H, W) or (H, W, 3)."""
        return self._image(self._row(index))

    @abstractmethod
    def _image(self, row: int) -> Pixels: ...

    def prepared(self, image: Pixels) -> Tensor:
        """Pixels as the network takes them, normalised: float32, shape (1, H, W) or (3, H, W)."""
        return normalise(image, self._mean, self._std)

    def changed(self, index: int, change: Callable[[Pixels], Pixels]) -> tuple[Tensor, int, int]:
        """Example `index` as `self[index]` gives it, of a picture that was changed before.

        Args:
            index: of the example.
            change: gives another picture for its pixels, uint8, (H, W) or (H, W, 3).
        """
        row = self._row(index)
        inputs = self.prepared(change(self._image(row)))
        return inputs, int(self._labels[row]), int(self._groups[row])

    def _inputs(self, row: int) -> Tensor:
        return self.prepared(self._image(row))

    def _display(self, row: int) -> Image:
        image: Image = need("PIL.Image", extra="vision").fromarray(self._image(row))
        return image


class ArrayImages(ImageExamples):
    """Images held in memory as one array."""

    def __init__(
        self,
        images: Pixels,
        labels: ArrayLike,
        class_names: Sequence[str],
        *,
        channels: int | None = None,
        image_size: int | None = None,
        **options: Any,
    ) -> None:
        """Keep `images` as they are; they are resized and normalised when asked for.

        Args:
            images: uint8, shape (N, H, W) or (N, H, W, 3).
            labels: shape (N,).
            class_names: one name per class.
            channels: 3 repeats a grey image in three channels; None keeps what there is.
            image_size: side to which images are resized; None keeps their own.
            options: as for `ImageExamples`.

        Raises:
            DataError: there is not one label for each image.
            InputError: `images` have another type or shape, or `image_size` is not positive.
        """
        super().__init__(labels, class_names, **options)
        check_pixels(images, len(self))
        check_image_size(image_size)
        if channels not in (None, 1, 3) or (channels == 1 and images.ndim == 4):
            raise InputError(
                f"Expected channels=3, or 1 for grey images, but got {channels} for images of "
                f"shape {images.shape[1:]}; leave it out to keep the channels that there are"
            )
        self._images, self._channels, self._size = images, channels, image_size

    def _image(self, row: int) -> Pixels:
        image = self._images[row]
        if self._channels == 3 and image.ndim == 2:
            image = np.repeat(image[..., None], 3, axis=2)
        return image if self._size is None else resize(image, self._size)


def resize(image: Pixels, size: int) -> Pixels:
    """Resize the shorter side to `size` (bilinear, antialiased), then cut out the centre.

    Args:
        image: uint8, shape (H, W) or (H, W, 3).
        size: side of the square that is returned, in pixels.
    """
    return np.asarray(resize_picture(need("PIL.Image", extra="vision").fromarray(image), size))


def resize_picture(picture: Image, size: int, interpolation: str = "bilinear") -> Image:
    """`resize` for a PIL image."""
    scale = size / min(picture.size)
    width, height = (max(size, round(side * scale)) for side in picture.size)
    left, top = (width - size) // 2, (height - size) // 2
    if (width, height) != picture.size:
        methods = need("PIL.Image", extra="vision").Resampling
        picture = picture.resize((width, height), getattr(methods, interpolation.upper()))
    return picture.crop((left, top, left + size, top + size))


SQUASH = "squash"
INTERPOLATIONS = ("bilinear", "bicubic", "lanczos", "nearest", "box", "hamming")


def fit_picture(
    picture: Image, size: int, resize: int | str | None, interpolation: str = "bilinear"
) -> Image:
    """A square picture as networks are evaluated on: resized, then its centre cut out.

    With a number for `resize` it is what `Resize(resize)` and `CenterCrop(size)` of torchvision
    give, to the pixel.

    Args:
        picture: of any size.
        size: side of the square that is returned, in pixels.
        resize: shorter side before the centre is cut out, >= size; "squash" for the whole picture
            in a square, its sides in another ratio; None: see `resize_picture`.
        interpolation: one of `INTERPOLATIONS`.
    """
    method = getattr(need("PIL.Image", extra="vision").Resampling, interpolation.upper())
    if resize == SQUASH:
        return picture.resize((size, size), method)
    if resize is None:
        return resize_picture(picture, size, interpolation)
    shorter, (width, height) = int(resize), picture.size
    scaled = [int(shorter * side / min(width, height)) for side in (width, height)]
    if picture.size != tuple(scaled):
        picture = picture.resize((scaled[0], scaled[1]), method)
    left, top = (round((side - size) / 2.0) for side in scaled)
    return picture.crop((left, top, left + size, top + size))


def check_fit(size: int, resize: int | str | None, interpolation: str) -> None:
    """Check what `fit_picture` takes.

    Raises:
        InputError: one is of another kind or out of its range.
    """
    if interpolation not in INTERPOLATIONS:
        raise InputError(
            f"Expected interpolation to be one of {', '.join(INTERPOLATIONS)}, but got "
            f"'{interpolation}'; choose one"
        )
    if resize in (None, SQUASH):
        return
    if isinstance(resize, str) or not size <= int(resize or 0) <= MOST_PIXELS:
        raise InputError(
            f"Expected resize to be a number of pixels from the {size} of image_size on, or "
            f"'{SQUASH}', but got {resize!r}; leave it out for the size of the image itself"
        )


def rgb(picture: Image) -> Image:
    """A PIL image of any mode with three channels of eight bits; transparency is dropped."""
    if picture.mode.startswith("I;16"):
        # PIL clips sixteen bits to eight; the upper eight are the picture.
        upper = (np.asarray(picture) >> 8).astype(np.uint8)
        picture = need("PIL.Image", extra="vision").fromarray(upper)
    if "transparency" in picture.info:
        picture = picture.convert("RGBA")
    return picture.convert("RGB")


def check_image_size(size: int | None) -> None:
    """Check that images can be resized to this side.

    Raises:
        InputError: `size` is no whole number, not positive, or beyond what fits into memory.
    """
    if size is None:
        return
    if isinstance(size, bool) or not isinstance(size, int | np.integer):
        raise InputError(
            f"Expected image_size to be a whole number of pixels, but got {size!r}; pass one such "
            "as 224"
        )
    if size < 1:
        raise InputError(
            f"Expected image_size to be at least 1 pixel, but got {size}; pass a positive size"
        )
    if size > MOST_PIXELS:
        raise InputError(
            f"Expected image_size to be at most {MOST_PIXELS} pixels, but got {size}; pass the "
            "size that the network takes"
        )


def check_pixels(images: Pixels, size: int) -> None:
    """Check that `images` are `size` many uint8 images, grey or with three channels.

    Raises:
        DataError: there are more or fewer images than labels.
        InputError: they have another type or shape.
    """
    good = images.dtype == np.uint8 and (images.ndim == 3 or images.shape[3:] == (3,))
    if not good or 0 in images.shape[1:]:
        raise InputError(
            "Expected images to be uint8 of shape (N, H, W) or (N, H, W, 3), but got "
            f"{images.dtype} of shape {images.shape}; scale them to 0..255 and convert them"
        )
    if len(images) != size:
        raise DataError(
            f"Expected one label per image, but got {len(images)} images and {size} labels; "
            "check that both belong together"
        )


def _normalisation(
    mean: Sequence[float], std: Sequence[float]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    if not np.isfinite([*mean, *std]).all():
        raise InputError(
            "Expected mean and std to be finite numbers, "
            f"but got mean={tuple(mean)} and std={tuple(std)}; pass those of the network's training"
        )
    if len(mean) not in (1, 3) or len(std) not in (1, 3) or min(std) <= 0:
        raise InputError(
            "Expected mean and std to have one or three values and std to be positive, "
            f"but got mean={tuple(mean)} and std={tuple(std)}; pass one value per channel"
        )
    return tuple(mean), tuple(std)
