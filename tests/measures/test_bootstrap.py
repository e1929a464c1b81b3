import numpy as np
import pytest
from scipy import stats

from earlysieve.measures.bootstrap import bootstrap

VALUES = np.random.default_rng(0).exponential(size=80)


def mean(weights):
    return np.array([weights @ VALUES / weights.sum(), weights.sum()])


def test_intervals_are_those_of_scipy():
    found = bootstrap(mean, 80, draws=4000)
    assert found.values == pytest.approx([VALUES.mean(), 80])
    expected = stats.bootstrap(
        (VALUES,), np.mean, method="basic", n_resamples=4000, rng=np.random.default_rng(1)
    ).confidence_interval
    low, high = found.intervals()
    assert low[0] == pytest.approx(expected.low, abs=0.02)
    assert high[0] == pytest.approx(expected.high, abs=0.02)
    assert low[1] == high[1] == 80  # each draw has as many examples


def test_a_seed_gives_the_same_draws_and_leaves_global_ones():
    state = np.random.get_state()[1].copy()
    first = bootstrap(mean, 80, draws=20, seed=3).draws
    assert np.array_equal(first, bootstrap(mean, 80, draws=20, seed=3).draws)
    assert not np.array_equal(first, bootstrap(mean, 80, draws=20, seed=4).draws)
    assert np.array_equal(state, np.random.get_state()[1])
