"""Simple properties of all of an image: tones, colours, frequencies, how its light falls off."""

import torch
from torch import Tensor
from torch.nn import functional

from earlysieve.auditing.alterations.traces import TRACES, trace_features
from earlysieve.auditing.maps import shrunk
from earlysieve.auditing.vignettes import VIGNETTE, falloff_features

SMALLEST = 8
_BANDS = (14, 8)
_SIDE = 48
_PIXELS, _DECILES, _SAME = 1024, 9, 1e-5


def whole_image_properties(images: Tensor) -> dict[str, Tensor]:
    """Properties of images (B, C, H, W) by name, each of shape (B, numbers).

    Of images smaller than 8 x 8 brightness and colour alone; of one channel no colour.
    """
    grey = images.mean(1, keepdim=True)
    means, stds = moments(images.flatten(2))
    found = {"brightness": torch.cat([*moments(grey.flatten(2)), _tones(grey.flatten(1))], 1)}
    if images.shape[1] > 1:
        found["colour"] = torch.cat([means, stds, *_ratios(means, stds)], 1)
    if min(images.shape[-2:]) < SMALLEST:
        return found
    spectrum = torch.fft.rfft2(grey[:, 0], norm="ortho").abs()
    steps = grey.diff(dim=2).abs().mean((2, 3)), grey.diff(dim=3).abs().mean((2, 3))
    return found | {
        # The strongest of each band: of a faint regular pattern little is left in a mean.
        "spectrum": functional.adaptive_max_pool2d(spectrum[:, None], _BANDS).flatten(1).log1p(),
        "sharpness": torch.cat(steps, 1),
        VIGNETTE: falloff_features(smaller(images).mean(1, keepdim=True)),
        TRACES: trace_features(images),
    }


def smaller(images: Tensor) -> Tensor:
    """Images of about 48 pixels: where things are is seen as well, at a fraction of the cost."""
    factor = min(images.shape[-2:]) // _SIDE
    return shrunk(images, factor) if factor > 1 else images


def moments(values: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation over the last dimension; torch's own `std` is many times slower."""
    mean = values.mean(-1, keepdim=True)
    length = torch.linalg.vector_norm(values - mean, dim=-1)
    return mean.squeeze(-1), length / values.shape[-1] ** 0.5


def _tones(values: Tensor) -> Tensor:
    """Deciles of some pixels (B, P), and how many pixels have the very value of another."""
    ordered = values[:, :: max(1, values.shape[1] // _PIXELS)].sort(1).values
    places = (torch.linspace(0.1, 0.9, _DECILES) * (ordered.shape[1] - 1)).round().long()
    steps = ordered.diff(dim=1)
    least = _SAME * (ordered[:, -1:] - ordered[:, :1])
    again = (steps <= least).float().sum(1, keepdim=True) / ordered.shape[1]
    return torch.cat([ordered[:, places.to(ordered.device)], again], 1)


def _ratios(means: Tensor, stds: Tensor) -> list[Tensor]:
    """Differences of channels relative to all: what is left of a colour whatever its brightness."""
    size = (means.abs() + stds).sum(1, keepdim=True).clamp_min(1e-6)
    return [
        (means - means.mean(1, keepdim=True)) / size,
        (stds - stds.mean(1, keepdim=True)) / size,
    ]
