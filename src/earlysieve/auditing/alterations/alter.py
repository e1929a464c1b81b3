"""Alterations of whole images, from weak to strong."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from earlysieve.auditing.alterations.jpeg import compressed
from earlysieve.auditing.vignettes import VIGNETTE

Alter = Callable[[Tensor, float], Tensor]
Strengths = tuple[Alter, tuple[float, ...]]
COMPRESSION, BLUR, NOISE, SHARPENING = "compression", "blur", "noise", "sharpening"
CONTRAST, SATURATION, CAST, EXPOSURE = "contrast", "saturation", "colour cast", "exposure"
_HALF_TONE, _TINY = 0.5, 1e-6
_SEPIA = ((0.393, 0.769, 0.189), (0.349, 0.686, 0.168), (0.272, 0.534, 0.131))
_MOST_TONES, _NEARLY = 1024, 0.05


def _blurred(light: Tensor, sigma: float) -> Tensor:
    """By a Gaussian of a deviation in pixels."""
    reach = max(1, min(round(3 * sigma), min(light.shape[-2:]) - 1))
    places = torch.arange(-reach, reach + 1).to(light)
    line = torch.exp(-(places**2) / (2 * sigma**2))
    line = line / line.sum()
    padded = functional.pad(light, (reach,) * 4, mode="reflect")
    return _weighted(_weighted(padded, line, 2), line, 3)


def _weighted(images: Tensor, weights: Tensor, dim: int) -> Tensor:
    """Sums of shifted images: on a CPU several times as fast as torch's own convolution."""
    length = images.shape[dim] - len(weights) + 1
    found = torch.zeros_like(images.narrow(dim, 0, length))
    for place, weight in enumerate(weights.tolist()):
        found.add_(images.narrow(dim, place, length), alpha=weight)
    return found


def _coarse(light: Tensor, factor: float) -> Tensor:
    """As of a camera with fewer pixels."""
    size = [max(2, round(side / factor)) for side in light.shape[-2:]]
    small = functional.interpolate(light, size, mode="bilinear", antialias=True)
    return functional.interpolate(small, light.shape[-2:], mode="bilinear")


def _smoothed(light: Tensor, side: float) -> Tensor:
    """The median of a square of pixels, as of a camera that takes noise away and keeps edges."""
    size = round(side)
    padded = functional.pad(light, (size // 2,) * 4, mode="reflect")
    squares = padded.unfold(2, size, 1).unfold(3, size, 1)
    found: Tensor = squares.flatten(4).median(4).values
    return found


def _noisy(light: Tensor, deviation: float) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(light.shape, generator=generator).to(light)
    return light + deviation * noise


def _grainy(light: Tensor, deviation: float) -> Tensor:
    """Noise of all colours alike whose grains are two pixels wide, as of a film."""
    generator = torch.Generator().manual_seed(0)
    high, wide = ((side + 1) // 2 for side in light.shape[-2:])
    grains = torch.randn(len(light), 1, high, wide, generator=generator).to(light)
    noise = functional.interpolate(grains, scale_factor=2, mode="nearest")
    return light + deviation * noise[..., : light.shape[2], : light.shape[3]]


def _sharpened(light: Tensor, factor: float) -> Tensor:
    return light + factor * (light - _blurred(light, 1.0))


def _edged(light: Tensor, factor: float) -> Tensor:
    """Sharpened with a wide halo, as by an unsharp mask."""
    return light + factor * (light - _blurred(light, 2.2))


def _flatter(light: Tensor, factor: float) -> Tensor:
    return _HALF_TONE + factor * (light - _HALF_TONE)


def _vivid(light: Tensor, factor: float) -> Tensor:
    grey = light.mean(1, keepdim=True)
    return grey + factor * (light - grey)


def _toned(light: Tensor, share: float) -> Tensor:
    """As an old print, in brown; of the usual sepia."""
    mix = torch.tensor(_SEPIA).to(light)
    toned = torch.einsum("ij,bjhw->bihw", mix, light)
    return (1 - share) * light + share * toned


def _warmer(light: Tensor, by: float) -> Tensor:
    return light * torch.tensor([1 + by, 1.0, 1 - by]).to(light)[:, None, None]


def _darker(light: Tensor, factor: float) -> Tensor:
    return light * factor


def _brighter(light: Tensor, factor: float) -> Tensor:
    return 1 - (1 - light) * factor


def _falling_off(light: Tensor, by: float) -> Tensor:
    """Darker towards the corners, by the square of the distance from the middle."""
    rows, columns = (
        (2 * (torch.arange(side).to(light) + 0.5) / side - 1) ** 2 for side in light.shape[-2:]
    )
    return light * (1 - by * (rows[:, None] + columns[None]) / 2)


def _compressed(light: Tensor, quality: float) -> Tensor:
    return compressed(light, round(quality))


# Of each kind a property of its own, and the ways in which it comes, each from weak to strong.
ALTERATIONS: Mapping[str, Mapping[str, Strengths]] = {
    COMPRESSION: {"compressed": (_compressed, (40, 24, 14, 8, 4))},
    BLUR: {
        "blurred": (_blurred, (0.6, 1.0, 1.5, 2.2)),
        "coarse": (_coarse, (1.5, 2.0, 3.0, 4.0)),
        "smoothed": (_smoothed, (3, 5)),
    },
    NOISE: {
        "noisy": (_noisy, (0.03, 0.06, 0.1, 0.16)),
        "grainy": (_grainy, (0.03, 0.06, 0.1, 0.16)),
    },
    SHARPENING: {
        "sharpened": (_sharpened, (0.7, 1.5, 3.0, 6.0)),
        "edged": (_edged, (0.5, 1.0, 2.0, 3.0)),
    },
    CONTRAST: {
        "flatter": (_flatter, (0.8, 0.65, 0.5, 0.35)),
        "steeper": (_flatter, (1.3, 1.7, 2.2)),
    },
    SATURATION: {"grey": (_vivid, (0.6, 0.3, 0.0)), "vivid": (_vivid, (1.4, 1.8, 2.4))},
    CAST: {
        "toned": (_toned, (0.4, 0.7, 1.0)),
        "warm": (_warmer, (0.08, 0.16, 0.24)),
        "cool": (_warmer, (-0.08, -0.16, -0.24)),
    },
    VIGNETTE: {"vignetted": (_falling_off, (0.2, 0.4, 0.6, 0.8))},
    EXPOSURE: {"dark": (_darker, (0.8, 0.62, 0.45)), "bright": (_brighter, (0.8, 0.62, 0.45))},
}
COLOURED = (SATURATION, CAST)


@dataclass(frozen=True)
class Light:
    """The range of light of images.

    Attributes:
        low, high: no light and most light, shape (1, C, 1, 1).
        step: from one tone to the next, shape (1, C, 1, 1); None: tones lie anywhere.
    """

    low: Tensor
    high: Tensor
    step: Tensor | None = None

    def altered(self, images: Tensor, way: Alter, strength: float) -> Tensor:
        """Images (B, C, H, W) altered in this range, and in its steps."""
        span = (self.high - self.low).clamp_min(_TINY)
        changed = way((images - self.low) / span, strength).clamp(0, 1) * span
        if self.step is not None:
            changed = (changed / self.step).round() * self.step
        return changed + self.low


def light_of(images: Tensor) -> Light:
    """The light that images (B, C, H, W) can hold, in steps where these show."""
    channels = images.transpose(0, 1).flatten(1)
    low, high = (end.reshape(1, -1, 1, 1) for end in torch.aminmax(channels, dim=1))
    steps = [_step(values) for values in channels]
    if None in steps:
        return Light(low, high)
    return Light(low, high, torch.tensor(steps).to(images).reshape(1, -1, 1, 1))


def _step(values: Tensor) -> float | None:
    """From one tone to the next, of values (P,); None where there are too many tones for that."""
    tones = torch.unique(values)
    if len(tones) < 2 or len(tones) > _MOST_TONES:
        return None
    # The same tone may come out slightly different where images were computed.
    least = _NEARLY * float(tones[-1] - tones[0]) / _MOST_TONES
    apart = tones.diff()
    step = float(apart[apart > least].min())
    off = (apart / step - (apart / step).round()).abs()
    return step if bool((off < _NEARLY).all()) else None
