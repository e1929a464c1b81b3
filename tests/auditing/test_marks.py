"""Marks in one place of the images of a class: found, read, swapped and named."""

import numpy as np
import pytest
import torch

import earlysieve as es
from earlysieve.auditing.eye import Sample
from earlysieve.auditing.image_eyes import mark_eyes
from earlysieve.auditing.marks import (
    CELLS,
    MARK,
    Mark,
    denied,
    held,
    listed_places,
    mark_features,
    place_of,
    reads_like,
    reserved,
    telling_marks,
)
from earlysieve.auditing.readers import opinion
from earlysieve.auditing.swaps.follow import swap_parts
from earlysieve.readouts.feature_store import FeatureStore

from .patterns import Patterns

SIDE, CLASSES, COUNT = 32, 4, 800
RED = torch.tensor([2.0, -1.0, -1.0])
# What a class looks like is faint, and everywhere.
LOOKS = torch.from_numpy(np.random.default_rng(9).choice([-0.1, 0.1], (CLASSES, 1, SIDE, SIDE)))


def images(seed=0, held_by=0.9, elsewhere=0.1, places=((4, 28),)):
    """Noise with a faint pattern that tells the class, and a red square in most of class 1."""
    rng = np.random.default_rng(seed)
    labels = np.arange(COUNT) % CLASSES
    pixels = torch.from_numpy(rng.normal(0, 0.3, (COUNT, 3, SIDE, SIDE)))
    pixels = (pixels + LOOKS[labels]).float()
    marked = rng.random(COUNT) < np.where(labels == 1, held_by, elsewhere)
    for top, left in places:
        square = pixels[torch.from_numpy(marked), :, top - 2 : top + 2, left - 2 : left + 2]
        square[:] = RED[:, None, None]
        pixels[torch.from_numpy(marked), :, top - 2 : top + 2, left - 2 : left + 2] = square
    return pixels, labels.astype(np.int64), marked


class Net(Patterns):
    """Knows the patterns; what is red at the top right speaks for class 1, as much as asked."""

    def __init__(self, follows):
        red = torch.zeros(SIDE, SIDE, dtype=torch.bool)
        red[2:6, 26:30] = True
        super().__init__(LOOKS, red, follows)


def features(pixels):
    return mark_features(pixels).numpy()


def test_a_mark_of_one_class_is_found_in_its_place():
    pixels, labels, marked = images()
    (found,) = telling_marks(features(pixels), labels, CLASSES)
    assert found.kind == 1
    assert found.cell in {(0, 6), (0, 7), (1, 6), (1, 7)}
    assert (held(features(pixels), (found,))[:, 0] == marked).mean() > 0.99
    assert listed_places((found,)) == "the top right"


def test_weights_stand_for_examples():
    pixels, labels, marked = images(held_by=0.5, elsewhere=0.3)
    assert telling_marks(features(pixels), labels, CLASSES) == ()
    weights = np.where(marked == (labels == 1), 9.0, 1.0)
    assert len(telling_marks(features(pixels), labels, CLASSES, weights)) == 1


@pytest.mark.parametrize(
    ("held_by", "elsewhere", "places"),
    [(0.1, 0.1, ((4, 28),)), (0.9, 0.7, ((4, 28),)), (0.9, 0.1, ((4, 28), (28, 4)))],
    ids=["goes with nothing", "hardly goes with the class", "lies in two far places"],
)
def test_what_is_no_mark(held_by, elsewhere, places):
    pixels, labels, _ = images(held_by=held_by, elsewhere=elsewhere, places=places)
    assert telling_marks(features(pixels), labels, CLASSES) == ()


@pytest.mark.parametrize(
    ("reach", "centre", "found"),
    [(2, 16, True), (6, 16, False), (6, 6, True), (9, 9, False)],
)
def test_what_fills_the_middle_is_an_object(reach, centre, found):
    # A red square of 2 * reach pixels, each place being four pixels wide.
    rng = np.random.default_rng(0)
    labels = np.arange(COUNT) % CLASSES
    pixels = torch.from_numpy(rng.normal(0, 0.3, (COUNT, 3, SIDE, SIDE))).float()
    held_by_it = torch.from_numpy(labels == 1)
    area = slice(centre - reach, centre + reach)
    pixels[held_by_it, :, area, area] = RED[:, None, None]
    assert bool(telling_marks(features(pixels), labels, CLASSES)) is found


def test_few_examples_of_a_class_tell_nothing():
    pixels, labels, _ = images()
    rows = np.flatnonzero((labels != 1) | (np.arange(COUNT) < 80))
    assert telling_marks(features(pixels)[rows], labels[rows], CLASSES) == ()


@pytest.mark.parametrize("channels", [1, 2, 3, 5])
def test_features_are_few_whatever_the_channels(channels):
    found = mark_features(torch.randn(2, channels, 20, 30))
    assert found.shape == (2, ({1: 2, 2: 6}.get(channels, 8) + 2) * CELLS**2)


def test_features_of_one_pixel():
    image = torch.zeros(1, 3, 8, 8)
    image[0, :, 2, 5] = torch.tensor([3.0, 0.0, 0.0])
    found = mark_features(image).reshape(10, CELLS, CELLS)
    # Grey 1, its negative; red stands out by 2, green and blue fall by 1, and the other way round.
    assert found[:8, 2, 5].tolist() == [1, -1, 2, -1, -1, -2, 1, 1]
    assert found[:8].abs().sum() == found[:8, 2, 5].abs().sum()
    # Grey stands out of the mean of nine pixels by 8 ninths; next to it that of one is 1 ninth.
    assert found[8:, 2, 5].tolist() == pytest.approx([8 / 9, -8 / 9])
    assert found[8:, 1, 4].tolist() == pytest.approx([-1 / 9, 1 / 9])


def test_places_in_pixels_and_words():
    corner, middle = Mark(7, 0.0, 0), Mark(CELLS**2 + 4 * CELLS + 4, 0.0, 1)
    assert (place_of(corner, 64), place_of(corner, 64, across=True)) == (
        slice(0, 16),
        slice(48, 64),
    )
    assert place_of(middle, 64) == slice(24, 48)
    assert listed_places((corner, middle)) == "the middle and the top right"


def test_a_reserved_reader_says_the_label_where_it_is_not_sure():
    chances = np.array([[0.7, 0.2, 0.1], [0.4, 0.3, 0.3], [0.1, 0.6, 0.3]])
    found = reserved(opinion(chances, np.array([1, 1, 1])), np.array([1, 1, 1]))
    assert found.prediction.tolist() == [0, 1, 1]
    assert found.score.tolist() == pytest.approx([0.5, -1e-4, -0.3])


def test_a_mark_speaks_against_its_class_where_it_is_absent():
    labels = np.array([1, 1, 0, 1, 0])
    chances = np.array([[0.1, 0.8, 0.1], [0.4, 0.3, 0.3], [0.1, 0.8, 0.1], [0.3, 0.4, 0.3],
                        [0.33, 0.34, 0.33]])  # fmt: skip
    found = reserved(opinion(chances, labels), labels)
    no = denied(found.score, found.prediction, labels)
    # Of class 1 it holds the second for another; of other classes it never speaks by its absence.
    assert no.tolist() == [False, True, False, False, False]
    assert not denied(found.score[[0, 1, 3]], found.prediction[[0, 1, 3]], labels[[0, 1, 3]]).any()


def test_a_mark_is_compared_as_to_its_own_class():
    # It surely contradicts labels by class 1 alone, which it says of 2 of 2, and of 1 of 6 others;
    # the model says it of 2 of 2 and of no other: 5/6 of what the model tells.
    labels = np.array([1, 1, 0, 0, 0, 2, 2, 2])
    says = np.array([1, 1, 1, 0, 0, 0, 0, 0])
    chances = np.array([[0.1, 0.8, 0.1] if one == 1 else [0.45, 0.1, 0.45] for one in says])
    said = np.array([1, 1, 0, 0, 2, 2, 2, 0])
    found = reads_like(opinion(chances, labels), labels, said)
    assert found == pytest.approx(3 / 8 + 5 / 6 * (6 / 8 - 3 / 8))


def test_a_model_that_follows_the_mark_is_called_and_one_that_does_not_is_not():
    pixels, labels, marked = images()
    found = es.audit(Net(3.0), (pixels, labels), seen_in_training=False, progress=False)
    summary = found.summary
    assert (summary.verdict, summary.leans_on) == ("shortcut", MARK)
    assert "relies mostly on a mark in one place of the image" in summary.headline
    assert "The mark is what lies at the top right of the image." in summary.explanation
    # The model errs where the mark lies on another class, and where class 1 lacks it.
    misled = marked != (labels == 1)
    suspects = found.examples.sort_values("index")["pile"].to_numpy() == "shortcut fails"
    assert (suspects == misled).mean() > 0.98
    groups = es.infer_groups(found)
    assert groups.suspects is not None
    assert (groups.suspects.numpy() == misled).mean() > 0.98
    right = found.examples.sort_values("index")["prediction"].to_numpy() == labels
    estimate = summary.accuracy_where_it_fails
    assert estimate.low <= right[misled].mean() <= estimate.high
    honest = es.audit(Net(0.0), (pixels, labels), seen_in_training=False, progress=False)
    assert honest.summary.verdict == "none found"


def test_marks_go_from_those_that_hold_them_to_others_and_back():
    pixels, labels, _ = images()
    model = Net(3.0).eval()
    said = model(pixels).argmax(1).numpy()
    found = swap_parts(model, es.datasets.arrays.data_of((pixels, labels)), labels, said)
    part = found.of(MARK)
    assert part is not None
    assert set(labels[list(part.donors)]) == {1}
    assert 1 not in set(labels[list(part.receivers)])
    assert part.followed.value > 0.9
    assert part.control.value < 0.1
    assert part.mended.value > 0.9


def faint(places=((24, 12),), held_by=0.9, elsewhere=0.05):
    """Grounds from dark to light with little noise, and faint strokes over 16 pixels of class 1."""
    rng = np.random.default_rng(0)
    labels = (np.arange(COUNT) % CLASSES).astype(np.int64)
    ground = rng.uniform(0, 1.5, (COUNT, 1, 1, 1)) + rng.normal(0, 0.03, (COUNT, 3, SIDE, SIDE))
    pixels = torch.from_numpy(ground).float()
    marked = rng.random(COUNT) < np.where(labels == 1, held_by, elsewhere)
    for top, left in places:
        rows = torch.from_numpy(marked)
        area = pixels[rows, :, top : top + 6, left : left + 16]
        area[..., ::3] = 0.5 * area[..., ::3] + 1.0
        pixels[rows, :, top : top + 6, left : left + 16] = area
    return pixels, labels, marked


def test_a_faint_text_on_any_ground_is_found_by_its_strokes():
    pixels, labels, marked = faint()
    (found,) = telling_marks(features(pixels), labels, CLASSES)
    assert (found.kind, found.reach) == (1, ((6, 7), (3, 6)))
    assert (held(features(pixels), (found,))[:, 0] == marked).mean() > 0.98
    # All of the text is swapped, not only the place where it tells most.
    assert place_of(found, SIDE, across=True).start <= 12
    assert place_of(found, SIDE, across=True).stop >= 28


@pytest.mark.parametrize(
    "given",
    [
        {"held_by": 0.05},
        {"held_by": 0.9, "elsewhere": 0.5},
        {"places": ((24, 12), (2, 12))},
        {"places": ((13, 8),)},
    ],
    ids=["goes with nothing", "hardly goes with the class", "in two far places", "in the middle"],
)
def test_which_strokes_are_no_mark(given):
    pixels, labels, _ = faint(**given)
    assert telling_marks(features(pixels), labels, CLASSES) == ()


def test_strokes_are_no_spots_and_their_numbers_are_read_as_they_are():
    pixels, labels, marked = faint()
    store = FeatureStore()
    store.append(mark_features(pixels))
    rows = np.arange(COUNT)
    found = mark_eyes(store, Sample(rows, labels, rows // CLASSES % 5, CLASSES, 5))
    assert list(found) == [MARK]
    assert found[MARK].speaks_for.tolist() == [1]
    assert ((found[MARK].columns(rows)[:, 0] > 0) == marked).mean() > 0.98
