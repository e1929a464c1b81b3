"""What programs and cameras leave in an image: a grid of blocks, flat runs, noise, pale colours.

The first two are those by which the quality of JPEG images is told without the original (Wang,
Sheikh and Bovik, "No-reference perceptual quality assessment of JPEG compressed images", ICIP
2002): steps between blocks against steps within them, and how often the direction changes. Noise is
what a mask leaves to which edges and slopes are nothing (Immerkær, "Fast noise variance
estimation", CVIU 1996).
"""

import torch
from torch import Tensor

TRACES = "traces"
_GRID = 8
_FLAT = 0.006
_QUANTILES = (0.1, 0.5, 0.9)
_MOST_PIXELS = 4096
_TINY = 1e-5


def trace_features(images: Tensor) -> Tensor:
    """Numbers of images (B, C, H, W), relative to their contrast: (B, 8), of colours (B, 12).

    Args:
        images: of at least 8 x 8 pixels.
    """
    grey = images.mean(1, keepdim=True)
    lows, highs = torch.aminmax(grey.flatten(1), dim=1)
    span = (highs - lows).clamp_min(_TINY)[:, None, None, None]
    light = (grey - lows[:, None, None, None]) / span
    found = [_blocks(light), _runs(light), _noise(light)]
    if images.shape[1] > 1:
        found.append(_spread(images / span))
    return torch.cat(found, 1)


def _spread(images: Tensor) -> Tensor:
    """How far channels lie apart at a pixel, mean and quantiles, (B, 4), log."""
    apart = images.amax(1) - images.amin(1)
    return _levels(apart.flatten(1))


def _blocks(light: Tensor) -> Tensor:
    """How much larger steps are at the strongest of eight phases than at most, (B, 2), log."""
    found = []
    for down in (True, False):
        steps = light.diff(dim=2 if down else 3).abs().mean(3 if down else 2)[:, 0]
        whole = steps.shape[1] // _GRID * _GRID
        if not whole:
            found.append(steps.new_zeros(len(steps)))
            continue
        phases = steps[:, :whole].reshape(len(steps), -1, _GRID).mean(1)
        usual = phases.median(1).values
        found.append(((phases.amax(1) + _TINY) / (usual + _TINY)).log())
    return torch.stack(found, 1)


def _runs(light: Tensor) -> Tensor:
    """The share of pixels like their neighbour, and of places where the direction changes."""
    steps = light.diff(dim=3)
    flat = (steps.abs() < _FLAT).float().mean((1, 2, 3))
    bends = light.diff(dim=3, n=2)
    changes = (bends[..., 1:] * bends[..., :-1] < 0).float().mean((1, 2, 3))
    return torch.stack([flat, changes], 1)


def _noise(light: Tensor) -> Tensor:
    """Mean and quantiles of what the mask leaves, (B, 4), log; it is 1, -2, 1 down and across."""
    return _levels(light.diff(dim=2, n=2).diff(dim=3, n=2).abs().flatten(1) / 6)


def _levels(values: Tensor) -> Tensor:
    """Mean and quantiles of rows, log."""
    some = values[:, :: max(1, values.shape[1] // _MOST_PIXELS)]
    each = torch.quantile(some, torch.tensor(_QUANTILES).to(values), dim=1).T
    return (torch.cat([values.mean(1, keepdim=True), each], 1) + _TINY).log()
