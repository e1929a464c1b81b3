"""The direction that columns share and that goes with the class."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earlysieve.auditing.swaps.directions import leading_direction
from earlysieve.datasets.slabs import random_rotation


def spread(seed, size=4.0):
    """A cue and a core, each along a direction of its own of ten columns."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, 2000)
    cue, core = ((2 * labels - 1) + rng.normal(size=2000) for _ in range(2))
    axes = random_rotation(10, seed=seed)[:, :2]
    table = np.c_[size * cue, core] @ axes.T + 0.1 * rng.normal(size=(2000, 10))
    return table, labels, cue, core


@given(st.integers(0, 200))
def test_of_two_that_tell_the_class_it_is_the_larger_one(seed):
    table, labels, cue, core = spread(seed)
    found = leading_direction(table, labels, 2)
    along, rest = found.values(table)[:, 0], found.rest(table)
    assert abs(np.corrcoef(along, cue)[0, 1]) > 0.9
    # What is left goes along with the core, and hardly with the cue.
    left = rest @ np.linalg.lstsq(rest, core - core.mean(), rcond=None)[0]
    assert np.corrcoef(left, core)[0, 1] > 0.55
    assert abs(np.corrcoef(left, along)[0, 1]) < 1e-6


@given(st.integers(0, 200), st.integers(2, 4))
def test_what_is_taken_away_is_gone(seed, classes):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, 300)
    table = rng.normal(size=(300, 6)) + rng.normal(size=(classes, 6))[labels]
    found = leading_direction(table, labels, classes)
    assert found.weights.shape[1] <= classes - 1
    assert found.loadings @ found.weights == pytest.approx(np.eye(len(found.loadings)), abs=1e-8)
    assert found.values(found.rest(table)) == pytest.approx(0, abs=1e-8)
    assert found.rest(table) + found.values(table) @ found.loadings == pytest.approx(table)
    # With a donor's part in it, an example lies where the donor does, and its rest stays.
    mixed = table[:1] + (table[1:2] - table[:1]) @ found.projection
    assert found.values(mixed) == pytest.approx(found.values(table[1:2]))
    assert found.rest(mixed) == pytest.approx(found.rest(table[:1]))


@given(st.integers(0, 50))
def test_units_do_not_matter(seed):
    table, labels, *_ = spread(seed)
    units = np.exp(np.random.default_rng(seed).normal(size=10))
    before, after = (leading_direction(rows, labels, 2) for rows in (table, table * units))
    assert np.abs(after.values(table * units)) == pytest.approx(np.abs(before.values(table)))
    assert after.rest(table * units) == pytest.approx(before.rest(table) * units)


def test_a_column_that_never_changes_is_left_alone():
    labels = np.arange(400) % 2
    found = leading_direction(np.stack([labels * 2.0, np.full(400, 7.0)], 1), labels, 2)
    assert found.projection == pytest.approx(np.array([[1.0, 0.0], [0.0, 0.0]]))
