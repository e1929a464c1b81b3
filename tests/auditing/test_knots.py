"""Where the curve of one column may bend and jump."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earlysieve.auditing.knots import column_knots, jumps, spikes
from earlysieve.auditing.properties import curved, knots_of


def test_a_threshold_is_found_at_the_very_place():
    column = np.linspace(-1, 1, 1000)
    labels = (column > 0.3).astype(int)
    below, above = column[column <= 0.3][-1], column[column > 0.3][0]
    assert jumps(column, labels, 2).tolist() == [below, above]
    # In any order of the rows, and with labels of which one in twenty is wrong, nearly there.
    rng = np.random.default_rng(0)
    order = rng.permutation(1000)
    assert jumps(column[order], labels[order], 2).tolist() == [below, above]
    wrong = labels ^ (rng.random(1000) < 0.05)
    assert jumps(column, wrong, 2) == pytest.approx([below, above], abs=0.01)


def test_several_thresholds_of_several_classes():
    column = np.linspace(0, 4, 2000, endpoint=False)
    found = jumps(column, column.astype(int), 4)
    assert len(found) == 6
    assert np.sort(found) == pytest.approx([1, 1, 2, 2, 3, 3], abs=0.003)


def test_a_value_that_fills_gaps_is_read_by_itself():
    rng = np.random.default_rng(0)
    column = rng.normal(size=2000)
    column[:100] = 0.25
    near = np.sort(column[100:])
    below, above = near[near < 0.25][-1], near[near > 0.25][0]
    assert spikes(column).tolist() == [below, 0.25, above]
    knots = column_knots(column, rng.integers(0, 2, 2000), 2)
    hats = curved(column[:, None], knots)
    place = np.sort(knots[:, 0]).tolist().index(0.25)
    assert hats[:, place].tolist() == [1.0] * 100 + [0.0] * 1900
    column[40:] = rng.normal(size=1960)  # 40 of 2,000 are enough, 39 are not
    assert 0.25 in spikes(column)
    column[39] = 7.0
    assert len(spikes(column)) == 0
    # Of many such values three are taken; at the end of a column there is one neighbour.
    column[:300] = np.repeat([0.0, 1.0, 2.0, 9.0, 9.0], 60)
    assert 9.0 in spikes(column)
    assert sum((column == value).sum() >= 40 for value in spikes(column)) == 3


@given(st.integers(0, 1000))
def test_what_rises_slowly_or_not_at_all_does_not_jump(seed):
    rng = np.random.default_rng(seed)
    column = rng.normal(size=1500)
    smooth = (rng.random(1500) < 1 / (1 + np.exp(-2 * column))).astype(int)
    assert not len(jumps(column, smooth, 2))
    assert not len(jumps(column, rng.integers(0, 3, 1500), 3))


def test_no_place_lies_within_one_value_nor_within_few_rows():
    halves = np.repeat([0.0, 1.0], 200)
    assert jumps(halves, halves.astype(int), 2).tolist() == [0.0, 1.0]
    assert not len(jumps(np.zeros(400), halves.astype(int), 2))
    assert not len(jumps(np.arange(63.0), np.arange(63) // 32, 2))


def test_codes_have_a_knot_each_and_numbers_their_quantiles():
    codes = np.random.default_rng(0).integers(0, 30, 500).astype(float)
    assert column_knots(codes, np.zeros(500, int), 2)[:, 0].tolist() == list(range(30))
    numbers = np.random.default_rng(1).normal(size=500)
    found = column_knots(numbers, (numbers > 0.2).astype(int), 2)[:, 0]
    assert set(knots_of(numbers[:, None])[:, 0]) < set(found)
    assert len(found) == 11
    assert (np.diff(found) > 0).all()


def test_a_curve_between_these_knots_can_be_the_threshold_itself():
    column = np.random.default_rng(2).uniform(-1, 1, 800)
    labels = (column > 0.1).astype(int)
    hats = curved(column[:, None], column_knots(column, labels, 2))
    weights = np.linalg.lstsq(hats, labels, rcond=None)[0]
    assert hats @ weights == pytest.approx(labels, abs=1e-9)
