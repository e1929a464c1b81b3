"""The difference of two worst groups, with an interval that knows that examples are the same."""

import numpy as np
import pytest

from earlysieve.groups.paired_worst import paired_worst_difference


def bits(*runs):
    return np.concatenate([np.full(size, value) for value, size in runs])


def test_the_worst_need_not_be_the_same_group():
    cells = bits((0, 100), (1, 50), (-1, 10))
    theirs = bits((True, 90), (False, 10), (True, 20), (False, 30), (False, 10))
    ours = bits((True, 60), (False, 40), (True, 45), (False, 5), (True, 10))
    value, low, high = paired_worst_difference(ours, theirs, cells)
    assert value == pytest.approx(0.6 - 0.4)
    assert 0 < low < value < high < 0.4
    back = paired_worst_difference(theirs, ours, cells)
    assert back == pytest.approx((-value, -high, -low), abs=0.02)


def test_of_one_group_it_is_close_to_the_normal_interval_of_paired_shares():
    # 300 of 1,000 differ, 200 of them for ours: 0.1 +- 1.96 sqrt(0.3 - 0.1^2) / sqrt(1000).
    ours = bits((True, 500), (True, 200), (False, 100), (False, 200))
    theirs = bits((True, 500), (False, 200), (True, 100), (False, 200))
    value, low, high = paired_worst_difference(ours, theirs, np.zeros(1000, np.int64))
    half = 1.96 * np.sqrt((0.3 - 0.01) / 1000)
    assert (value, low, high) == pytest.approx((0.1, 0.1 - half, 0.1 + half), abs=0.003)


def test_a_small_group_in_which_nothing_is_right_is_not_sure():
    cells = bits((0, 500), (1, 8))
    theirs = bits((True, 500), (False, 8))
    value, low, high = paired_worst_difference(theirs, theirs, cells)
    assert value == 0
    assert low < -0.05 < 0.05 < high


def test_models_that_are_alike_are_seldom_told_apart():
    rng = np.random.default_rng(0)
    cells, rates = (
        np.repeat(np.arange(3), (300, 20, 20)),
        np.repeat((0.95, 0.5, 0.6), (300, 20, 20)),
    )
    told = 0
    for seed in range(60):
        ours, theirs = (rng.random(340) < rates for _ in range(2))
        _, low, high = paired_worst_difference(ours, theirs, cells, seed=seed)
        told += not low <= 0 <= high
    assert told <= 6
