"""One number for another: found, read, swapped, and asked about by name."""

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

import earlysieve as es
from earlysieve.auditing.swaps.contrast import contrast_of
from earlysieve.auditing.swaps.two_columns import asked_pair, named_together, telling_pair
from earlysieve.datasets.variables import variables_of
from earlysieve.errors import InputError

ROWS = 2000
LABELS = np.arange(ROWS) % 2


def test_a_contrast_is_what_is_left_of_a_line_in_parts_of_its_spread():
    # Bins of 40 rows whose line is exact: what is left is +-1 everywhere, beyond the ends, too.
    first = np.arange(800.0)
    second = 3 * first + np.where(np.arange(800) % 2, 1.0, -1.0)
    one = contrast_of(np.stack([first, second], 1), 0, np.array([1]))
    rows = np.array([[10, 31], [10, 29], [1000, 3000], [-100, -298]], float)
    assert_allclose(one(rows)[:, 0], [1, -1, 0, 2], atol=0.05)


def test_a_column_has_no_contrast_to_itself_and_none_to_a_constant_one():
    rows = np.stack([np.arange(100.0), np.ones(100)], 1)
    assert_allclose(contrast_of(rows, 0, np.array([0]))(rows), 0, atol=1e-3)
    one = contrast_of(rows, 1, np.array([0]))
    assert_allclose(one(rows).std(), 1)


def billed(noise=0.1, agrees=0.95, seed=0):
    rng = np.random.default_rng(seed)
    says = np.where(rng.random(ROWS) < agrees, LABELS, 1 - LABELS)
    amount = rng.normal(6, 0.8, ROWS)
    other = rng.normal(size=ROWS) + 1.5 * LABELS
    return np.stack([other, amount, amount - 0.5 * says + noise * rng.normal(size=ROWS)], 1)


def pair_in(rows, names=("other", "billed", "paid")):
    return telling_pair(rows, LABELS, 2, variables_of(rows, names))


@pytest.mark.parametrize("amounts", [False, True])
def test_a_ratio_tells_what_its_columns_do_not(amounts):
    rows = billed()
    if amounts:
        rows[:, 1:] = np.exp(rows[:, 1:])
    pair = pair_in(rows)
    assert pair is not None
    assert (pair.form, pair.columns) == ("contrast", [1, 2])
    assert [one.name for one in pair.variables] == ["billed", "paid"]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(billed(agrees=0.5), id="nothing to tell"),
        pytest.param(billed(noise=3.0), id="hardly varying together"),
        pytest.param(
            np.random.default_rng(0).normal(size=(ROWS, 3)) + LABELS[:, None], id="each by itself"
        ),
    ],
)
def test_what_columns_tell_one_by_one_is_no_pair(rows):
    assert pair_in(rows) is None


def test_two_columns_are_asked_about_in_either_order():
    rows = billed()
    variables = variables_of(rows, ("other", "billed", "paid"))
    assert named_together(("column billed", "column paid")) == ("columns billed and paid",)
    assert named_together(("column billed", "column paid", "column other")) == ()
    assert named_together(("columns", "column paid")) == ()
    for name in ("columns billed and paid", "columns paid and billed"):
        pair = asked_pair(("column other", name), variables)
        assert pair is not None
        assert (pair.form, pair.columns) == ("asked", [1, 2])
    assert asked_pair(("column billed",), variables) is None


class _ByTheDifference(nn.Module):
    """A model that goes mostly by how far the one number is below the other."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Identity()

    def forward(self, rows):
        rows = self.features(rows)
        return 8 * (rows[:, 1] - rows[:, 2] - 0.25) + rows[:, 0] - 0.75


@pytest.fixture(scope="module")
def data():
    frame = pd.DataFrame(billed().astype(np.float32), columns=["other", "billed", "paid"])
    return frame, LABELS


@pytest.mark.parametrize("names", [["billed", "paid"], ["columns paid and billed"]])
def test_two_columns_that_must_not_matter_are_swapped_together(data, names):
    audit = es.audit(
        _ByTheDifference(), data, seen_in_training=False, irrelevant=names, pictures=0,
        progress=False,
    )  # fmt: skip
    assert audit.summary.verdict == "shortcut"
    assert audit.summary.leans_on == "columns billed and paid"


def test_any_two_columns_can_be_asked_about(data):
    audit = es.audit(
        _ByTheDifference(), data, seen_in_training=False, irrelevant=["columns billed and other"],
        pictures=0, progress=False,
    )  # fmt: skip
    told = [one.name for one in audit.summary.leanings if one.irrelevant]
    assert told == ["columns other and billed"]


def test_a_column_that_is_none_is_no_half_of_a_pair(data):
    with pytest.raises(InputError, match="but got columns billed and nothing"):
        es.audit(
            _ByTheDifference(), data, irrelevant=["columns billed and nothing"], progress=False
        )


def test_a_ratio_is_named_though_nobody_asked(data):
    audit = es.audit(_ByTheDifference(), data, seen_in_training=False, pictures=0, progress=False)
    assert audit.summary.verdict in ("shortcut", "at risk")
    assert audit.summary.leans_on == "columns billed and paid"
    assert torch.is_grad_enabled()
