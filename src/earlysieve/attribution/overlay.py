"""Small pictures for the page: thumbnails, and heat maps laid over them."""

import io
from typing import TYPE_CHECKING, Any, Union

import numpy as np
import torch
from torch import Tensor

from earlysieve._imports import need
from earlysieve.errors import InputError

if TYPE_CHECKING:
    from PIL.Image import Image

Picture = Union["Image", Tensor, "np.ndarray[Any, Any]"]

LONGEST_SIDE = 160
# Perceptually uniform and readable with every kind of colour vision.
COLORMAP = "inferno"
# PNG keeps the hard edges of tiny pictures; above this side JPEG is far smaller.
_PNG_UP_TO = 64
_JPEG_QUALITY = 85
_CHANNELS = (1, 3, 4)


def thumbnail(image: Picture, *, size: int = LONGEST_SIDE) -> bytes:
    """A small copy of `image` as PNG (tiny pictures) or JPEG bytes.

    Args:
        image: a PIL image; a NumPy array (H, W), (H, W, C) or (C, H, W) with C of 1, 3 or 4, of
            integers in [0, 255] or floats in [0, 1]; or a tensor (C, H, W) or (H, W), stretched to
            its own range, as floats beyond [0, 1] are, because its normalisation is unknown.
        size: longest side in pixels; smaller images are not enlarged.

    Raises:
        InputError: it is no image.
        MissingDependencyError: Pillow is not installed.
    """
    small = to_image(image).copy()
    small.thumbnail((size, size))
    return _encoded(small)


def overlay(
    image: Picture, heat: Tensor, *, size: int = LONGEST_SIDE, strength: float = 0.7
) -> bytes:
    """`image` in grey with a heat map laid over it, as JPEG bytes (PNG for tiny pictures).

    The hotter a place, the more of the colour map covers it: cold places show the picture, and all
    colour is heat.

    Args:
        image: as in `thumbnail`; tiny images are enlarged so that the map stays smooth.
        heat: shape (H, W), values in [0, 1]; stretched over the whole picture.
        size: longest side in pixels.
        strength: opacity of the hottest place, in [0, 1].

    Raises:
        InputError: the tensor is no image, or the heat map no finite (H, W).
        MissingDependencyError: Pillow or matplotlib is not installed.
    """
    pil: Any = need("PIL.Image", extra="report")
    base = _fitted(to_image(image).convert("L").convert("RGB"), size, pil)
    warm = _resized_heat(heat, base.size, pil)
    colours = need("matplotlib", extra="report").colormaps[COLORMAP](warm)[..., :3] * 255
    opacity = strength * (0.1 + 0.9 * warm[..., None])
    mixed = np.asarray(base, dtype=np.float32) * (1 - opacity) + colours * opacity
    return _encoded(pil.fromarray(mixed.round().astype(np.uint8)))


def to_image(image: Picture) -> "Image":
    """An RGB picture of a PIL image, an array or a tensor, see `thumbnail`.

    Raises:
        InputError: it is no image.
    """
    pil: Any = need("PIL.Image", extra="report")
    if isinstance(image, np.ndarray):
        pixels = _of_array(image)
    elif isinstance(image, Tensor):
        pixels = _rgb(image.detach().float().cpu())
    elif isinstance(image, pil.Image):
        converted: Image = image.convert("RGB")
        return converted
    else:
        raise InputError(
            "Expected an image of PIL, an array or a tensor, but got "
            f"{type(image).__name__}; return one of these"
        )
    from_array: Image = pil.fromarray((pixels * 255).round().byte().permute(1, 2, 0).numpy())
    return from_array


def _of_array(image: "np.ndarray[Any, Any]") -> Tensor:
    """Colours (3, H, W) in [0, 1] of an array, whose channels mostly come last."""
    if image.dtype.kind not in "buif":
        raise InputError(
            f"Expected an image of numbers, but got an array of {image.dtype}; return integers in "
            "[0, 255] or floats in [0, 1]"
        )
    pixels = torch.from_numpy(np.ascontiguousarray(image, np.float32))
    if pixels.ndim == 3 and pixels.shape[2] in _CHANNELS:
        pixels = pixels.permute(2, 0, 1)
    if image.dtype.kind in "ui":
        pixels = pixels / 255
    known = pixels.numel() > 0 and float(pixels.min()) >= 0 and float(pixels.max()) <= 1
    return _channels(pixels) if known else _rgb(pixels)


def _rgb(image: Tensor) -> Tensor:
    image = _channels(image)
    image = torch.nan_to_num(image, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = image.min(), image.max()
    return (image - low) / (high - low) if high > low else torch.zeros_like(image)


def _channels(image: Tensor) -> Tensor:
    """The first three channels, or the first one thrice, shape (3, H, W)."""
    if image.ndim == 2:
        image = image[None]
    if image.ndim != 3 or image.numel() == 0:
        raise InputError(
            f"Expected an image of shape (channels, height, width), but got {tuple(image.shape)}; "
            "pass one example without its batch dimension"
        )
    return image[:3] if image.shape[0] >= 3 else image[:1].expand(3, -1, -1)


def _fitted(image: "Image", size: int, pil: Any) -> "Image":
    scale = size / max(image.size)
    if scale >= 2:
        scale = float(int(scale))
    width, height = (max(1, round(side * scale)) for side in image.size)
    how = pil.Resampling.NEAREST if scale >= 2 else pil.Resampling.LANCZOS
    return image.resize((width, height), how)


def _resized_heat(heat: Tensor, size: tuple[int, int], pil: Any) -> np.ndarray[Any, Any]:
    if heat.ndim != 2 or heat.numel() == 0 or not bool(torch.isfinite(heat).all()):
        raise InputError(
            f"Expected a finite heat map of shape (height, width), but got {tuple(heat.shape)}; "
            "pass one map of gradcam's result"
        )
    values = heat.detach().float().clamp(0, 1).cpu().numpy()
    resized = pil.fromarray(values).resize(size, pil.Resampling.BILINEAR)
    return np.asarray(resized, dtype=np.float32)


def _encoded(image: "Image") -> bytes:
    buffer = io.BytesIO()
    if max(image.size) <= _PNG_UP_TO:
        image.save(buffer, format="PNG", optimize=True)
    else:
        image.save(buffer, format="JPEG", quality=_JPEG_QUALITY)
    return buffer.getvalue()
