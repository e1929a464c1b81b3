"""Groups that overlap, by hand and against the plain definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earlysieve.errors import InputError
from earlysieve.groups.accuracy import accuracy_by_group
from earlysieve.groups.overlapping import accuracy_by_overlapping_group, worst_overlapping_group


def test_by_hand():
    # Right: 1, 0, 1, 1. Group 0 holds 0, 1 (1/2), group 1 holds 1, 2, 3 (2/3), group 2 nobody.
    correct = np.array([True, False, True, True])
    members = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 1, 0]], bool)
    found = accuracy_by_overlapping_group(correct, members)
    assert {group: (one.correct, one.size) for group, one in found.items()} == {
        0: (1, 2),
        1: (2, 3),
    }
    assert worst_overlapping_group(correct, members) == (0, 0.5)


def test_who_is_in_no_group_counts_nowhere():
    assert worst_overlapping_group(np.array([True, False]), np.zeros((2, 3), bool)) is None
    members = np.array([[True], [False]])
    assert worst_overlapping_group(np.array([True, False]), members) == (0, 1.0)


@given(st.lists(st.tuples(st.booleans(), st.integers(-1, 3)), min_size=1, max_size=30))
def test_groups_that_do_not_overlap_are_the_usual_ones(rows):
    correct = np.array([right for right, _ in rows])
    groups = np.array([group for _, group in rows])
    members = groups[:, None] == np.arange(4)
    assert accuracy_by_overlapping_group(correct, members) == accuracy_by_group(correct, groups)


@pytest.mark.parametrize("members", [np.zeros((3, 2), bool), np.zeros(2, bool), np.zeros((2, 2))])
def test_other_shapes_and_types_are_refused(members):
    with pytest.raises(InputError, match=r"booleans of shape \(2, K\)"):
        accuracy_by_overlapping_group(np.ones(2, bool), members)
