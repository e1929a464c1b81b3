"""How the light of images falls off towards their corners: a vignette, as of a lens or a lamp.

What an image shows changes as often inwards as outwards, and by large steps; a vignette makes it
darker outwards nearly everywhere, by small ones. So the median step away from the middle tells it,
relative to the light that is there (Zheng, Yu, Kang, Lin and Kambhamettu, "Single-image vignetting
correction using radial gradient symmetry", CVPR 2008). It is taken of the quarter of an image that
is furthest from its middle, into which objects hardly reach.
"""

import numpy as np
import torch
from torch import Tensor

from earlysieve._arrays import Floats, Ints
from earlysieve.auditing.scores import auroc

VIGNETTE = "vignette"
_OUTER, _DARK = 4, 0.05
_QUANTILES = (0.3, 0.4, 0.5, 0.6, 0.7)
_ONE_CLASS, _FEWEST = 0.85, 10
_MOST = 2.0


def falloff_features(grey: Tensor) -> Tensor:
    """How much darker images (B, 1, H, W) become outwards, (B, 3).

    Median of `falloffs`, and the means of their quantiles 0.4 and 0.6, and 0.3 and 0.7: of a
    distribution that lies alike on both sides all three are the same.
    """
    steps = falloffs(grey)
    levels = torch.tensor(_QUANTILES).to(steps)
    low, near_low, middle, near_high, high = torch.quantile(steps, levels, dim=1)
    return torch.stack([middle, (near_low + near_high) / 2, (low + high) / 2], 1)


def falloffs(grey: Tensor) -> Tensor:
    """The a at each of the outer pixels of images (B, 1, H, W), (B, pixels).

    Light exp(-a u) falls by -a x and -a y where u = (x² + y²) / 2 with x, y in [-1, 1], so that
    a = -(x d/dx + y d/dy) log(light) / (x² + y²). Light is what is above the darkest pixel of an
    image, and a twentieth of its range.
    """
    lows, highs = torch.aminmax(grey.flatten(1), dim=1)
    span = (highs - lows).clamp_min(1e-6)[:, None, None]
    light = ((grey[:, 0] - lows[:, None, None]) / span + _DARK).log()
    upper, lower = light[:, :-1], light[:, 1:]
    high, wide = grey.shape[-2:]
    down = (lower - upper)[..., 1:] + (lower - upper)[..., :-1]
    right = lower[..., 1:] - lower[..., :-1] + upper[..., 1:] - upper[..., :-1]
    y = (2 * torch.arange(1, high).to(light) / high - 1)[:, None]
    x = (2 * torch.arange(1, wide).to(light) / wide - 1)[None]
    # Half the sum of two differences, over 2 / side.
    change = y * down * (high / 4) + x * right * (wide / 4)
    away = x.square() + y.square()
    outer = away.flatten().argsort(descending=True)[: away.numel() // _OUTER]
    return -(change / away.clamp_min(1e-6)).flatten(1)[:, outer]


def tells_a_class(values: Floats, labels: Ints, classes: int) -> bool:
    """Whether vignettes tell some class from the others, by an AUROC of 0.85 either way.

    Args:
        values: of `falloff_features`, shape (N, 3).
        labels: shape (N,).
        classes: C; of which those of fewer than 10 examples are left out.
    """
    counts = np.bincount(labels, minlength=classes)
    often = np.flatnonzero(np.minimum(counts, len(labels) - counts) >= _FEWEST)
    each = [auroc(values[:, 0], labels == kind) for kind in often]
    return any(max(one, 1 - one) >= _ONE_CLASS for one in each)


def with_falloff_of(receivers: Tensor, donors: Tensor, low: Tensor) -> Tensor:
    """Images (B, C, H, W) that become darker outwards as others do, and as bright on average.

    Args:
        receivers, donors: images.
        low: what stands for no light, shape (1, C, 1, 1).
    """
    mine, theirs = (
        falloff_features(images.mean(1, keepdim=True))[:, 0] for images in (receivers, donors)
    )
    more = (theirs - mine).clamp(-_MOST, _MOST)[:, None, None, None]
    y, x = (2 * (torch.arange(side).to(receivers) + 0.5) / side - 1 for side in
            receivers.shape[-2:])  # fmt: skip
    gain = torch.exp(-more * (y[:, None].square() + x[None].square()) / 2)
    light = receivers - low
    changed = light * gain
    means = (images.mean((1, 2, 3), keepdim=True) for images in (light, changed))
    before, after = means
    return changed * (before / after.clamp_min(1e-6)) + low
