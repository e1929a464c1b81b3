"""What JPEG compression does to images: 8 x 8 blocks whose frequencies are rounded.

The tables and the scaling by a quality are those of the standard (ITU-T T.81, annex K.1) and of
the Independent JPEG Group. Colours are not subsampled.
"""

import math
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional

SIDE = 8
_LUMINANCE = (
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55,
    14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
    18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
)  # fmt: skip
_CHROMINANCE = (
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99,
    24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99,
    *(99,) * 32,
)  # fmt: skip
# ITU-R BT.601: luminance, and how blue and red differ from it.
_FROM_COLOUR = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))
_STEPS = 255


def compressed(light: Tensor, quality: int) -> Tensor:
    """Images in [0, 1], (B, C, H, W), as they come back from JPEG files of a quality in [1, 100].

    Of three channels luminance and colour are rounded by tables of their own; of any other number
    each is luminance.
    """
    height, width = light.shape[-2:]
    grid = functional.pad(light, (0, -width % SIDE, 0, -height % SIDE), mode="replicate")
    if light.shape[1] != 3:
        return _rounded(_STEPS * grid, _table(_LUMINANCE, quality))[..., :height, :width] / _STEPS
    mix = torch.tensor(_FROM_COLOUR, dtype=light.dtype, device=light.device)
    parts = torch.einsum("ij,bjhw->bihw", mix, _STEPS * grid)
    luminance = _rounded(parts[:, :1], _table(_LUMINANCE, quality))
    colours = _rounded(parts[:, 1:], _table(_CHROMINANCE, quality), shift=0)
    back = torch.linalg.inv(mix)
    found = torch.einsum("ij,bjhw->bihw", back, torch.cat([luminance, colours], 1))
    return found[..., :height, :width] / _STEPS


def _table(base: tuple[int, ...], quality: int) -> Tensor:
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    steps = [min(255, max(1, (scale * step + 50) // 100)) for step in base]
    return torch.tensor(steps, dtype=torch.float32).reshape(SIDE, SIDE)


def _rounded(values: Tensor, steps: Tensor, shift: float = 128) -> Tensor:
    """Each frequency of each block as a whole number of steps."""
    turn, steps = _cosines().to(values), steps.to(values)
    batch, channels, height, width = values.shape
    cut = (values - shift).reshape(batch, channels, height // SIDE, SIDE, width // SIDE, SIDE)
    blocks = cut.movedim(3, 4)
    waves = turn @ blocks @ turn.T
    back = turn.T @ ((waves / steps).round() * steps) @ turn
    return back.movedim(4, 3).reshape(values.shape) + shift


@cache
def _cosines() -> Tensor:
    """The orthonormal discrete cosine transform of eight numbers, (8, 8)."""
    places = torch.arange(SIDE, dtype=torch.float64)
    waves = torch.cos((2 * places[None] + 1) * places[:, None] * math.pi / (2 * SIDE))
    waves[0] /= math.sqrt(2)
    return waves * math.sqrt(2 / SIDE)
