"""Another order of a model's outputs: by hand, and against all orders of a few classes."""

from itertools import permutations

import numpy as np
import pytest

from earlysieve.groups.output_order import other_order


def test_two_classes_the_wrong_way_round() -> None:
    labels = np.repeat([0, 1], 50)
    said = 1 - labels
    said[:4] = 0  # right as it is
    found = other_order(labels, said, ("complaint", "praise"))
    assert found is not None
    assert found.accuracy == 0.96
    assert (found.outputs, found.classes) == ((0, 1), ("praise", "complaint"))


@pytest.mark.parametrize("seed", range(5))
def test_the_best_of_all_orders_is_found(seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 4, 400)
    moved = np.array([1, 2, 3, 0])[labels]
    said = np.where(rng.random(400) < 0.85, moved, rng.integers(0, 4, 400))
    found = other_order(labels, said)
    best = max((np.array(order)[said] == labels).mean() for order in permutations(range(4)))
    assert found is not None
    assert found.accuracy == pytest.approx(best)
    assert (found.outputs, found.classes) == ((0, 1, 2, 3), ("3", "0", "1", "2"))


def test_what_another_order_does_not_make_right_is_left_alone() -> None:
    labels = np.repeat([0, 1], [90, 10])
    assert other_order(labels, np.ones_like(labels)) is None  # one class is said for all
    assert other_order(labels, labels) is None
    even = np.repeat([0, 1], 50)
    said = np.where(np.arange(100) % 50 < 33, 1 - even, even)  # 0.66 the other way round
    assert other_order(even, said) is None
    rng = np.random.default_rng(0)
    few = np.arange(12)
    assert other_order(few, rng.permutation(12)) is None  # of one example each, some order fits
