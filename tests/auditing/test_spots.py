"""Something small of one colour anywhere in images of a class: found, read, swapped and named."""

import numpy as np
import pytest
import torch

import earlysieve as es
from earlysieve.auditing.edges import bands_held, telling_bands
from earlysieve.auditing.marks import SPOT, mark_features, telling_marks
from earlysieve.auditing.spots import Spot, spots_held, telling_spots, where_spots_lie

from .patterns import Patterns

SIDE, CLASSES, COUNT = 32, 4, 1000
# What a class looks like is faint, and everywhere.
LOOKS = torch.from_numpy(np.random.default_rng(9).choice([-0.1, 0.1], (CLASSES, 1, SIDE, SIDE)))
RED = torch.tensor([2.0, -1.0, -1.0])[:, None, None]


def images(held_by=0.9, elsewhere=0.05, *, size=4, at=None, side=None):
    """Noise with a faint pattern that tells the class, and a red square on most of class 1."""
    rng = np.random.default_rng(0)
    labels = np.arange(COUNT) % CLASSES
    pixels = torch.from_numpy(rng.normal(0, 0.3, (COUNT, 3, SIDE, SIDE)))
    pixels = (pixels + LOOKS[labels]).float()
    marked = rng.random(COUNT) < np.where(labels == 1, held_by, elsewhere)
    for row in np.flatnonzero(marked):
        top, left = rng.integers(0, SIDE - size, 2) if at is None else at
        if side is not None:
            edge = 0 if side in ("top", "left") else SIDE - size
            top, left = (edge, left) if side in ("top", "bottom") else (top, edge)
        pixels[row, :, top : top + size, left : left + size] = RED
    return pixels, labels.astype(np.int64), marked


def features(pixels):
    return mark_features(pixels).numpy()


def test_a_spot_of_one_class_is_found_wherever_it_lies():
    pixels, labels, marked = images()
    (found,) = telling_spots(features(pixels), labels, CLASSES)
    assert found.kind == 1
    assert (spots_held(features(pixels), (found,))[:, 0] == marked).mean() > 0.99
    assert telling_marks(features(pixels), labels, CLASSES) == ()


@pytest.mark.parametrize(
    "more",
    [
        {"held_by": 0.05},
        {"elsewhere": 0.6},
        {"at": (4, 24)},
        {"size": 14},
    ],
    ids=["goes with nothing", "hardly goes with the class", "lies in one place", "is large"],
)
def test_what_is_no_spot(more):
    pixels, labels, _ = images(**more)
    assert telling_spots(features(pixels), labels, CLASSES) == ()


@pytest.mark.parametrize("side", ["top", "bottom", "left", "right"])
def test_what_always_lies_along_one_side_is_a_bar_as_a_caption_is(side):
    pixels, labels, marked = images(side=side)
    assert telling_spots(features(pixels), labels, CLASSES) == ()
    (found,) = telling_bands(features(pixels), labels, CLASSES)
    assert (found.kind, found.side, found.whole) == (1, side, False)
    assert (bands_held(features(pixels), (found,))[:, 0] == marked).mean() > 0.99
    anywhere, labels, _ = images()
    assert telling_bands(features(anywhere), labels, CLASSES) == ()


def test_weights_stand_for_examples():
    pixels, labels, marked = images(held_by=0.5, elsewhere=0.3)
    assert telling_spots(features(pixels), labels, CLASSES) == ()
    weights = np.where(marked == (labels == 1), 9.0, 1.0)
    assert len(telling_spots(features(pixels), labels, CLASSES, weights)) == 1


def test_where_it_lies_in_pixels():
    pixels = torch.zeros(3, 1, 16, 16)
    pixels[0, 0, 5, 9] = 3.0  # of the places of two pixels: row 2, column 4
    pixels[1, 0, 0, 0] = 2.0
    spots = (Spot(0, 2.0, 0), Spot(0, 1.0, 0))
    found = where_spots_lie(mark_features(pixels), spots, 16, 16)[:, 0]
    there = torch.zeros(16, 16, dtype=torch.bool)
    there[2:8, 6:12] = True
    assert torch.equal(found[0], there)
    assert int(found[1].sum()) == 16  # in a corner
    assert found[1][:4, :4].all()
    assert not found[2].any()


class Net(Patterns):
    """Knows the patterns; anything red speaks for class 1, as much as asked."""

    def __init__(self, follows):
        super().__init__(LOOKS, torch.zeros(SIDE, SIDE, dtype=torch.bool), 0.0)
        self.follows = follows

    def forward(self, x):
        logits = super().forward(x)
        red = (x[:, 0] - x.mean(1)).amax((1, 2)) > 1
        return logits + self.follows * red[:, None] * (torch.arange(CLASSES) == 1)


def test_a_model_that_follows_the_spot_is_called_and_one_that_does_not_is_not():
    pixels, labels, marked = images()
    found = es.audit(Net(80.0), (pixels, labels), seen_in_training=False, progress=False)
    summary = found.summary
    assert (summary.verdict, summary.leans_on) == ("shortcut", SPOT)
    assert "on a small spot of one colour anywhere in the image" in summary.headline
    followed = next(one for one in summary.leanings if one.name == SPOT).followed
    assert followed > 0.8
    rows = found.examples.sort_values("index")
    misled = marked & (labels != 1)
    assert (rows["pile"].to_numpy()[misled] == "shortcut fails").mean() > 0.95
    honest = es.audit(Net(0.0), (pixels, labels), seen_in_training=False, progress=False)
    assert honest.summary.verdict != "shortcut"
