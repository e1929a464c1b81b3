"""Ranges of a number that tell one class: found, named, judged."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from earlysieve.auditing.leaning import Leaning
from earlysieve.auditing.rule import decide
from earlysieve.auditing.telling_ranges import (
    TellingRange,
    all_telling,
    short_of,
    telling_ranges,
)
from earlysieve.auditing.told_besides import told_as_well
from earlysieve.datasets.variables import variables_of

from .made_up import IDLE, facts

ROWS = 3000
LABELS = np.arange(ROWS) % 3


def found_in(column, labels=LABELS, name="height"):
    rows = np.asarray(column, np.float64)[:, None]
    return telling_ranges(rows, labels, int(labels.max()) + 1, variables_of(rows, (name,)))


def in_inches(wrong=0.04):
    """Heights of class 2 lie about 67, of the others about 170, but for a few of both."""
    rng = np.random.default_rng(0)
    low = np.where(rng.random(ROWS) < wrong, LABELS != 2, LABELS == 2)
    low &= (LABELS == 2) | (rng.random(ROWS) < 0.5)
    return np.where(low, rng.normal(67, 3, ROWS), rng.normal(170, 9, ROWS)).round(), low


def test_another_unit_of_one_class_is_a_range():
    column, low = in_inches()
    (one,) = found_in(column)
    assert (one.kind, one.low) == (2, -np.inf)
    assert_array_equal(one.said_by(column[:, None]), np.where(low, 2, -1))
    assert one.name == f"values of height: at most {column[low].max():.0f}"


def test_a_stretch_in_the_middle_has_two_ends():
    column = np.arange(ROWS, dtype=float)
    inside = (column >= 1200) & (column < 1800)
    (one,) = found_in(column, np.where(inside, 2, np.arange(ROWS) % 2), "record")
    assert (one.low, one.high, one.kind) == (1200, 1799, 2)
    assert one.listed == "1200 to 1799"
    assert one.place_in(column) == (
        "These are 20% of the rows; 40% of them lie below by column 'record'."
    )


@pytest.mark.parametrize(("end", "said"), [("low", "lowest"), ("high", "highest")])
def test_a_range_without_an_end_tells_which_rows_it_holds(end, said):
    column = np.arange(100.0)
    (one,) = variables_of(column[:, None], ("age",))
    part = TellingRange(one, -np.inf, 24, 1) if end == "low" else TellingRange(one, 75, np.inf, 1)
    assert part.place_in(column) == f"These are the {said} 25% of the rows by column 'age'."


@pytest.mark.parametrize(
    "chance",
    [
        pytest.param(lambda z: 1 / (1 + np.exp(-2 * z)), id="fades in"),
        pytest.param(lambda z: np.where(z > 0, 0.97, 0.03), id="a step that tells all rows"),
        pytest.param(lambda z: np.where(z > 1, 0.6, 0.4), id="a step that tells little"),
    ],
)
def test_no_range_where_a_number_tells_step_by_step_or_everywhere(chance):
    rng = np.random.default_rng(1)
    z = rng.normal(size=ROWS)
    assert found_in(z, (rng.random(ROWS) < chance(z)) * 1) == ()


def test_too_few_rows_have_no_ranges():
    column, _ = in_inches()
    assert found_in(column[:400], LABELS[:400]) == ()


def test_single_values_come_first_and_a_column_counts_once():
    column, low = in_inches()
    rng = np.random.default_rng(2)
    dose = np.where((LABELS == 0) & (rng.random(ROWS) < 0.3), -1, rng.normal(3, 1, ROWS).round(3))
    rows = np.stack([column, dose], 1)
    found = all_telling(rows, LABELS, 3, variables_of(rows, ("height", "dose")))
    assert [one.name for one in found] == [
        "values of dose: -1", f"values of height: at most {column[low].max():.0f}"
    ]  # fmt: skip


def test_few_rows_elsewhere_do_not_show_that_rows_are_plain_anyway():
    # 16 of 24 pairs are in the right order, and one standard error of 2 by 12 rows is 0.228.
    chances = np.zeros((14, 2))
    chances[:2, 1] = 0.5
    chances[2:, 1] = [0.1] * 8 + [0.9] * 4
    said, labels = np.array([1, 1] + [-1] * 12), np.ones(14, int)
    assert told_as_well(chances, said, labels) == pytest.approx(0.5)
    # 4 of 24 are: the class comes of the value, however few rows show it.
    chances[2:, 1] = [0.1] * 2 + [0.9] * 10
    assert told_as_well(chances, said, labels) == pytest.approx(4 / 24)


RANGE = replace(
    IDLE, name="values of height: at most 77", misread=25, sure=25, accuracy=0.45,
    accuracy_else=0.88, explained=12, times_worse=50.0, recovered=0.6, followed=0.4, besides=0.5,
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, "at risk"),
        ({"lost_without": 0.3}, "at risk"),
        ({"lost_without": -0.3}, "at risk"),
        ({"lost_without": -0.1}, "shortcut"),
        ({"lost_without": 0.6}, "none found"),
        ({"besides": 0.3}, "none found"),
        ({"followed": 0.2}, "none found"),
        ({"misread": 5, "sure": 5}, "none found"),
        ({"accuracy": 0.75}, "none found"),
    ],
)
def test_what_a_range_must_show_where_it_is_not_known_what_came_first(change, verdict):
    assert decide(facts(replace(RANGE, **change))).verdict == verdict


def test_of_a_column_that_must_not_matter_the_range_is_told_that_costs_more():
    column = replace(
        IDLE, name="column height", irrelevant=True, misread=800, sure=800, accuracy=0.85,
        accuracy_else=0.92, followed=0.25,
    )  # fmt: skip
    barred = replace(RANGE, irrelevant=True)
    said = decide(facts(column, barred))
    assert (said.verdict, said.reason) == ("shortcut", "irrelevant")
    assert said.leaning == barred
    assert _name(decide(facts(column, replace(barred, accuracy=0.87)))) == "column height"


def _name(decision):
    on: Leaning | None = decision.leaning
    return on.name if on is not None else None


@pytest.mark.parametrize(
    ("last", "beyond", "downwards", "found"),
    [
        (78.0, 141.0, False, 78.0),
        (1.3560255, 1.1, True, 1.35),
        (1.3560255, 1.3552, True, 1.356),
        (-1.1939766, -0.9, False, -1.19),
        (-0.59541106, -0.59541107, True, -0.59541106),
        (0.0, 3.0, False, 0.0),
        (12345.0, 12399.0, False, 12350.0),
    ],
)
def test_an_end_is_told_in_few_digits_that_part_the_same_rows(last, beyond, downwards, found):
    assert short_of(last, beyond, downwards=downwards) == pytest.approx(found, rel=1e-12)


@pytest.mark.parametrize("seed", [84, 90, 129, 160, 187, 245])
def test_a_number_that_tells_step_by_step_has_no_range_by_the_luck_of_a_bin(seed):
    """Of draws in which one bin of 45 rows beside an end tells little."""
    rng = np.random.default_rng(seed)
    labels = (rng.random(1800) < 0.5).astype(int)
    assert found_in(rng.normal(size=1800) + 0.75 * labels, labels) == ()


def test_a_range_off_the_trend_of_a_number_that_tells_by_itself_is_one():
    rng = np.random.default_rng(0)
    labels = np.arange(ROWS) % 2
    column = rng.normal(size=ROWS) + 0.5 * labels
    moved = (labels == 1) & (rng.random(ROWS) < 0.3)
    (one,) = found_in(np.where(moved, 7 + rng.random(ROWS), column), labels)
    assert (one.kind, one.high) == (1, np.inf)
    assert 1.5 < one.low <= 7.01
