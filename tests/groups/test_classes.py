import math

import numpy as np
import pytest

from earlysieve.groups.accuracy import wilson_bounds, wilson_interval
from earlysieve.groups.classes import ClassAccuracy, class_accuracies, confused_pairs

LABELS = np.array([0, 0, 0, 0, 2, 2, 2, 5])
SAID = np.array([0, 0, 2, 2, 2, 0, 5, 0])


def test_accuracy_by_class_by_hand():
    found = class_accuracies(LABELS, SAID, ["cat", "dog", "owl"])
    assert [(c.number, c.name, c.n) for c in found] == [(0, "cat", 4), (2, "owl", 3), (5, "5", 1)]
    assert [c.accuracy for c in found] == [0.5, 1 / 3, 0.0]
    assert [c.rest for c in found] == [1 / 4, 2 / 5, 3 / 7]
    assert (found[0].low, found[0].high) == pytest.approx(wilson_interval(2, 4))
    only = class_accuracies(np.array([1, 1]), np.array([1, 0]))[0]
    assert math.isnan(only.rest)
    assert not only.far_below


def test_confused_pairs_by_hand():
    found = confused_pairs(LABELS, SAID, ["cat", "dog", "owl"])
    assert (found[0].label, found[0].prediction, found[0].count) == ("cat", "owl", 2)
    assert found[0].share == 0.5
    assert [p.count for p in found] == [2, 1, 1, 1]
    assert found[-1].label == "5"
    assert len(confused_pairs(LABELS, SAID, most=1)) == 1
    assert confused_pairs(LABELS, LABELS) == []


def test_far_below_needs_both_distance_and_certainty():
    def one(accuracy, high, rest):
        return ClassAccuracy(0, "a", 9, accuracy, 0.0, high, rest).far_below

    assert one(0.0, 0.09, 0.59)
    assert not one(0.4, 0.61, 0.6)
    assert not one(0.5, 0.55, 0.69)


@pytest.mark.parametrize(("hits", "count"), [(0, 1), (1, 1), (3, 7), (0, 40), (950, 1000)])
def test_bounds_are_those_of_wilson(hits, count):
    assert wilson_bounds(hits / count, count) == pytest.approx(wilson_interval(hits, count))
