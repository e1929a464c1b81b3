"""Groups of a cue alone are told from groups of class and cue."""

import numpy as np
import pytest

from earlysieve.groups.crossing import not_crossed

LABELS = np.repeat([0, 1], 50)
CUE = np.where(np.arange(100) % 50 < 40, LABELS, 1 - LABELS)  # goes with the class 80 times of 100


def test_groups_of_a_cue_alone_are_said_to_be_so():
    said = not_crossed(CUE, LABELS, ("no", "yes"), label_column="kind")
    assert said.startswith("Each of the groups 'no', 'yes' holds several classes. A cue misleads")
    assert "with --group-column kind beside the column of the cue" in said
    assert "--group-column label beside" in not_crossed(CUE, LABELS)


@pytest.mark.parametrize(
    "groups",
    [
        2 * LABELS + CUE,
        LABELS,
        np.zeros(100, int),  # nothing is told apart
        np.full(100, -1),
        np.where(CUE + LABELS == 0, 0, 1),  # those of the first class that it serves, and others
        np.where(np.arange(100) < 9, 1, 0),  # too small to say how they were made
    ],
)
def test_others_are_not(groups):
    assert not_crossed(groups, LABELS) == ""


def test_unknown_and_small_groups_do_not_count():
    some = np.where(np.arange(100) % 7 == 0, -1, CUE)
    some[1], some[51] = 2, 3  # of one example each, and so of one class
    assert not_crossed(some, LABELS).startswith("Each of the groups '0', '1' holds")
