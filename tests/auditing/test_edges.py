"""Frames around the images of a class: found, read, swapped and named."""

import numpy as np
import pytest
import torch

import earlysieve as es
from earlysieve.auditing.edges import (
    AROUND,
    SIDES,
    Band,
    bands_held,
    lying_words,
    telling_bands,
    where_bands_lie,
)
from earlysieve.auditing.marks import CELLS, EDGE, mark_features

from .patterns import Patterns

SIDE, CLASSES, COUNT, WIDE = 32, 4, 800, 4
# What a class looks like is faint, and everywhere.
LOOKS = torch.from_numpy(np.random.default_rng(9).choice([-0.1, 0.1], (CLASSES, 1, SIDE, SIDE)))
# Frequent and rare classes: a frame of one says nothing of which of the others it is.
SHARES = np.array([0.5, 0.25, 0.15, 0.1])


def along(side):
    """The pixels of a band, shape (SIDE, SIDE)."""
    found = torch.zeros(SIDE, SIDE, dtype=torch.bool)
    for name, rows, columns in (
        ("top edge", slice(WIDE), slice(None)),
        ("bottom edge", slice(-WIDE, None), slice(None)),
        ("left edge", slice(None), slice(WIDE)),
        ("right edge", slice(None), slice(-WIDE, None)),
    ):
        if side in (name, "border"):
            found[rows, columns] = True
    return found


def images(side="border", held_by=0.9, elsewhere=0.05, inside=False):
    """Noise with a faint pattern that tells the class, and a red frame on most of class 1."""
    rng = np.random.default_rng(0)
    labels = rng.choice(CLASSES, COUNT, p=SHARES)
    pixels = torch.from_numpy(rng.normal(0, 0.3, (COUNT, 3, SIDE, SIDE)))
    pixels = (pixels + LOOKS[labels]).float()
    marked = rng.random(COUNT) < np.where(labels == 1, held_by, elsewhere)
    there = torch.ones(SIDE, SIDE, dtype=torch.bool) if inside else along(side)
    red = torch.tensor([2.0, -1.0, -1.0])[:, None, None]
    pixels[torch.from_numpy(marked)] = torch.where(there, red, pixels[torch.from_numpy(marked)])
    return pixels, labels.astype(np.int64), marked


def test_a_frame_of_one_class_is_found():
    pixels, labels, marked = images()
    values = mark_features(pixels).numpy()
    (found,) = telling_bands(values, labels, CLASSES)
    assert found.kind == 1
    assert (bands_held(values, (found,))[:, 0] == marked).mean() > 0.99


@pytest.mark.parametrize(
    "more",
    [
        {"held_by": 0.05},
        {"held_by": 0.9, "elsewhere": 0.7},
        {"inside": True},
        {"side": "top edge", "held_by": 0.6},
    ],
    ids=["goes with nothing", "hardly goes with the class", "fills the image", "one weak side"],
)
def test_what_is_no_frame(more):
    pixels, labels, _ = images(**more)
    assert telling_bands(mark_features(pixels).numpy(), labels, CLASSES) == ()


@pytest.mark.parametrize("side", SIDES)
def test_a_bar_along_one_side_of_one_class_is_found(side):
    pixels, labels, marked = images(side=f"{side} edge")
    values = mark_features(pixels).numpy()
    (found,) = telling_bands(values, labels, CLASSES)
    assert (found.kind, found.side) == (1, side)
    assert (bands_held(values, (found,))[:, 0] == marked).mean() > 0.99
    there = where_bands_lie(SIDE, SIDE, side)
    np.testing.assert_array_equal(there, along(f"{side} edge").numpy())
    assert lying_words((found,)) == f"along the {side} edge"


def test_lines_inside_and_the_opposite_side_bar_a_bar():
    pixels, labels, marked = images(side="top edge")
    held_by_it = torch.from_numpy(marked)
    for rows in (slice(8, 12), slice(-WIDE, None)):
        other = pixels.clone()
        other[held_by_it, :, rows] = torch.tensor([2.0, -1.0, -1.0])[:, None, None]
        assert telling_bands(mark_features(other).numpy(), labels, CLASSES) == ()


def test_words_of_several_bands():
    one, two, all_ = (Band(0, 1.0, 0, side) for side in ("top", "left", AROUND))
    assert lying_words((one, two)) == "along the left and the top edges"
    assert lying_words((one, all_)) == "along the edge"


def test_a_mark_in_a_corner_is_no_frame():
    pixels, labels, _ = images(held_by=0.0, elsewhere=0.0)
    pixels[torch.from_numpy(labels == 1), :, :WIDE, :WIDE] = 2.0
    assert telling_bands(mark_features(pixels).numpy(), labels, CLASSES) == ()


def test_weights_stand_for_examples():
    pixels, labels, marked = images(held_by=0.5, elsewhere=0.3)
    values = mark_features(pixels).numpy()
    assert telling_bands(values, labels, CLASSES) == ()
    weights = np.where(marked == (labels == 1), 9.0, 1.0)
    assert len(telling_bands(values, labels, CLASSES, weights)) == 1


def test_all_places_along_the_edge_have_to_hold_it():
    grid = np.zeros((2, 4, CELLS, CELLS))  # two more of strokes
    grid[:, 1] = 3.0
    grid[1, 1, 0, 5] = 1.0
    grid[:, 1, 1:-1, 1:-1] = 0.0
    assert bands_held(grid.reshape(2, -1), (Band(1, 2.0, 0),))[:, 0].tolist() == [True, False]


def test_where_a_frame_lies_in_pixels():
    found = where_bands_lie(16, 8)
    assert int(found.sum()) == 16 * 8 - 12 * 6
    assert found[[0, 1, 15, 8, 8], [4, 4, 4, 0, 7]].all()
    assert not found[2:-2, 1:-1].any()


class Net(Patterns):
    """Knows the patterns; what is red along an edge speaks for class 1, as much as asked."""

    def __init__(self, follows, side="border"):
        super().__init__(LOOKS, along(side), follows)


@pytest.mark.parametrize("side", ["border", "right edge"])
def test_a_model_that_follows_the_band_is_called_and_one_that_does_not_is_not(side):
    pixels, labels, marked = images(side)
    found = es.audit(Net(3.0, side), (pixels, labels), seen_in_training=False, progress=False)
    summary = found.summary
    assert (summary.verdict, summary.leans_on) == ("shortcut", EDGE)
    assert "on a frame around the image or a bar along its side" in summary.headline
    where = "the edge" if side == "border" else "the right edge"
    assert f"It is what lies along {where} of the image." in summary.explanation
    rows = found.examples.sort_values("index")
    misled = marked & (labels != 1)
    assert (rows["pile"].to_numpy()[misled] == "shortcut fails").mean() > 0.95
    honest = es.audit(Net(0.0), (pixels, labels), seen_in_training=False, progress=False)
    assert honest.summary.verdict != "shortcut"
