"""Worse is what the whole interval says, of accuracies alone."""

import math
from types import SimpleNamespace

import pytest

from earlysieve.comparing.estimated import Difference, Estimated
from earlysieve.comparing.gate import worse


def comparison(**figures):
    lines = tuple(
        SimpleNamespace(name=name, entries=(SimpleNamespace(path=name),)) for name in ("old", "new")
    )
    found = {name.replace("_", " "): Estimated(*values) for name, values in figures.items()}
    return SimpleNamespace(lines=lines, differences=(Difference("new", (), found),))


@pytest.mark.parametrize(
    ("figures", "reasons"),
    [
        ({"accuracy": (-0.02, -0.05, 0.01)}, ()),
        ({"accuracy": (0.02, 0.01, 0.05), "group_gap": (-0.2, -0.3, -0.1)}, ()),
        (
            {"accuracy": (0.02, -0.01, 0.05), "worst_group": (-0.2, -0.3, -0.1)},
            ("'new' is worse than 'old' in worst group: -0.200 [-0.300, -0.100]",),
        ),
    ],
)
def test_a_line_is_worse_where_an_interval_of_an_accuracy_lies_below_0(figures, reasons):
    assert worse(comparison(**figures)) == reasons


def test_only_the_figures_that_are_asked_for_are_judged():
    repaired = comparison(accuracy=(-0.2, -0.3, -0.1), where_misled=(0.4, 0.3, 0.5))
    assert len(worse(repaired)) == 1
    assert worse(repaired, ("where misled",)) == ()
    assert worse(repaired, ("where misled", "accuracy")) == worse(repaired)
    (reason,) = worse(repaired, ("worst group",))
    assert "no difference of worst group has an interval" in reason


def test_what_cannot_be_told_is_no_pass():
    (reason,) = worse(comparison(accuracy=(0.5, math.nan, math.nan)))
    assert "cannot be told" in reason
    (reason,) = worse(comparison(reliance=(0.5, 0.1, 0.9)))
    assert "cannot be told" in reason
