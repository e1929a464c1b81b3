"""A flag, and the column that was filled in where it is on."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import earlysieve as es
from earlysieve.auditing.filled_beside import filled_beside, left_out_too

from .made_up import COLOUR, facts
from .test_verdict import summary

FLAG = np.repeat([0.0, 1.0], [60, 40])
DOSE = np.r_[np.linspace(0, 1, 60), np.full(40, 0.5)]


def changed(column, rows, value):
    found = column.copy()
    found[rows] = value
    return found


@pytest.mark.parametrize(
    ("column", "found"),
    [
        (DOSE, True),
        (changed(DOSE, slice(60, 62), 7.0), True),  # in 95% of the rows
        (changed(DOSE, slice(60, 63), 7.0), False),
        (changed(DOSE, slice(0, 3), 0.5), True),  # in 5% of the others
        (changed(DOSE, slice(0, 4), 0.5), False),
        (FLAG, False),
        (np.linspace(0, 1, 100), False),
    ],
)
def test_a_column_that_is_filled_in_where_a_flag_is_on(column, found):
    for flag in (FLAG, 1 - FLAG, 3 * FLAG - 1.2):
        assert filled_beside(flag, {"dose": column}) == (("dose",) if found else ())
    assert filled_beside(DOSE, {"dose": column}) == ()  # no flag
    assert filled_beside(FLAG[50:70], {"dose": column[50:70]}) == ()  # too few rows


def test_the_step_that_leaves_the_flag_out_names_it():
    seen = facts(replace(COLOUR, name="column dose_missing"))
    told = summary(seen, beside=("dose",)).next_steps[0]
    assert "If column 'dose_missing' must not count" in told
    assert "column 'dose' holds one single value and hardly elsewhere" in told
    assert "leave it out, too, or fill the gaps otherwise" in told
    assert "holds one" not in summary(seen).next_steps[0]
    assert "'c' and 1 more hold one" in left_out_too(("a", "b", "c", "d"))


def test_an_audit_finds_it():
    rng = np.random.default_rng(0)
    count = 1200
    labels = rng.integers(0, 2, count)
    missing = np.where(rng.random(count) < 0.93, labels, 1 - labels)
    dose = np.where(missing == 1, 0.31, rng.normal(0, 1, count))
    task = 1.5 * (2 * labels - 1)[:, None] + rng.normal(0, 1, (count, 2))
    rows = np.column_stack([missing, dose, task]).astype(np.float32)
    z = (6.0 * (2 * missing - 1) + 0.3 * task.sum(1)).astype(np.float32)
    names = ["missing", "dose", "a", "b"]
    found = es.audit_arrays(
        {"h": rows}, labels, z, inputs=pd.DataFrame(rows, columns=names),
        seen_in_training=False,
    ).summary  # fmt: skip
    assert found.leans_on == "column missing"
    assert "column 'dose' holds one single value" in " ".join(found.next_steps)
