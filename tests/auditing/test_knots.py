"""Where the curve of one column may bend and jump."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earlysieve.auditing.knots import column_knots, jumps
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
