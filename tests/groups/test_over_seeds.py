import math

import numpy as np
import pytest
from scipy import stats

from earlysieve.groups.over_seeds import over_seeds, paired_over_seeds


def test_interval_is_that_of_scipy():
    values = [0.61, 0.7, 0.655, 0.68]
    found = over_seeds(values)
    low, high = stats.t.interval(0.95, 3, np.mean(values), stats.sem(values))
    assert (found.mean, found.seeds) == (pytest.approx(np.mean(values)), 4)
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))


def test_one_seed_has_no_interval():
    found = over_seeds([0.5])
    assert found.mean == 0.5
    assert math.isnan(found.low)
    assert math.isnan(found.high)


def test_pairs_are_compared_seed_by_seed():
    found = paired_over_seeds([0.9, 0.5], [0.8, 0.4])
    assert [found.low, found.mean, found.high] == pytest.approx([0.1] * 3)
