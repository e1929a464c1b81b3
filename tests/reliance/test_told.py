"""Which class a value of a cue speaks for, as examples show."""

import numpy as np
from numpy.testing import assert_array_equal

from earlysieve.reliance.told import likely_classes


def test_a_value_speaks_for_the_class_that_it_goes_with():
    # 80 of 100 rows of value 0 are of class 1, and 80 of value 1 of class 0.
    values = np.repeat([0, 1], 100)
    labels = np.concatenate([np.repeat([1, 0], [80, 20]), np.repeat([1, 0], [20, 80])])
    assert_array_equal(likely_classes(values, labels, 2, 2), [1, 0])


def test_what_counts_is_more_than_the_share_of_all():
    # 90% of all are of class 0; of value 1 they are 60%: it speaks for class 1.
    values = np.repeat([0, 1], [900, 100])
    labels = np.concatenate([np.repeat([0, 1], [840, 60]), np.repeat([0, 1], [60, 40])])
    assert_array_equal(likely_classes(values, labels, 2, 2), [0, 1])


def test_three_standard_deviations_are_asked_for():
    # Half of 400 rows are of class 1; of 100 rows a draw has 50, with a deviation of
    # sqrt(100 * 0.25 * 300 / 399) = 4.34: 63 are not enough, 64 are.
    for more, speaks in ((63, False), (64, True)):
        values = np.repeat([0, 1], [100, 300])
        labels = np.concatenate([np.repeat([1, 0], [more, 100 - more]), np.zeros(300, np.int64)])
        labels[100 : 300 - more] = 1
        found = likely_classes(values, labels, 2, 2)
        assert labels.mean() == 0.5
        assert (found[0] == 1) == speaks


def test_values_that_never_occur_and_rows_without_one_tell_nothing():
    values = np.array([-1] * 50 + [0] * 50 + [1] * 50)
    labels = np.array([1] * 50 + [0] * 50 + [1] * 50)
    assert_array_equal(likely_classes(values, labels, 3, 2), [0, 1, -1])
