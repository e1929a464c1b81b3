"""The difference of two shares of the same examples, held to the tables of its source."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earlysieve.groups.paired_shares import paired_difference


def answers(both, ours, theirs, neither):
    counts = (both, ours, theirs, neither)
    return (
        np.repeat([True, True, False, False], counts),
        np.repeat([True, False, True, False], counts),
    )


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        # Newcombe (1998), method 10.
        ((36, 12, 2, 0), 0.0569, 0.3404),
        ((20, 12, 2, 16), 0.0562, 0.3292),
        ((18, 14, 0, 18), 0.1441, 0.3963),
    ],
)
def test_published_intervals(counts, low, high):
    found = paired_difference(*answers(*counts))
    assert found[0] == pytest.approx((counts[1] - counts[2]) / 50)
    assert found[1:] == pytest.approx((low, high), abs=5e-5)


COUNT = st.integers(0, 30)


@given(st.tuples(COUNT, COUNT, COUNT, COUNT).filter(any))
def test_an_interval_holds_its_difference_and_turns_round_with_it(counts):
    ours, theirs = answers(*counts)
    value, low, high = paired_difference(ours, theirs)
    assert -1 - 1e-9 <= low <= value <= high <= 1 + 1e-9
    back = paired_difference(theirs, ours)
    assert back == pytest.approx((-value, -high, -low))
