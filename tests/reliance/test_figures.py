import math

import numpy as np
import pytest

from earlysieve.errors import DataError
from earlysieve.groups.accuracy import wilson_interval
from earlysieve.reliance.figures import agreement, agrees_with, balanced_cells, reliance


def test_reliance_by_hand():
    right = np.array([1, 1, 1, 0, 1, 0, 0, 0], bool)
    agrees = np.array([1, 1, 1, 1, 0, 0, 0, 0], bool)
    found = reliance(right, agrees)
    assert (found.agrees, found.fails, found.difference) == (0.75, 0.25, 0.5)
    assert (found.agreeing, found.failing) == (4, 4)
    assert (found.fails_low, found.fails_high) == pytest.approx(wilson_interval(1, 4))
    # Wilson intervals of 3 and 1 of 4: 0.3006 to 0.9544 and 0.0456 to 0.6994.
    assert found.low == pytest.approx(0.5 - math.hypot(0.75 - 0.3006, 0.6994 - 0.25), abs=1e-3)
    assert found.high == pytest.approx(0.5 + math.hypot(0.9544 - 0.75, 0.25 - 0.0456), abs=1e-3)


def test_weights_move_the_shares_and_widen_the_interval():
    right = np.array([1, 1, 1, 0, 0, 0], bool)
    agrees = np.array([1, 1, 1, 1, 0, 0], bool)
    weights = np.array([1, 1, 1, 3, 1, 1], float)
    found = reliance(right, agrees, weights)
    assert found.agrees == 0.5
    # Effective number on the agreeing side: 6^2 / 12 = 3 examples instead of 4.
    assert found.low < reliance(right, agrees, np.ones(6)).low


@pytest.mark.parametrize(("agrees", "lack"), [(True, "conflicts"), (False, "agrees")])
def test_both_sides_are_needed(agrees, lack):
    with pytest.raises(DataError, match=f"there is none where it {lack}"):
        reliance(np.ones(3, bool), np.full(3, agrees))


def test_cells_by_hand():
    labels = np.array([0, 0, 0, 0, 0, 1, 1, 2, 2])
    values = np.array([0, 0, 1, 1, 2, 1, -1, 0, 2])
    weights, left_out = balanced_cells(labels, values)
    assert weights.tolist() == [0.5, 0.5, 0.25, 0.25, 0.5, 0, 0, 1, 1]
    assert left_out == (1,)


def test_cells_of_a_mark_that_is_there_or_not_by_hand():
    labels = np.array([0, 0, 0, 1, 1, 1, 2])
    values = np.array([1, -3, -3, 1, 1, -3, -3])  # a mark of class 1, absent in four
    assert agrees_with(labels, values).tolist() == [False, True, True, True, True, False, True]
    weights, left_out = balanced_cells(labels, values)
    assert weights.tolist() == [1, 0.5, 0.5, 0.5, 0.5, 1, 0]
    assert left_out == (2,)


def test_balance_takes_away_what_classes_alone_do():
    """Class 0 is easy and mostly agrees, class 1 is hard and mostly conflicts: no reliance."""
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 4000)
    agrees = rng.random(8000) < np.where(labels == 0, 0.9, 0.1)
    right = rng.random(8000) < np.where(labels == 0, 0.95, 0.55)
    weights, _ = balanced_cells(labels, np.where(agrees, labels, 1 - labels))
    assert reliance(right, agrees).low > 0.2
    balanced = reliance(right, agrees, weights)
    assert balanced.low < 0 < balanced.high


def test_agreement_by_hand():
    labels = np.array([0, 0, 0, 1, 1, 1])
    values = np.array([0, 0, 1, 0, 1, -1])
    said = np.array([0, 1, 1, 0, 0, 1])
    found = agreement(said, labels, values, 2)
    # Cells (0, 0): 1 of 2, (0, 1): 1 of 1, (1, 0): 1 of 1, (1, 1): 0 of 1.
    assert found.share == pytest.approx((0.5 + 1 + 1 + 0) / 4)
    assert found.chance == 0.5


def test_intervals_hold_the_truth():
    """95% intervals of a true reliance of 0.3 miss it about once in twenty."""
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(400):
        agrees = np.repeat([True, False], 60)
        found = reliance(rng.random(120) < np.where(agrees, 0.9, 0.6), agrees)
        held += found.low <= 0.3 <= found.high
    assert 365 <= held <= 395
