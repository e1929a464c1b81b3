"""What the model's errors have to do with one simple thing, on cases worked out by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earlysieve.auditing.leaning import NOTHING, strength
from earlysieve.auditing.leaning_figures import leanings
from earlysieve.auditing.second_look import SecondLook
from earlysieve.auditing.swaps.found import PartFound, Share, Swaps

from .made_up import COLOUR, LAYER

COUNT = 40
LABELS = np.arange(COUNT) % 2


def at(*rows):
    return np.isin(np.arange(COUNT), rows)


def second_look(misread, sides=None, reads=None, layers=()):
    """Readers that say the other class where told so; `sides` is where they side with the label."""
    says = {name: np.where(rows, 1 - LABELS, LABELS) for name, rows in misread.items()}
    return SecondLook(
        score=np.zeros(COUNT),
        by_reader={name: np.where(rows, 0.4, -0.4) for name, rows in misread.items()},
        says=says,
        sides={name: at() for name in misread} | (sides or {}),
        reads=dict.fromkeys(misread, 0.75) | (reads or {}),
        properties=tuple(name for name in misread if name not in layers),
        weights={},
        doubt=np.zeros(COUNT),
        preference=np.zeros(COUNT),
    )


def of(name, again, wrong, confidence=None, swaps=None):
    said = np.where(wrong, 1 - LABELS, LABELS)
    sure = np.full(COUNT, 0.9) if confidence is None else confidence
    found = leanings(again, LABELS, said, sure, Swaps() if swaps is None else swaps)
    return next(one for one in found if one.name == name)


@pytest.mark.parametrize("followed", [math.nan, 0.4])
@pytest.mark.parametrize("name", ["colour", "column a", "columns a and b"])
def test_swaps_that_are_not_known_count_nothing(followed, name):
    one = replace(COLOUR, name=name, explained_share=0.5, mended=math.nan, followed=followed)
    assert strength(one).swaps == 0.0


def test_counts_by_hand():
    again = second_look({"colour": at(*range(8)), "size": at()}, reads={"colour": 0.8})
    found = of("colour", again, wrong=at(0, 1, 2, 3, 4, 5, 20, 21))
    assert (found.misread, found.sure, found.explained) == (8, 8, 6)
    assert found.accuracy == pytest.approx(2 / 8)
    assert found.accuracy_else == pytest.approx(30 / 32)
    # 6 of 8 where it is misled, against 2 and one more of 32.
    assert found.times_worse == pytest.approx((6 / 8) / (3 / 32))
    # The model achieves 0.8 and chance is 0.5.
    assert found.reads == pytest.approx(1.0)
    assert not found.of_network
    assert not found.whole
    never = of("size", again, wrong=at(0))
    assert math.isnan(never.accuracy)
    assert math.isnan(never.times_worse)
    assert never.explained == 0


@pytest.mark.parametrize("misread", [at(0, 1), ~at()])
def test_too_few_on_one_side_tell_nothing(misread):
    found = of("colour", second_look({"colour": misread}), wrong=at(0, 1, 2, 3, 4, 5))
    assert math.isnan(found.times_worse)


def test_recovered_by_hand():
    wrong = at(*range(6))
    sides = {"size": at(0, 1), "place": at(*range(5)), "layer1 mean": wrong, "colour": wrong}
    misread = {"colour": wrong, "size": at(), "place": at(), "layer1 mean": at()}
    found = of("colour", second_look(misread, sides, layers=("layer1 mean",)), wrong)
    # Neither itself nor a layer; (5 + 2) of (6 + 4) for place.
    assert (found.recovered, found.recovered_by) == (pytest.approx(0.7), "place")
    few = at(*range(4))
    nothing = of("colour", second_look(misread | {"colour": few}, sides), wrong)
    assert nothing.explained == 4
    assert (math.isnan(nothing.recovered), nothing.recovered_by) == (True, "")
    alone = of("colour", second_look({"colour": wrong}), wrong)
    assert (math.isnan(alone.recovered), alone.recovered_by) == (True, "")


@pytest.mark.parametrize(
    ("reads", "layer", "followed", "by"),
    [
        (0.95, 0.75, 0.0, "column b"),  # 0.9 of 0.6 above chance: 1.5 of what the model achieves
        (0.88, 0.75, 0.0, "column a"),
        (0.95, 0.9, 0.0, "column a"),  # layers know of it
        (0.95, 0.75, 0.2, "column a"),  # answers do, too
    ],
)
def test_a_column_that_the_model_does_not_use_is_no_witness(reads, layer, followed, by):
    wrong = at(*range(8))
    sides = {"column a": wrong, "column b": at(0, 1, 2, 3, 4, 5)}
    misread = {"column c": wrong, "column a": at(), "column b": at(), "layer1 mean": at()}
    told = {"column a": reads, "layer1 mean": layer}
    again = second_look(misread, sides, told, layers=("layer1 mean",))
    swaps = Swaps((part("column a", (round(100 * followed), 100), (0, 100), (0, 8), (0, 8)),))
    assert of("column c", again, wrong, swaps=swaps).recovered_by == by


def test_what_sees_all_but_a_property_recovers_and_is_not_leant_on():
    wrong = at(*range(6))
    again = second_look({"token": wrong, "other tokens": at()}, {"other tokens": wrong})
    assert of("token", again, wrong).recovered_by == "other tokens"
    found = leanings(again, LABELS, np.where(wrong, 1 - LABELS, LABELS), np.ones(COUNT), Swaps())
    assert [one.name for one in found] == ["token"]


def test_own_tells_by_hand():
    """Of each class that is said, pairs of an explained error and a right answer."""
    wrong = at(0, 2, 4, 1, 3)  # three of label 0 said to be 1, two of label 1 said to be 0
    confidence = np.full(COUNT, 0.9)
    confidence[[0, 2]] = 0.6, 0.6  # below all 18 right answers of class 1
    confidence[4] = 0.95  # above them
    confidence[[1, 3]] = 0.9, 0.7  # one equal to the 17 right answers of class 0, one below
    found = of("colour", second_look({"colour": wrong}), wrong, confidence)
    said_one = (2 * 1 + 0) / 3
    said_zero = (0.5 + 1) / 2
    assert found.own_tells == pytest.approx((3 * said_one + 2 * said_zero) / 5)


def test_own_tells_needs_five_explained_errors_and_right_answers():
    four = at(0, 2, 4, 6)
    assert math.isnan(of("colour", second_look({"colour": four}), four).own_tells)
    ones = LABELS == 1
    everything = at(*range(12)) | (ones & ~at(13, 15, 17, 19))
    # Of class 1 only four answers are right.
    zeros = second_look({"colour": at(0, 2, 4, 6, 8)})
    assert math.isnan(of("colour", zeros, everything).own_tells)


def test_properties_and_the_earlier_half_of_the_views_are_looked_at():
    views = [f"{name} mean" for name in "abc"]
    names = ["colour", "top half", *views]
    found = leanings(
        second_look({name: at(0, 1, 2) for name in names}, layers=views),
        LABELS,
        LABELS,
        np.ones(COUNT),
        Swaps(),
    )
    assert [(one.name, one.of_network, one.whole) for one in found] == [
        ("colour", False, False),
        ("top half", False, True),
        ("a mean", True, False),
        ("b mean", True, False),
    ]


def part(name, followed, control, mended, unmended, **more):
    shares = [Share(*pair) for pair in (followed, control, (0, 1), mended, unmended)]
    return PartFound(name, "", *shares, **more)


def test_swaps_of_a_property():
    again = second_look({"colour": at(0, 1, 2), "place": at(), "size": at()})
    swaps = Swaps(
        parts=(
            part("colour", (30, 40), (4, 40), (6, 8), (1, 8), irrelevant=True),
            part("window", (10, 40), (0, 40), (7, 7), (0, 7), coverage=0.5),
        )
    )
    colour = of("colour", again, at(0), swaps=swaps)
    assert (colour.followed, colour.mended) == (pytest.approx(0.65), pytest.approx(5 / 8))
    assert colour.irrelevant
    place = of("place", again, at(0), swaps=swaps)
    # Where something stands out is swapped as a window; seven errors are too few.
    assert place.followed == pytest.approx(0.125)
    assert math.isnan(place.mended)
    size = of("size", again, at(0), swaps=swaps)
    assert (math.isnan(size.followed), size.irrelevant) == (True, False)


# --- signs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "sign", "value"),
    [
        ({}, "gathers", 0.0),
        ({"times_worse": 36.0}, "gathers", 1.0),
        ({"times_worse": 4.0}, "gathers", -1.0),
        ({"times_worse": 1e6}, "gathers", 1.5),
        ({"times_worse": 0.0}, "gathers", -1.5),
        ({"recovered": 0.56}, "recovers", 0.4),
        ({"recovered": 0.56, "explained": 10}, "recovers", 0.2),
        ({"recovered": 0.0}, "recovers", -1.5),
        ({}, "recovers", 1.5),
        ({"recovered": math.nan}, "recovers", 0.0),
        ({}, "swaps", 0.6),  # (0.6 - 0.45) / 0.25
        ({"name": "place"}, "swaps", 0.3),
        ({"followed": 0.0}, "swaps", -0.5),  # (0.3 - 0.45) / 0.25, at least -0.5
        ({"followed": 0.1}, "swaps", 0.2),  # 2 * 0.1 + 0.3 is less than 0.6
        ({"mended": 1.0}, "swaps", 1.5),
        ({"mended": math.nan}, "swaps", 0.0),
        ({"own_tells": 0.54}, "confidence", -0.5),
        ({"own_tells": 0.3}, "confidence", -2.0),
        ({"own_tells": 0.9}, "confidence", 0.5),
        ({"own_tells": math.nan}, "confidence", 0.0),
        ({"reads": 0.89}, "reads", 0.5),
        ({"reads": 2.0}, "reads", 0.75),
        ({"reads": 0.5}, "reads", -2.0),
        ({"reads": math.nan}, "reads", 0.0),
    ],
)
def test_signs_by_hand(changes, sign, value):
    assert getattr(strength(replace(COLOUR, **changes)), sign) == pytest.approx(value)


def test_the_strength_is_the_sum_of_the_signs():
    assert strength(COLOUR).total == pytest.approx(0 + 1.5 + 0.6 + 0.5 + 0)
    assert strength(LAYER).total == pytest.approx(1 + 1.5 + 0 + 0.5 + 0.75)


@pytest.mark.parametrize("changes", [{"explained": 4}, {"times_worse": math.nan}])
def test_too_few_errors_are_no_strength(changes):
    assert strength(replace(COLOUR, **changes)) == NOTHING
    assert NOTHING.total == -10


ANY = st.floats(-2, 50) | st.just(math.nan) | st.just(math.inf)


@given(st.integers(0, 50), ANY, ANY, ANY, ANY, ANY, ANY, st.sampled_from(["colour", "place"]))
def test_the_strength_has_bounds(explained, worse, recovered, followed, mended, tells, reads, name):
    found = strength(
        replace(
            COLOUR, name=name, explained=explained, times_worse=worse, recovered=recovered,
            followed=followed, mended=mended, own_tells=tells, reads=reads,
        )
    )  # fmt: skip
    bounds = -1.5 - 1.5 - 0.5 - 2 - 2, 1.5 + 1.5 + 1.5 + 0.5 + 0.75
    assert found == NOTHING or bounds[0] <= found.total <= bounds[1]


# --- tables ---------------------------------------------------------------------------------------


def edges(score):
    """A reader that is wrong on 0 to 5 of class 0, where it is as sure as told."""
    again = second_look({"column a": at(0, 2, 4, 6, 8, 10), "size": at()})
    again.by_reader["column a"][:] = score
    return of("column a", again, wrong=at(0, 2, 4)).at_edge


def test_whether_a_reader_is_misled_only_where_its_classes_meet():
    bad = at(0, 2, 4, 6, 8, 10)
    # Less sure than of all others, as sure, surer.
    assert edges(np.where(bad, 0.1, -0.8)) == 1.0
    assert edges(np.where(bad, 0.8, -0.8)) == 0.5
    assert edges(np.where(bad, 0.9, -0.8)) == 0.0
    # Against answers of its own kind only: these are examples of class 1.
    assert edges(np.where(bad, 0.5, np.where(LABELS == 1, -0.8, -0.1))) == 1.0
    few = second_look({"column a": at(0, 2, 4, 6), "size": at()})
    assert math.isnan(of("column a", few, wrong=at(0)).at_edge)


def test_directions_speak_for_nothing_but_what_is_beside_them():
    wrong = at(*range(8))
    misread = dict.fromkeys(("direction", "column a"), wrong)
    misread |= dict.fromkeys(("other directions", "other columns"), at())
    again = second_look(misread, sides={"other directions": wrong})
    assert of("direction", again, wrong).recovered_by == "other directions"
    assert of("column a", again, wrong).recovered == pytest.approx(2 / 12)
    assert of("direction", again, wrong).of_table


def test_two_columns_are_spoken_against_by_all_others_and_by_neither_of_them():
    wrong = at(*range(8))
    both = "columns a and b and c"
    beside = ("column a", "column b and c", "column b", "other columns", "all other columns")
    misread = {both: wrong} | dict.fromkeys(beside, at())

    def by(name, other):
        return of(name, second_look(misread, sides={other: wrong}), wrong).recovered_by == other

    told = dict.fromkeys(beside, False) | {"column b": True, "all other columns": True}
    assert {other: by(both, other) for other in beside} == told
    again = second_look(misread | {"column d": wrong}, sides={"all other columns": wrong})
    assert of("column d", again, wrong).recovered == pytest.approx(2 / 12)
    assert of("column a", again, wrong).of_table
