import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earlysieve.errors import InputError
from earlysieve.groups.accuracy import wilson_interval
from earlysieve.groups.group_report import group_report

CORRECT = np.array([1, 1, 1, 0, 1, 0, 0, 1, 1], dtype=bool)
GROUPS = np.array([0, 0, 0, 0, 2, 2, 2, -1, 7])


def test_a_table_by_hand():
    report = group_report(CORRECT, GROUPS, ["land", "water", "sky"])
    assert report.table["group"].tolist() == [0, 2, 7]
    assert report.table["name"].tolist() == ["land", "sky", "group 7"]
    assert report.table["n"].tolist() == [4, 3, 1]
    assert report.table["accuracy"].tolist() == pytest.approx([0.75, 1 / 3, 1.0])
    assert report.average == pytest.approx(5 / 8)
    assert report.reweighted_average == pytest.approx((0.75 + 1 / 3 + 1) / 3)
    assert report.reweighted_to == "equal groups"
    assert (report.worst_group, report.worst_group_name) == (2, "sky")
    assert report.worst_accuracy == pytest.approx(1 / 3)
    assert report.gap == pytest.approx(2 / 3)
    assert report.unknown == 1


def test_given_shares():
    report = group_report(CORRECT, GROUPS, shares={0: 3, 2: 1, 7: 0, 9: 5})
    assert report.reweighted_average == pytest.approx((3 * 0.75 + 1 / 3) / 4)
    assert report.reweighted_to == "given shares"


@pytest.mark.parametrize("shares", [{0: 1}, {0: 1, 2: -1, 7: 1}, {0: 0, 2: 0, 7: 0}])
def test_unusable_shares(shares):
    with pytest.raises(InputError) as caught:
        group_report(CORRECT, GROUPS, shares=shares)
    assert str(caught.value) == (
        "Expected a share of at least 0 for each of the groups [0, 2, 7], but got "
        f"{shares}; give one positive number per group"
    )


def test_no_group_is_known():
    assert group_report(CORRECT, np.full(9, -1)) is None


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4)), min_size=2, max_size=40))
def test_a_table_is_that_of_fairlearn(rows):
    metrics = pytest.importorskip("fairlearn.metrics")
    correct, groups = (np.array(column) for column in zip(*rows, strict=True))
    frame = metrics.MetricFrame(
        metrics={"n": metrics.count, "accuracy": lambda y, p: np.mean(y == p)},
        y_true=np.ones(len(correct)),
        y_pred=correct.astype(float),
        sensitive_features=pd.Series(groups),
    )
    report = group_report(correct, groups)
    assert report.table["group"].tolist() == frame.by_group.index.tolist()
    assert report.table["n"].tolist() == frame.by_group["n"].tolist()
    assert report.table["accuracy"].tolist() == pytest.approx(frame.by_group["accuracy"].tolist())
    assert report.average == pytest.approx(frame.overall["accuracy"])
    assert report.worst_accuracy == pytest.approx(frame.group_min()["accuracy"])
    assert report.gap == pytest.approx(frame.difference()["accuracy"])
    low, high = report.table["low"], report.table["high"]
    assert ((low <= report.table["accuracy"]) & (report.table["accuracy"] <= high)).all()


@pytest.mark.parametrize(("k", "n"), [(0, 1), (1, 1), (3, 10), (50, 100), (0, 40), (999, 1000)])
def test_wilson_by_its_formula(k, n):
    z, p = 1.959963984540054, k / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low, high = wilson_interval(k, n)
    assert low == pytest.approx(centre - half, abs=1e-12)
    assert high == pytest.approx(centre + half, abs=1e-12)
