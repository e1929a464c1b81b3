import math

import numpy as np
import pytest
import torch

from earlysieve.datasets.example_groups import Groups, label_by_suspect
from earlysieve.errors import InputError
from earlysieve.grouping.agreement import adjusted_rand, agreement, in_words, outside_largest
from earlysieve.grouping.enough import check_enough, suspects_by_class

LABELS = torch.tensor([0, 0, 0, 1, 1, 1])
TRUE = torch.tensor([0, 0, 1, 2, 3, 3])


def made(suspects, **more):
    return label_by_suspect(LABELS, torch.tensor(suspects, dtype=torch.bool), source="xrm", **more)


def test_by_hand():
    """Minority: the third and fourth. Suspects: the third and fifth."""
    weights = torch.tensor([0.1, 0.2, 0.9, 0.3, 0.6, 0.0], dtype=torch.float64)
    found = agreement(made([0, 0, 1, 0, 1, 0], weights=weights), TRUE, LABELS)
    assert (found.n, found.suspects, found.minority) == (6, 2, 2)
    assert found.accuracy == pytest.approx(4 / 6)
    assert (found.precision, found.recall) == (0.5, 0.5)
    assert found.auroc == pytest.approx(7 / 8)


def test_the_true_groups_agree_with_themselves():
    found = agreement(Groups(TRUE), TRUE, LABELS)
    assert (found.accuracy, found.precision, found.recall, found.adjusted_rand) == (1, 1, 1, 1)
    assert math.isnan(found.auroc)


def test_unknown_examples_are_left_out():
    true = torch.tensor([0, -1, 1, -1, 3, 3])
    assert agreement(made([0, 1, 1, 1, 0, 0]), true, LABELS).n == 4
    with pytest.raises(InputError, match="whose inferred and true groups are known"):
        agreement(made([0, 1, 1, 1, 0, 0]), torch.full((6,), -1), LABELS)
    with pytest.raises(InputError, match="true groups and labels of 6 examples"):
        agreement(made([0, 1, 1, 1, 0, 0]), TRUE[:5], LABELS)


def test_a_minority_that_is_in_no_inferred_group_counts_as_missed():
    found = made([0, 0, 1, 0, 1, 0])
    found = Groups(found.numbers.clone().index_fill(0, torch.tensor([3]), -1), found.names, "xrm",
                   suspects=found.suspects)  # fmt: skip
    seen = agreement(found, TRUE, LABELS)
    assert (seen.n, seen.minority, seen.left_out) == (5, 2, 1)
    assert (seen.precision, seen.recall) == (0.5, 0.5)
    assert "50.0% of these minorities are suspects; 1 of 2 are in no group (" in in_words(seen)


def test_adjusted_rand_is_that_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    for _ in range(20):
        first, second = rng.integers(0, 4, 30), rng.integers(0, 3, 30)
        wanted = metrics.adjusted_rand_score(first, second)
        assert adjusted_rand(first, second) == pytest.approx(wanted, abs=1e-12)
    ones = np.zeros(5, np.int64)
    assert adjusted_rand(ones, ones) == 1.0


def test_outside_the_largest_group_of_a_class():
    found = outside_largest(np.array([4, 4, 0, 2, 2, 1]), LABELS.numpy())
    assert found.tolist() == [False, False, True, False, False, True]


def test_enough_suspects():
    groups = made([0, 1, 1, 0, 1, 0])
    assert suspects_by_class(groups, LABELS) == [2, 1]
    assert check_enough(groups, LABELS, 1) == [2, 1]
    assert suspects_by_class(Groups(TRUE), LABELS) == [1, 1]
    with pytest.raises(InputError, match="at least 2 suspects in each class, but 'xrm' gives 1 of"):
        check_enough(groups, LABELS, 2)
    with pytest.raises(InputError, match="gives 2 of cat, 1 of class 1; take more examples"):
        check_enough(groups, LABELS, class_names=["cat"])
    with pytest.raises(InputError, match="Expected at_least to be 1 or more"):
        check_enough(groups, LABELS, 0)
    with pytest.raises(InputError, match="Expected labels of 6 examples"):
        check_enough(groups, LABELS[:5])


def test_a_class_that_does_not_occur_needs_no_suspects():
    labels = torch.tensor([0, 0, 2, 2])
    groups = label_by_suspect(labels, torch.tensor([True, False, True, False]))
    assert check_enough(groups, labels, 1) == [1, 0, 1]
