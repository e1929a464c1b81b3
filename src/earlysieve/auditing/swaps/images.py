"""Parts of images that are the same everywhere: statistics, spectrum, frame, size.

All take receivers and donors as float tensors (B, C, H, W), in whatever scale the model takes
them, and return receivers with that part of the donors. What leaves the range of values that occur
is clipped by the caller.
"""

import torch
from torch import Tensor
from torch.nn import functional

_FRAME = 0.1
_VISIBLE = 0.1
_TINY = 1e-6
_FILLED, _MOST_FILLED = 0.95, 0.8


def colour(receivers: Tensor, donors: Tensor) -> Tensor:
    """Mean and standard deviation of each channel."""
    return _with_statistics(receivers, donors, (2, 3))


def brightness(receivers: Tensor, donors: Tensor) -> Tensor:
    """Mean and standard deviation over all channels together; colours stay."""
    return _with_statistics(receivers, donors, (1, 2, 3))


def spectrum(receivers: Tensor, donors: Tensor) -> Tensor:
    """How strong each frequency is; where things are (the phase) stays."""
    mine, theirs = torch.fft.rfft2(receivers), torch.fft.rfft2(donors)
    mixed = torch.polar(theirs.abs(), mine.angle())
    found: Tensor = torch.fft.irfft2(mixed, s=receivers.shape[-2:])
    return found


def frame(receivers: Tensor, donors: Tensor) -> Tensor:
    """The outermost tenth of the shorter side, all around."""
    width = frame_width(receivers)
    swapped = donors.clone()
    swapped[..., width:-width, width:-width] = receivers[..., width:-width, width:-width]
    return swapped


def frame_width(images: Tensor) -> int:
    """A tenth of the shorter side, in pixels."""
    return max(1, round(_FRAME * min(images.shape[-2:])))


def size(receivers: Tensor, donors: Tensor, span: float) -> Tensor:
    """The longer side of what stands out from its border, scaled about its own centre.

    Args:
        receivers, donors: images.
        span: largest minus smallest value that occurs.
    """
    mine, centre = _extent(receivers, span)
    theirs, _ = _extent(donors, span)
    factor = (theirs / mine).clamp(0.4, 2.5)
    # A sampling place p of the result is taken from centre + (p - centre) / factor.
    grow = torch.zeros(len(receivers), 2, 3, dtype=receivers.dtype, device=receivers.device)
    grow[:, 0, 0] = grow[:, 1, 1] = 1 / factor
    grow[:, :, 2] = centre * (1 - 1 / factor)[:, None]
    ground = _ground(receivers)
    grid = functional.affine_grid(grow, list(receivers.shape), align_corners=False)
    moved = functional.grid_sample(receivers - ground, grid, align_corners=False)
    return moved + ground


def extents(images: Tensor) -> Tensor:
    """Width, height and share of what stands out from each image's border, (B, 3)."""
    span = (images.amax((1, 2, 3)) - images.amin((1, 2, 3)))[:, None, None, None]
    # Largest values rather than `any`, which is slow.
    distance = (images - _ground(images)).abs().amax(1)
    least = _VISIBLE * span[:, 0]
    seen = [distance.amax(1) > least[:, 0], distance.amax(2) > least[:, 0], distance > least]
    return torch.stack([one.float().flatten(1).mean(1) for one in seen], 1)


def filled(images: Tensor) -> Tensor:
    """Whether what stands out from its border fills nearly all of an image: busy ground, (B,)."""
    return extents(images)[:, :2].amin(1) > _FILLED


def fill_their_images(images: Tensor) -> bool:
    """Whether the ground of most images is busy."""
    return float(filled(images).float().mean()) >= _MOST_FILLED


def _with_statistics(receivers: Tensor, donors: Tensor, over: tuple[int, ...]) -> Tensor:
    means = [images.mean(over, keepdim=True) for images in (receivers, donors)]
    stds = [images.std(over, correction=0, keepdim=True) for images in (receivers, donors)]
    return (receivers - means[0]) / (stds[0] + _TINY) * stds[1] + means[1]


def _ground(images: Tensor) -> Tensor:
    """The median of each image's outermost pixels, by channel, (B, C, 1, 1)."""
    edges = [images[..., 0, :], images[..., -1, :], images[..., :, 0], images[..., :, -1]]
    return torch.cat(edges, -1).median(-1).values[..., None, None]


def _extent(images: Tensor, span: float) -> tuple[Tensor, Tensor]:
    """Longer side of what stands out, in [0, 2], (B,), and its centre (x, y) in [-1, 1], (B, 2)."""
    stands_out = ((images - _ground(images)).abs() > _VISIBLE * span).any(1)
    ends = []
    for axis in (1, 2):  # columns from the maximum over rows, then rows
        line = stands_out.any(axis).to(images.dtype)
        count = line.shape[1]
        first = line.argmax(1) / count
        last = 1 - line.flip(1).argmax(1) / count
        ends.append((2 * first - 1, 2 * last - 1))
    (left, right), (top, bottom) = ends
    longer = torch.maximum(right - left, bottom - top).clamp_min(2 / max(images.shape[-2:]))
    return longer, torch.stack([(left + right) / 2, (top + bottom) / 2], 1)
