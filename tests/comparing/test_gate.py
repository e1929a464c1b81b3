"""Worse is what the whole interval says, of accuracies alone."""

import math
from types import SimpleNamespace

import pytest

from earlysieve.comparing.estimated import Difference, Estimated
from earlysieve.comparing.gate import no_better, passed_but, worse


def comparison(**figures):
    known = dict.fromkeys(("accuracy", "worst group", "where misled"))
    lines = tuple(
        SimpleNamespace(name=name, entries=(SimpleNamespace(path=name),), figures=known)
        for name in ("old", "new")
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


def test_what_speaks_against_a_gate_that_is_passed_is_told():
    figures = {"accuracy": (0.1, 0.0, 0.2), "worst_group": (-0.8,), "group_gap": (-0.3,)}
    found = comparison(**figures)
    for line, verdict in zip(found.lines, ("inconclusive", "shortcut (2 of 3)"), strict=True):
        line.verdict = verdict
    assert worse(found) == ()
    verdict, group = passed_but(found)
    assert verdict.startswith("Gate passed, but the verdict on 'new' is 'shortcut', and that on ")
    assert group == (
        "Gate passed, but 'new' lies below 'old' in worst group (-0.800), which has no interval "
        "and was not judged."
    )
    assert passed_but(found, ("accuracy",)) == (verdict,)
    found.lines[0].verdict = "shortcut"
    assert passed_but(found) == (group,)


def test_the_reason_is_the_true_one():
    found = comparison(accuracy=(0.0, -0.1, 0.1))
    for line in found.lines:
        line.figures = {"accuracy": None}
    (reason,) = worse(found, ("where misled",))
    assert "the audit of 'old' names nothing that misleads its model" in reason
    (reason,) = worse(found, ("worst group",))
    assert "no groups are known in 'new' and 'old'; name them with --group-column" in reason
    assert no_better(found, ("where misled",))[0].startswith("Whether 'new' is better than 'old'")
    found.lines[0].figures = {"worst group": None}
    assert "no groups are known in 'new'; name" in worse(found, ("worst group",))[0]
