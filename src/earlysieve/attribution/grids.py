"""Where the image plane hides in an activation: maps in two layouts, and rows of tokens."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from earlysieve.errors import LayerError
from earlysieve.model.layout import Layout, layout_of

MOST_SPECIAL_TOKENS = 16
# Without a patch convolution to read the grid from, only a class and a distillation token are
# believed: a larger remainder would turn any row of vectors into a picture.
MOST_SPECIAL_TOKENS_UNSEEN_GRID = 2
# Generous, since convolutions without padding eat more of the shorter side.
_MOST_DISTORTION = 1.0


@dataclass(frozen=True)
class Grid:
    """How to read an activation as (B, C, height, width).

    Attributes:
        height, width: of the grid.
        layout: channels first, channels last, or None for tokens (B, special + h * w, C).
        special: class, distillation and register tokens ahead of the grid; 0 for maps.
    """

    height: int
    width: int
    layout: Layout | None
    special: int = 0

    def to_map(self, activation: Tensor) -> Tensor:
        """The activation as (B, C, height, width), special tokens left out."""
        if self.layout is Layout.FIRST:
            return activation
        if self.layout is None:
            patches = activation[:, self.special :]
            shape = (len(patches), self.height, self.width, -1)
            activation = patches.reshape(shape)
        return activation.movedim(-1, 1)

    def from_map(self, grid: Tensor, activation: Tensor) -> Tensor:
        """Put a map back into the form of `activation`, whose special tokens are kept."""
        if self.layout is Layout.FIRST:
            return grid
        last = grid.movedim(1, -1)
        if self.layout is Layout.LAST:
            return last
        return torch.cat([activation[:, : self.special], last.flatten(1, 2)], dim=1)


def map_grid(module: nn.Module, shape: tuple[int, ...], image: tuple[int, int]) -> Grid | None:
    """The grid of a four-dimensional output, or None where it is no picture of the image.

    Args:
        module: the layer that gave it.
        shape: of the output, batch included.
        image: height and width of the model's input.
    """
    grids = {Layout.FIRST: shape[2:], Layout.LAST: shape[1:3]}
    try:
        layout = layout_of(module, shape, shape[0])
    except LayerError:
        return None
    order = [layout, Layout.LAST if layout is Layout.FIRST else Layout.FIRST]
    distortion, best = min((_distortion(grids[c], image), i) for i, c in enumerate(order))
    if distortion > _MOST_DISTORTION or grids[order[best]] == (1, 1):
        return None
    height, width = grids[order[best]]
    return Grid(height, width, order[best])


def token_grid(tokens: int, image: tuple[int, int], maps: Iterable[Grid]) -> Grid | None:
    """The grid in a row of tokens, or None.

    Grids seen in the same network (the patch convolution) are tried first, also halved as patch
    merging does it; then every square patch that divides the image. The fewest special tokens win.
    """
    seen = [(-(-m.height // 2**k), -(-m.width // 2**k)) for m in maps for k in range(6)]
    sides = range(2, min(image) + 1)
    unseen = [(image[0] // p, image[1] // p) for p in sides if not (image[0] % p or image[1] % p)]
    return _fewest_special(tokens, seen, MOST_SPECIAL_TOKENS) or _fewest_special(
        tokens, unseen, MOST_SPECIAL_TOKENS_UNSEEN_GRID
    )


def _fewest_special(tokens: int, grids: list[tuple[int, int]], most: int) -> Grid | None:
    fitting = [(tokens - h * w, h, w) for h, w in grids if h * w > 1 and tokens - h * w >= 0]
    special, height, width = min(fitting, default=(most + 1, 0, 0))
    return Grid(height, width, None, special) if special <= most else None


def _distortion(grid: tuple[int, ...], image: tuple[int, int]) -> float:
    """By how much more one side shrank than the other, in octaves; infinite if one grew."""
    if grid[0] > image[0] or grid[1] > image[1]:
        return math.inf
    return abs(math.log2((image[0] / grid[0]) / (image[1] / grid[1])))
