"""The part of an image on which its own answer rests: one window of a third of each side.

Putting a donor's window into a receiver does not move what it shows, as the receiver's own stays
where it was. So the receiver's most important window is first replaced by the median image.
"""

import torch
from torch import Tensor
from torch.nn import functional


def importance(gradients: Tensor, images: Tensor, plain: Tensor) -> Tensor:
    """How much each pixel speaks for the answer, against a plain image: (B, H, W)."""
    return (gradients * (images - plain)).sum(1)


def window_of(heat: Tensor, parts: int = 3) -> tuple[int, int]:
    """Sides of a window: the `parts`-th part of each side of the heat (B, H, W)."""
    height, width = heat.shape[-2:]
    return -(-height // parts), -(-width // parts)


def best_windows(heat: Tensor, sides: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Upper left corners (top, left), each (B,), of the windows with most heat (B, H, W)."""
    sums = functional.avg_pool2d(heat[:, None].double(), sides, stride=1)[:, 0]
    best = sums.flatten(1).argmax(1)
    return best // sums.shape[-1], best % sums.shape[-1]


def swap_windows(
    receivers: Tensor,
    donors: Tensor,
    own: tuple[Tensor, Tensor],
    given: tuple[Tensor, Tensor],
    sides: tuple[int, int],
    plain: Tensor,
) -> Tensor:
    """Receivers without their own window and with the donor's, in the donor's place.

    Args:
        receivers, donors: (B, C, H, W).
        own, given: corners of the windows of receivers and donors.
        sides: of the windows.
        plain: what is put in place of the receiver's window, (C, H, W).
    """
    cleared = torch.where(_inside(receivers, own, sides), plain, receivers)
    return torch.where(_inside(receivers, given, sides), donors, cleared)


def _inside(images: Tensor, corner: tuple[Tensor, Tensor], sides: tuple[int, int]) -> Tensor:
    rows, columns = (torch.arange(count) for count in images.shape[-2:])
    top, left = (place[:, None] for place in corner)
    down = (rows >= top) & (rows < top + sides[0])
    across = (columns >= left) & (columns < left + sides[1])
    return (down[:, :, None] & across[:, None, :])[:, None]
