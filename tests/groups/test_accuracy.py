import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from earlysieve.groups.accuracy import (
    accuracy_by_group,
    bounds_of_mean,
    wilson_interval,
    worst_group,
)


def test_by_hand():
    correct = np.array([True, False, True, True, False])
    found = accuracy_by_group(correct, np.array([2, 2, 0, -1, 0]))
    assert {group: (g.size, g.correct, g.accuracy) for group, g in found.items()} == {
        0: (2, 1, 0.5),
        2: (2, 1, 0.5),
    }
    assert worst_group(found) == 0  # the first of equals
    assert list(accuracy_by_group(correct, np.full(5, -1))) == []
    assert worst_group({}) is None
    large = accuracy_by_group(correct, np.array([10**12, 5, 10**12, 5, 5]))
    assert {group: g.accuracy for group, g in large.items()} == {5: 1 / 3, 10**12: 1.0}


@given(st.lists(st.tuples(st.booleans(), st.integers(-1, 6)), min_size=1))
def test_is_the_mean_of_each_group_as_fairlearn_says(rows):
    metrics = pytest.importorskip("fairlearn.metrics")
    correct, groups = (np.array(column) for column in zip(*rows, strict=True))
    found = accuracy_by_group(correct, groups)
    known = groups >= 0
    assume(known.sum() > 1)  # fairlearn takes no single example
    frame = metrics.MetricFrame(
        metrics=lambda y, p: float(np.mean(y == p)),
        y_true=np.ones(known.sum(), dtype=bool),
        y_pred=correct[known],
        sensitive_features=groups[known],
    )
    assert {k: v.accuracy for k, v in found.items()} == pytest.approx(dict(frame.by_group))
    assert found[worst_group(found)].accuracy == pytest.approx(frame.group_min())


def test_the_interval_of_a_mean_of_two_shares_is_newcombes():
    # Newcombe, Statistics in Medicine 1998, table II, (a): 56/70 - 48/80 in [0.0524, 0.3339].
    low, high = bounds_of_mean(np.array([56 / 70, 1 - 48 / 80]), np.array([70, 80]))
    assert (2 * low - 1, 2 * high - 1) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert bounds_of_mean(np.array([0.5]), np.array([8])) == pytest.approx(wilson_interval(4, 8))


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 50)), min_size=1))
def test_the_interval_of_a_mean_of_shares_holds_it_and_stays_in_range(rows):
    shares = np.array([min(hits, n) / n for hits, n in rows])
    low, high = bounds_of_mean(shares, np.array([n for _, n in rows]))
    assert -1e-9 <= low <= shares.mean() <= high <= 1 + 1e-9
