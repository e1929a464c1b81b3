import math

import pytest
from scipy import stats

import earlysieve as es
from earlysieve.errors import InputError

OURS = {0: 0.71, 1: 0.69, 2: 0.74, 7: 0.1}
THEIRS = {2: 0.70, 0: 0.70, 1: 0.65}


def test_interval_is_that_of_the_paired_test():
    found = es.compare_over_seeds(OURS, THEIRS)
    test = stats.ttest_rel([0.71, 0.69, 0.74], [0.70, 0.65, 0.70])
    low, high = test.confidence_interval()
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))
    assert found.mean == pytest.approx(0.03)
    assert (found.seeds, found.left_out) == ((0, 1, 2), (7,))
    assert found.clear == (test.pvalue < 0.05)
    assert str(found) == "+0.030 [-0.013, +0.073] (3 seeds; 1 seeds without a partner left out)"


def test_one_pair_has_no_interval_and_says_so():
    found = es.compare_over_seeds({3: 0.9}, {3: 0.8, 4: 0.7})
    assert math.isnan(found.low)
    assert math.isnan(found.high)
    assert not found.clear
    assert str(found) == "+0.100 (one seed: no interval; 1 seeds without a partner left out)"


def test_no_pair_is_an_error():
    with pytest.raises(InputError, match="train them with the same seeds"):
        es.compare_over_seeds({1: 0.5}, {2: 0.5})
