"""Images of which batches differ in size: what cannot be kept alike of all is named, not kept."""

import pytest
import torch
from torch import nn

import earlysieve as es

from .helpers import Pictures

ALL_SIZES = "small images of several sizes do not give the same numbers of it"
HALVES = {"top half", "bottom half", "left half", "right half"}
OF_LARGER = HALVES | {
    "spectrum", "frame", "size", "place", "sharpness", "mark", "patch", "background",
    "vignette", "traces", "1 map",
}  # fmt: skip


class Sizes:
    """Batches of 20 small images, each batch of another size."""

    def __init__(self, *sides):
        self.sides = sides

    def __iter__(self):
        for side in self.sides:
            data = Pictures(20, side=side)
            yield data.x, data.labels


class Network(nn.Sequential):
    """Reads images of any size."""

    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 6, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(6, 2),
        )


def audited(*sides):
    torch.manual_seed(0)
    options = {"layers": ["1", "3"], "pictures": 0, "progress": False}
    return es.audit(Network(), Sizes(*sides), **options).summary


@pytest.mark.parametrize(
    ("sides", "missing"),
    [
        ((8, 12, 19), HALVES),
        ((19, 12), HALVES),
        ((24, 32), set()),
        ((6, 12), OF_LARGER),
        ((12, 6, 12), OF_LARGER),
    ],
)
def test_small_images_of_several_sizes(sides, missing):
    found = audited(*sides)
    left_out = {name: why for name, why in found.not_looked_at.items() if why == ALL_SIZES}
    assert set(left_out) == missing
    assert not missing & {leaning.name for leaning in found.leanings}
