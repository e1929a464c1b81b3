"""A value on the trend of all others, and one off it; the regression against scikit-learn."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.linear_model import LogisticRegression

from earlysieve.auditing.trend import carried_on, off_trend


def counted(values, labels):
    """The different values with their rows of class 1 and all their rows."""
    kinds, place = np.unique(values, return_inverse=True)
    return kinds, np.bincount(place, labels), np.bincount(place).astype(float)


def test_the_regression_is_that_of_scikit_learn_with_the_prior():
    rng = np.random.default_rng(0)
    values = rng.poisson(2.0, 400).astype(float)
    labels = (rng.random(400) < 1 / (1 + np.exp(1.0 - 0.7 * values))).astype(int)
    kinds, hits, sizes = counted(values, labels)
    scaled = (values - values.mean()) / values.std()
    # The prior's precision of 1 / 25 is C = 25.
    reference = LogisticRegression(C=25, tol=1e-10).fit(scaled[:, None], labels)
    at = (7.5 - values.mean()) / values.std()
    expected = float(reference.decision_function([[at]])[0])
    found, variance = carried_on(kinds, hits, sizes, 7.5)
    assert found == pytest.approx(expected, abs=1e-3)
    chance = reference.predict_proba(scaled[:, None])[:, 1]
    design = np.stack([np.ones(400), scaled], 1)
    information = (design.T * (chance * (1 - chance))) @ design + np.diag([0, 1 / 25])
    place = np.array([1, at])
    assert variance == pytest.approx(float(place @ np.linalg.inv(information) @ place), rel=1e-3)


def test_by_hand_of_two_values():
    # 1 of 4 and 3 of 4: log-odds of -log 3 and log 3, so 3 log 3 a step further, less the prior.
    found, _ = carried_on(np.array([0.0, 1.0]), np.array([100.0, 300.0]), np.full(2, 400.0), 2.0)
    assert found == pytest.approx(3 * np.log(3), rel=2e-3)


def test_separable_rows_have_finite_log_odds():
    found, variance = carried_on(np.arange(4.0), np.array([0, 0, 50, 50.0]), np.full(4, 50.0), 9.0)
    assert np.isfinite([found, variance]).all()
    assert found > 3
    flat, _ = carried_on(np.full(2, 3.0), np.array([5.0, 5.0]), np.full(2, 10.0), 3.0)
    assert_allclose(flat, 0, atol=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_the_end_of_a_count_lies_on_its_trend(seed):
    """Counts of two Poisson distributions have log-odds that are linear in the count."""
    rng = np.random.default_rng(seed)
    labels = np.arange(1000) % 2
    kinds, hits, sizes = counted(rng.poisson(0.8 + 1.1 * labels), labels)
    assert not off_trend(kinds, sizes - hits, sizes)
    # A tenth of the rows of class 0, and hardly any other, have a 0 for "not known".
    unknown = rng.random(1000) < np.where(labels == 0, 0.2, 0.01)
    kinds, hits, sizes = counted(np.where(unknown, 0, 2 + rng.poisson(1.5 + labels)), labels)
    assert off_trend(kinds, sizes - hits, sizes)


def test_two_values_have_no_trend():
    assert off_trend(np.array([0.0, 1.0]), np.array([9.0, 1.0]), np.array([10.0, 10.0]))
