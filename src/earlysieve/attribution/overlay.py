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

Picture = Union["Image", Tensor]

LONGEST_SIDE = 160
# Perceptually uniform and readable with every kind of colour vision.
COLORMAP = "inferno"
# PNG keeps the hard edges of tiny pictures; above this side JPEG is far smaller.
_PNG_UP_TO = 64
_JPEG_QUALITY = 85


def thumbnail(image: Picture, *, size: int = LONGEST_SIDE) -> bytes:
    """A small copy of `image` as PNG (tiny pictures) or JPEG bytes.

    Args:
        image: a PIL image, or a tensor (C, H, W) or (H, W), stretched to its own range because
            its normalisation is unknown.
        size: longest side in pixels; smaller images are not enlarged.

    Raises:
        InputError: the tensor is no image.
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
    """An RGB picture of a PIL image or of a tensor (C, H, W) or (H, W).

    Raises:
        InputError: the tensor is no image.
    """
    pil: Any = need("PIL.Image", extra="report")
    if not isinstance(image, Tensor):
        converted: Image = image.convert("RGB")
        return converted
    pixels = _rgb(image.detach().float().cpu())
    from_array: Image = pil.fromarray((pixels * 255).round().byte().permute(1, 2, 0).numpy())
    return from_array


def _rgb(image: Tensor) -> Tensor:
    if image.ndim == 2:
        image = image[None]
    if image.ndim != 3 or image.numel() == 0:
        raise InputError(
            f"Expected an image of shape (channels, height, width), but got {tuple(image.shape)}; "
            "pass one example without its batch dimension"
        )
    image = image[:3] if image.shape[0] >= 3 else image[:1].expand(3, -1, -1)
    image = torch.nan_to_num(image, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = image.min(), image.max()
    return (image - low) / (high - low) if high > low else torch.zeros_like(image)


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
