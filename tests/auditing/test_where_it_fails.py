"""The accuracy where a simple thing fails: by hand, and on simulated cues where it is known."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earlysieve.auditing.doubt import SURE
from earlysieve.auditing.leaning import Leaning
from earlysieve.auditing.second_look import (
    NO,
    SecondLook,
    speaking_against,
    surely_held,
    surely_said,
    without_idle_denials,
)
from earlysieve.auditing.swaps.found import PartFound, Share
from earlysieve.auditing.where_it_fails import (
    Estimate,
    accuracy_where_it_fails,
    accuracy_where_swapped,
    between,
    error_plateau,
    lost,
    nearest_property,
    share_wrong,
)
from earlysieve.groups.accuracy import wilson_bounds, wilson_interval

from .made_up import COLOUR, IDLE, LAYER

PURE = replace(COLOUR, reads=0.97)


def look(score, says, doubt=None, preference=None):
    zeros = np.zeros(len(score))
    return SecondLook(
        score=zeros,
        by_reader={"colour": score, "layer1 mean": score},
        says={"colour": says, "layer1 mean": says},
        sides={},
        reads={},
        properties=("colour",),
        weights={},
        doubt=zeros if doubt is None else doubt,
        preference=zeros if preference is None else preference,
    )


def test_a_pure_reader_by_hand():
    labels = np.zeros(40, int)
    says = (np.arange(40) < 10).astype(int)
    score = np.where(says, 0.4, -0.4)
    score[8:10] = 0.2  # misread, and not surely
    said = (np.isin(np.arange(40), [0, 1, 2, 3, 20])).astype(int)
    found = accuracy_where_it_fails(PURE, look(score, says), labels, said)
    assert found.value == pytest.approx(0.6)  # six of ten
    assert found.high == pytest.approx(wilson_interval(6, 10)[1])
    assert found.low == pytest.approx(wilson_interval(4, 8)[0])


def test_what_only_looks_like_a_mark_does_not_count():
    # Thirty images with the mark, of which half are right, and seventy that look a little like it.
    labels, says = np.zeros(200, int), (np.arange(200) < 100).astype(int)
    score = np.where(np.arange(200) < 30, 0.9, 0.5) * np.where(says, 1, -1)
    said = (np.arange(200) < 15).astype(int)
    mark = replace(PURE, name="mark")
    seen = replace(look(score, says), by_reader={"mark": score}, says={"mark": says})
    assert accuracy_where_it_fails(mark, seen, labels, said).value == 0.85
    surely = surely_held(seen, "mark", labels)
    found = accuracy_where_it_fails(mark, surely, labels, said)
    assert found.value == 0.5
    assert (found.low, found.high) == pytest.approx(wilson_interval(15, 30))
    np.testing.assert_array_equal(surely.by_reader["mark"] >= SURE, np.arange(200) < 30)
    # Of fewer than twenty nothing can be said: all that the reader surely misreads stay.
    few = {"mark": np.where(np.arange(200) < 19, score, 0.5 * says)}
    again = surely_held(replace(seen, by_reader=few), "mark", labels)
    np.testing.assert_array_equal(again.by_reader["mark"], few["mark"])


@pytest.mark.parametrize(("right_without", "mixes"), [(60, True), (30, False)])
def test_images_that_hold_a_mark_unseen_do_not_make_the_estimate_kind(right_without, mixes):
    """Forty of others hold the mark, 12 right; of eighty of its class none is seen in the image."""
    place, labels = np.arange(300), np.zeros(300, int)
    score = np.where(place < 40, 0.9, np.where(place < 120, NO, -0.9))
    says = (place < 120).astype(int)
    said = ((place >= 12) & (place < 40)) | ((place >= 40 + right_without) & (place < 120))
    seen = replace(look(score, says), by_reader={"mark": score}, says={"mark": says})
    found = accuracy_where_it_fails(replace(PURE, name="mark"), seen, labels, said.astype(int))
    mixed = (12 + right_without) / 120
    if not mixes:
        # 30 of 80 are no surer than 12 of 40: one accuracy.
        assert found.value == pytest.approx(mixed)
        assert found.low == pytest.approx(wilson_interval(12 + right_without, 120)[0])
    else:
        assert found.value == pytest.approx((mixed + 0.3) / 2)
        assert found.low == pytest.approx(wilson_interval(12, 40)[0])
    assert found.high == pytest.approx(wilson_interval(12 + right_without, 120)[1])


def test_images_without_a_mark_speak_only_where_some_class_has_none():
    # Thirty images of the first class hold the second's mark; in forty of the second none is seen.
    labels, place = np.repeat([0, 1], 100), np.arange(200)
    score = np.where(place < 30, 0.9, -0.9)
    score[160:] = 0.0
    one = replace(
        look(score, labels),
        by_reader={"mark": score},
        says={"mark": np.where(place < 30, 1, labels)},
    )
    found = surely_said(one, "mark", labels)
    np.testing.assert_array_equal(found.by_reader["mark"] >= SURE, (place < 30) | (place >= 160))
    np.testing.assert_array_equal(found.says["mark"] != labels, (place < 30) | (place >= 160))
    # The first class has a mark, too, that thirty of the second hold.
    swapped = (place < 30) | ((place >= 100) & (place < 130))
    both = replace(
        one,
        by_reader={"mark": np.where(swapped, 0.9, score)},
        says={"mark": np.where(swapped, 1 - labels, labels)},
    )
    again = surely_said(both, "mark", labels)
    np.testing.assert_array_equal(again.by_reader["mark"] >= SURE, swapped)


@pytest.mark.parametrize(
    ("right_without", "right_holding", "holding", "says", "idle"),
    [
        (38, 12, 30, 2, True),
        (38, 12, 30, 1, False),  # it is the sign of this class that misleads
        (34, 3, 30, 2, False),  # surer than 3 of 30, but less than all others
        (22, 12, 30, 2, False),  # no surer than 12 of 30
        (38, 3, 9, 2, False),  # too few to compare
    ],
)
def test_a_class_that_needs_no_sign_of_its_own_is_not_misled_without(
    right_without, right_holding, holding, says, idle
):
    # Of the first class some hold another's mark; forty of the second lack their own.
    labels, place = np.repeat([0, 1, 2], 100), np.arange(300)
    score = np.where(place < holding, 0.9, -0.9)
    score[160:200] = 0.0
    again = replace(
        look(score, labels),
        by_reader={"mark": score},
        says={"mark": np.where(place < holding, says, labels)},
    )
    # Of the third class every example is sure of its sign, and of the second all but the forty.
    held = speaking_against(again, "mark", labels)
    held = replace(held, by_reader={"mark": np.where((place >= 160) & (place < 200), NO, score)})
    wrong = (place >= right_holding) & (place < holding)
    wrong |= (place >= 160 + right_without) & (place < 200)
    shown = without_idle_denials(held, "mark", labels, np.where(wrong, (labels + 1) % 3, labels))
    sure = shown.by_reader["mark"] >= SURE
    lacking = (place >= 160) & (place < 200)
    np.testing.assert_array_equal(sure, (place < holding) | (lacking & (not idle)))


def test_where_nothing_is_surely_misread_the_low_end_is_open():
    labels, says = np.zeros(20, int), (np.arange(20) < 5).astype(int)
    found = accuracy_where_it_fails(PURE, look(np.where(says, 0.1, -0.4), says), labels, labels)
    assert (found.low, found.value) == (0.0, 1.0)


def test_wrong_labels_are_no_failing_of_the_property():
    labels, says = np.zeros(40, int), (np.arange(40) < 10).astype(int)
    score, said = np.where(says, 0.4, -0.4), (np.arange(40) < 4).astype(int)
    # Of the four errors two are doubtful, and stay so once suspects weigh more.
    doubt = np.where(np.isin(np.arange(40), [0, 1, 2]), 0.6, 0.0)
    preference = np.where(np.isin(np.arange(40), [0, 1, 3]), 0.2, -0.2)
    again = look(score, says, doubt, preference)
    random = replace(PURE, recovered=0.44)
    assert accuracy_where_it_fails(PURE, again, labels, said).value == pytest.approx(6 / 10)
    assert accuracy_where_it_fails(random, again, labels, said).value == pytest.approx(6 / 8)
    # Where all would be left out, none is.
    everything = look(score, says, np.ones(40), np.ones(40))
    assert accuracy_where_it_fails(random, everything, labels, said).value == pytest.approx(0.6)


def test_the_share_of_wrong_labels_follows_from_how_often_another_reader_sides_with_them():
    # Where the model is right, another reader prefers 27 of 30 labels: a = 0.9.
    labels, says = np.zeros(60, int), (np.arange(60) < 30).astype(int)
    said = ((np.arange(60) < 20) | (np.arange(60) >= 50)).astype(int)
    score = np.where(says, 0.4, -0.4)
    right = said == labels
    other = np.where(right, -0.5, 0.5)
    other[np.flatnonzero(right)[:3]] = 0.5
    again = look(score, says)
    again = replace(again, by_reader={**again.by_reader, "frame": other})

    def found(recovered):
        return replace(PURE, recovered=recovered, recovered_by="frame")

    assert share_wrong(found(0.9), again, right) == 0
    assert share_wrong(found(0.95), again, right) == 0
    # 0.75 * 0.9 + 0.25 * 0.1 = 0.7
    assert share_wrong(found(0.7), again, right) == pytest.approx(0.25)
    # Of 30 that are misread 20 are errors, 5 of which have wrong labels.
    estimate = accuracy_where_it_fails(found(0.7), again, labels, said)
    assert estimate.value == pytest.approx(10 / 25)
    assert estimate.high == pytest.approx(wilson_bounds(10 / 25, 25)[1])
    # A reader that hardly tells the label says nothing of wrong ones.
    blind = replace(again, by_reader={**again.by_reader, "frame": np.where(said, -0.1, 0.1)})
    assert share_wrong(found(0.7), blind, right) == 0


@pytest.mark.parametrize("found", [replace(PURE, reads=0.5), replace(PURE, whole=True), LAYER])
def test_a_model_that_never_errs_is_right_where_it_fails(found):
    labels, says = np.zeros(40, int), (np.arange(40) < 10).astype(int)
    again = look(np.where(says, 0.4, -0.4), says)
    estimate = accuracy_where_it_fails(found, again, labels, labels)
    assert (estimate.value, estimate.high) == (1.0, 1.0)
    assert estimate.low < 0.75


def test_ties_are_misread_too():
    """A reader that sees nothing says the first class, and contradicts no label."""
    labels = np.arange(20) % 2
    again = look(np.zeros(20), np.zeros(20, int))
    estimate = accuracy_where_it_fails(replace(PURE, reads=0.0), again, labels, labels)
    assert (estimate.low, estimate.value) == (0.0, 1.0)


def test_an_impure_reader_has_a_wider_interval():
    rng = np.random.default_rng(0)
    labels = np.zeros(400, int)
    score = rng.uniform(-1, 1, 400)
    says, said = (score > 0).astype(int), (score > rng.uniform(0, 1, 400)).astype(int)
    pure = accuracy_where_it_fails(PURE, look(score, says), labels, said)
    impure = accuracy_where_it_fails(replace(PURE, reads=0.89), look(score, says), labels, said)
    assert impure.low < pure.low
    assert impure.high == pytest.approx(pure.high + 0.05)
    assert impure.low < impure.value < pure.value
    # In between it goes from one to the other evenly: a figure does not jump.
    half = accuracy_where_it_fails(replace(PURE, reads=0.915), look(score, says), labels, said)
    for end in ("low", "value", "high"):
        between = (getattr(pure, end) + getattr(impure, end)) / 2
        assert getattr(half, end) == pytest.approx(between)


def test_error_plateau_by_hand():
    # Twelve bins of two: errors only among the four highest scores, one of two and both.
    score = np.concatenate([np.linspace(0.01, 0.24, 24), [-0.5, -0.5]])
    wrong = np.zeros(26, bool)
    wrong[[20, 22, 23]] = True
    assert error_plateau(score, wrong, wrong) == pytest.approx((0.5 + 1 + 1) / 3)
    # Without the one in the mixed bin, its bin is not looked at.
    explained = wrong & (score > 0.22)
    assert error_plateau(score, wrong, explained) == pytest.approx(1.0)
    # Where none is explained, all errors count.
    none = np.zeros(26, bool)
    assert error_plateau(score, wrong, none) == error_plateau(score, wrong, wrong)
    assert error_plateau(score, none, none) == 0.0


def test_errors_for_a_random_part_of_the_failing_give_their_error_rate():
    """Equation 4 of Elkan and Noto: only failing examples score high, and 40% of them are wrong."""
    rng = np.random.default_rng(1)
    fails = rng.random(20_000) < 0.3
    score = np.where(fails, rng.uniform(0.4, 0.9, 20_000), rng.uniform(-0.9, 0.2, 20_000))
    wrong = fails & (rng.random(20_000) < 0.4)
    assert error_plateau(score, wrong, wrong) == pytest.approx(0.4, abs=0.03)


@pytest.mark.parametrize("accuracy", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("fails", [0.03, 0.1])
def test_the_interval_holds_what_is_known_of_a_pure_cue(accuracy, fails):
    """A reader that sees the cue alone is misled where it fails and nowhere else."""
    held = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        labels = rng.integers(0, 2, 1500)
        failing = rng.random(1500) < fails
        right = rng.random(1500) < np.where(failing, accuracy, 0.98)
        says = labels ^ failing
        score = np.where(failing, 1, -1) * rng.uniform(0.5, 0.9, 1500)
        again, said = look(score, says), np.where(right, labels, 1 - labels)
        found = accuracy_where_it_fails(PURE, again, labels, said)
        held += found.low <= accuracy <= found.high
    assert held >= 85


@given(
    st.lists(st.tuples(st.floats(-1, 1), st.booleans()), min_size=3, max_size=60),
    st.sampled_from([PURE, LAYER, replace(COLOUR, recovered=0.1)]),
)
def test_an_estimate_is_in_order_whatever_the_scores(rows, found: Leaning):
    score = np.array([row[0] for row in rows])
    labels, said = np.zeros(len(rows), int), np.array([int(row[1]) for row in rows])
    score[0] = 0.7  # something is misread
    estimate = accuracy_where_it_fails(found, look(score, (score > 0).astype(int)), labels, said)
    assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1


def test_what_is_lost():
    found = lost(Estimate(0.5, 0.4, 0.7), 0.9)
    assert (found.value, found.low, found.high) == pytest.approx((0.4, 0.2, 0.5))


def test_the_property_that_comes_nearest_to_a_layer():
    token = replace(COLOUR, name="token", times_worse=15.0)
    assert nearest_property(LAYER, [IDLE, COLOUR, token, LAYER]) is token
    # What has a name is its own; nor are poor readers, layers, or what never fails looked at.
    assert nearest_property(COLOUR, [token, COLOUR]) is COLOUR
    poor, never = replace(token, reads=0.84), replace(token, misread=0)
    # Misled by two examples, of which nothing can be said.
    few = replace(token, misread=2, times_worse=math.nan)
    assert nearest_property(LAYER, [poor, never, few, replace(LAYER, times_worse=99.0)]) is LAYER
    assert nearest_property(LAYER, [few, token]) is token


def swapped(donors, answers, control=0):
    """A part of which each donor gave to example 0, and what was answered then."""
    nothing = Share()
    return PartFound(
        "frame",
        "",
        Share(),
        Share(control, 16),
        nothing,
        nothing,
        nothing,
        receivers=(0,) * len(donors),
        donors=tuple(donors),
        answers=tuple(answers),
        irrelevant=True,
    )


def test_of_what_must_not_matter_swaps_from_told_donors_count_by_hand():
    labels = np.array([0] * 10 + [1] * 30)
    # Of the donors, 20 to 39 at their positions 120 to 139, the reader surely tells 16.
    score = np.where(np.arange(40) < 36, -0.6, 0.1)
    answers = [1] * 12 + [0] * 4 + [0] * 4
    found = replace(PURE, accuracy_else=0.9, irrelevant=True, sure=19, accuracy_sure=0.0)
    part = swapped(range(120, 140), answers)
    seen = accuracy_where_swapped(found, part, look(score, labels), np.arange(100, 140), labels)
    low, high = wilson_interval(12, 16)
    assert seen is not None
    assert (seen.value, seen.low, seen.high) == pytest.approx(
        (0.9 * 4 / 16, 0.9 * (1 - high), 0.9 * (1 - low))
    )
    damaged = swapped(range(120, 140), answers, 2)
    seen = accuracy_where_swapped(found, damaged, look(score, labels), np.arange(100, 140), labels)
    assert seen is not None
    assert seen.value == pytest.approx(0.9 * 6 / 16)


@pytest.mark.parametrize(
    ("change", "blends"),
    [
        ({"name": "mark"}, True),
        ({}, False),  # of other parts swaps alone count
        ({"name": "mark", "sure": 14}, False),
        ({"name": "mark", "accuracy_sure": 0.1}, False),  # swaps say so, too
    ],
)
def test_with_a_mark_goes_what_lies_about_it(change, blends):
    # Of 30 told donors 28 are followed; where the mark misleads the model is right on a quarter.
    labels, score = np.array([0] * 10 + [1] * 30), np.full(40, -0.6)
    fields = {"accuracy_else": 1.0, "irrelevant": True, "sure": 20, "accuracy_sure": 0.25}
    found = replace(PURE, **(fields | change))
    again = replace(look(score, labels), by_reader={"colour": score, "mark": score})
    part = swapped(range(10, 40), [1] * 28 + [0] * 2)
    seen = accuracy_where_swapped(found, part, again, np.arange(40), labels)
    assert seen is not None
    low, high = wilson_interval(28, 30)
    if not blends:
        assert (seen.value, seen.low, seen.high) == pytest.approx((2 / 30, 1 - high, 1 - low))
    else:
        lowest, highest = wilson_interval(5, 20)
        assert seen.value == pytest.approx((2 / 30 + 0.25) / 2)
        assert (seen.low, seen.high) == pytest.approx((min(lowest, 1 - high), highest))


def test_where_swaps_leave_some_behind_examples_that_it_misleads_count_too():
    labels, score = np.array([0] * 10 + [1] * 30), np.full(40, -0.6)
    part = swapped(range(20, 40), [1] * 8 + [0] * 12)
    found = replace(PURE, accuracy_else=0.9, irrelevant=True, sure=30, accuracy_sure=0.0)
    alone = accuracy_where_swapped(replace(found, sure=0), part, look(score, labels),
                                   np.arange(40), labels)  # fmt: skip
    seen = accuracy_where_swapped(found, part, look(score, labels), np.arange(40), labels)
    assert alone is not None
    assert seen is not None
    assert alone.value == pytest.approx(0.9 * 12 / 20)
    assert (seen.value, seen.low, seen.high) == (alone.value / 2, 0.0, alone.high)
    usual = replace(part, in_part=True)  # how much is left behind is not known
    seen = accuracy_where_swapped(found, usual, look(score, labels), np.arange(40), labels)
    assert seen is not None
    assert (seen.value, seen.low, seen.high) == (alone.value, 0.0, alone.high)
    alike = replace(found, accuracy_sure=0.5)
    assert accuracy_where_swapped(alike, part, look(score, labels), np.arange(40), labels) == alone


def test_swaps_from_few_donors_that_are_told_say_nothing():
    labels, score = np.array([0] * 10 + [1] * 30), np.where(np.arange(40) < 34, -0.6, 0.1)
    part = swapped(range(20, 40), [1] * 20)
    found = replace(PURE, accuracy_else=0.9, irrelevant=True)
    again = look(score, labels)
    assert accuracy_where_swapped(found, part, again, np.arange(40), labels) is None


def test_what_is_seen_and_what_swaps_tell_hold_the_figure_between():
    seen, swapped = Estimate(0.52, 0.39, 0.65), Estimate(0.27, 0.2, 0.35)
    assert between(seen, swapped) == Estimate(pytest.approx(0.395), 0.2, 0.65)
    assert between(seen, None) == seen
