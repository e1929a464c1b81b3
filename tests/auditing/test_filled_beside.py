"""A flag, and the column that was filled in where it is on."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

import earlysieve as es
from earlysieve.auditing.columns_left_out import columns_left_out
from earlysieve.auditing.filled_beside import Beside, filled_beside, left_out_too
from earlysieve.auditing.next_steps import parts
from earlysieve.auditing.without_columns import where_filled

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
        (np.linspace(0, 1, 100), False),
    ],
)
def test_a_column_that_is_filled_in_where_a_flag_is_on(column, found):
    for flag in (FLAG, 1 - FLAG, 3 * FLAG - 1.2):
        assert filled_beside(flag, {"dose": column}) == Beside(("dose",) if found else ())
    assert filled_beside(DOSE, {"dose": column}) == Beside()  # no flag
    assert filled_beside(FLAG[50:70], {"dose": column[50:70]}) == Beside()  # too few rows


def test_the_step_that_leaves_the_flag_out_names_it():
    seen = facts(replace(COLOUR, name="column dose_missing"))
    told = summary(seen, beside=Beside(("dose",))).next_steps[0]
    assert "If column 'dose_missing' must not count" in told
    assert "column 'dose' holds one single value and hardly elsewhere" in told
    assert "leave it out, too, or fill the gaps otherwise" in told
    assert "holds one" not in summary(seen).next_steps[0]
    assert "'c' and 1 more hold one" in left_out_too(Beside(("a", "b", "c", "d")))


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


def test_another_flag_that_says_the_same_is_no_filled_column():
    for other in (FLAG, 1 - FLAG, changed(FLAG, slice(0, 3), 1.0)):
        assert filled_beside(FLAG, {"twin": other}) == Beside(same=("twin",))
    assert filled_beside(FLAG, {"twin": changed(FLAG, slice(0, 4), 1.0)}) == Beside()
    # Of a value that gaps were filled in with, the flag of the gaps.
    assert filled_beside(DOSE == 0.5, {"flag": FLAG}) == Beside(same=("flag",))
    assert filled_beside(where_filled(DOSE), {"flag": FLAG}) == Beside(same=("flag",))
    assert filled_beside(where_filled(FLAG), {"twin": 1 - FLAG}) == Beside(same=("twin",))
    assert left_out_too(Beside(same=("twin",))) == (
        " Column 'twin' says nearly the same: leave it out, too, since a network without the other "
        "reads it from it."
    )


class ByCode(torch.nn.Module):
    """Goes by whether the first column has a value, and a little by the last two."""

    def __init__(self, value):
        super().__init__()
        self.value, self.layer = value, torch.nn.Linear(3, 2)
        with torch.no_grad():
            self.layer.weight.copy_(torch.tensor([[-3.0, -0.3, -0.3], [3.0, 0.3, 0.3]]))
            self.layer.bias.zero_()

    def forward(self, rows):
        code = 2 * (rows[:, :1] - self.value).abs().lt(1e-3).float() - 1
        return self.layer(torch.cat([code, rows[:, -2:]], 1))


@pytest.mark.parametrize(
    ("columns", "value", "about"),
    [
        (["missing"], 1.0, "column missing"),
        (["missing", "dose"], 1.0, "column missing"),
        (["missing", "twin"], 1.0, "column missing"),
        (["missing", "no"], 1.0, "column missing/no"),  # one variable of two categories
        (["dose"], 0.31, "column dose"),
    ],
)
def test_the_code_leaves_out_all_that_tells_the_same(columns, value, about):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 1200)
    missing = np.where(rng.random(1200) < 0.93, labels, 1 - labels)
    dose = np.where(missing == 1, 0.31, rng.normal(0, 1, 1200))
    same = np.where(rng.random(1200) < 0.99, missing, 1 - missing)
    known = {"missing": missing, "no": 1 - missing, "twin": same, "dose": dose}
    frame = pd.DataFrame({name: known[name] for name in columns})
    for name in "ab":
        frame[name] = 1.5 * (2 * labels - 1) + rng.normal(0, 1, 1200)
    summary = es.audit(
        ByCode(value), (frame.astype(np.float32), labels), seen_in_training=False, pictures=0,
        progress=False,
    ).summary  # fmt: skip
    assert summary.leans_on == about
    codes = [code for _, code in map(parts, summary.next_steps)]
    (left_out,) = [found for found in map(columns_left_out, codes) if found]
    assert sorted(left_out) == ["missing/no"] if "no" in columns else sorted(columns)
