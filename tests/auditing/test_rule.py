"""The rule: every verdict, every reason, and the order in which they come."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from earlysieve.auditing.known_data import KnownData
from earlysieve.auditing.leading import ENOUGH, SPEAKS, lead
from earlysieve.auditing.leaning import NOTHING, strength
from earlysieve.auditing.leaning_checks import FEWEST_MISLED
from earlysieve.auditing.power import examples_needed, power
from earlysieve.auditing.rule import decide

from .made_up import COLOUR, IDLE, LAYER, facts

TASK = replace(COLOUR, own_tells=0.55, recovered=0.55, accuracy_sure=0.04, times_worse=108.0)
# Where nothing else is to be said, these would be.
COPES = replace(IDLE, name="frame", reads=0.96, followed=0.4, sure=20, accuracy=0.8)
RESTS = replace(IDLE, name="token", reads=0.96, followed=0.5, sure=19)
COLUMN = replace(COLOUR, name="column a", at_edge=0.62, followed=0.12, mended=0.9)
NOISY = replace(COLUMN, at_edge=0.8, recovered=0.7, own_tells=0.82, times_worse=60.0)
BOTH = replace(
    COLUMN, name="columns a and b", accuracy_sure=0.15, times_worse=11.9, at_edge=0.62, followed=0.3
)
PULLED = replace(
    BOTH, times_worse=5.9, recovered=0.62, accuracy=0.48, accuracy_else=0.91, accuracy_sure=0.48,
    followed=0.32, mended=0.2,
)  # fmt: skip
OBEYED = replace(
    COLOUR, name="token", reads=0.95, accuracy=0.02, accuracy_sure=0.02, recovered=0.4,
    followed=0.0, mended=0.0, at_edge=0.5,
)  # fmt: skip
UNASKED = replace(LAYER, recovered=math.nan, recovered_by="")
BARRED = replace(IDLE, name="brightness", irrelevant=True, followed=0.2)


@pytest.mark.parametrize(
    ("seen", "verdict", "reason", "on"),
    [
        (facts(IDLE, COLOUR), "shortcut", "leans", "colour"),
        (facts(TASK), "at risk", "task", "colour"),
        # Of 30 errors, a share of 0.71 is surely above 0.56, and one of 0.69 is not.
        (facts(replace(TASK, recovered=0.69)), "at risk", "task", "colour"),
        (facts(replace(TASK, recovered=0.71)), "shortcut", "leans", "colour"),
        (facts(replace(TASK, own_tells=0.56)), "shortcut", "leans", "colour"),
        (facts(replace(TASK, accuracy_sure=0.05)), "shortcut", "leans", "colour"),
        (facts(replace(COLOUR, sure=FEWEST_MISLED - 1)), "at risk", "few misled", "colour"),
        (facts(replace(COLOUR, sure=FEWEST_MISLED)), "shortcut", "leans", "colour"),
        # A reader of places sees a small image: a simple task misleads it between classes.
        (facts(replace(COLOUR, name="place", at_edge=0.8)), "shortcut", "leans", "place"),
        (facts(replace(COLOUR, name="place", at_edge=0.81)), "none found", "nothing", None),
        # Of the few errors of a good model any reader explains some, where classes meet.
        (facts(replace(COLOUR, explained=9, at_edge=0.91)), "none found", "nothing", None),
        (facts(replace(COLOUR, explained=10, at_edge=0.91)), "shortcut", "leans", "colour"),
        (facts(replace(COLOUR, explained=9, at_edge=0.9)), "shortcut", "leans", "colour"),
        # Of few errors any layer may explain most.
        (facts(replace(LAYER, sure=19), examples=700), "inconclusive", "too few", None),
        (facts(replace(LAYER, sure=19), examples=900), "at risk", "few misled",
         LAYER.name),
        (facts(COPES, data=KnownData()), "inconclusive", "copes only here", "frame"),
        # Where most of what lacks the colour is misread nothing was memorised.
        (facts(replace(COLOUR, accuracy=0.5), COPES, data=KnownData()), "inconclusive",
         "copes only here", "frame"),
        (facts(replace(COLOUR, accuracy=0.49), COPES, data=KnownData()), "shortcut", "leans",
         "colour"),
        (facts(replace(COLOUR, accuracy=0.49, sure=FEWEST_MISLED - 1), COPES, data=KnownData()),
         "inconclusive", "copes only here", "frame"),
        (facts(COPES, data=KnownData(seen_in_training=False)), "none found", "nothing", None),
        (facts(replace(COPES, followed=0.39), data=KnownData()), "none found", "nothing", None),
        (facts(replace(COPES, accuracy=0.79), data=KnownData()), "none found", "nothing", None),
        (facts(replace(COPES, reads=0.89), data=KnownData()), "none found", "nothing", None),
        (facts(replace(COPES, whole=True), data=KnownData()), "none found", "nothing", None),
        (facts(COLUMN), "shortcut", "leans", "column a"),
        (facts(replace(COLUMN, name="direction")), "shortcut", "leans", "direction"),
        (facts(replace(COLUMN, name="columns a and b")), "shortcut", "leans", "columns a and b"),
        # What columns say together may be the task, and wrong labels what contradicts it.
        (facts(replace(COLUMN, accuracy_sure=0.04, recovered=0.6)), "shortcut", "leans",
         "column a"),
        (facts(replace(COLUMN, accuracy_sure=0.04, recovered=0.6, times_worse=21.0,
                       name="direction")),
         "none found", "nothing", None),
        (facts(replace(COLUMN, accuracy_sure=0.05, recovered=0.6, times_worse=21.0,
                       name="direction")),
         "shortcut", "leans", "direction"),
        # Errors gather 0.5 where there are 12 * 3**0.5 = 20.8 times as many of them; where classes
        # overlap there are fewer, and nothing but the columns themselves tells the label.
        (facts(replace(COLUMN, times_worse=20.7, recovered=0.6, name="direction")),
         "none found", "nothing", None),
        (facts(replace(COLUMN, times_worse=20.7, recovered=0.6, name="columns a and b")),
         "none found", "nothing", None),
        (facts(replace(COLUMN, times_worse=20.8, recovered=0.6, name="direction")),
         "shortcut", "leans", "direction"),
        (facts(replace(COLUMN, times_worse=20.7, recovered=0.71, name="direction")),
         "shortcut", "leans", "direction"),
        (facts(replace(COLUMN, times_worse=20.7, recovered=0.6)), "shortcut", "leans", "column a"),
        # However errors gather, where nothing else speaks for the label.
        (facts(replace(COLUMN, times_worse=60.0, recovered=0.55, name="direction")),
         "none found", "nothing", None),
        (facts(replace(COLUMN, times_worse=60.0, recovered=0.56, name="direction")),
         "shortcut", "leans", "direction"),
        # Two columns may be a part of the task, if the model errs elsewhere, too.
        (facts(replace(BOTH, times_worse=12.0)), "shortcut", "leans", "columns a and b"),
        (facts(BOTH), "at risk", "together", "columns a and b"),
        (facts(replace(BOTH, name="direction")), "shortcut", "leans", "direction"),
        (facts(IDLE, replace(BOTH, times_worse=6.0)), "at risk", "together", "columns a and b"),
        (facts(replace(BOTH, times_worse=5.9)), "none found", "nothing", None),
        # Of 30 errors, a share of 0.6 is surely above 0.45, and one of 0.59 is not.
        (facts(replace(BOTH, recovered=0.6)), "at risk", "together", "columns a and b"),
        (facts(replace(BOTH, recovered=0.59)), "none found", "nothing", None),
        (facts(replace(BOTH, accuracy_sure=0.14)), "none found", "nothing", None),
        # Where errors gather, others need only not speak against the label: of 0.5 that is sure.
        (facts(replace(BOTH, times_worse=12.0, recovered=0.5)), "at risk", "together",
         "columns a and b"),
        (facts(replace(BOTH, times_worse=12.0, recovered=0.49)), "none found", "nothing", None),
        (facts(replace(BOTH, followed=0.29)), "none found", "nothing", None),
        (facts(replace(BOTH, at_edge=0.63)), "none found", "overlaps", None),
        (facts(replace(BOTH, accuracy=0.9)), "none found", "nothing", None),
        (facts(replace(BOTH, irrelevant=True)), "shortcut", "irrelevant", "columns a and b"),
        (facts(replace(COLUMN, followed=math.nan)), "shortcut", "leans", "column a"),
        # What the model never overrules is no "none found", whatever other signs say.
        (facts(OBEYED), "at risk", "task", "token"),
        (facts(replace(OBEYED, accuracy_sure=0.1)), "none found", "nothing", None),
        (facts(replace(OBEYED, reads=0.94)), "none found", "nothing", None),
        (facts(replace(OBEYED, sure=19)), "none found", "nothing", None),
        (facts(replace(OBEYED, at_edge=0.63)), "none found", "nothing", None),
        (facts(replace(OBEYED, of_network=True)), "none found", "nothing", None),
        # Swapped, a column must move answers, and mislead elsewhere than where classes meet.
        (facts(replace(COLUMN, followed=0.11)), "none found", "nothing", None),
        (facts(replace(COLUMN, at_edge=0.63, own_tells=0.81)), "none found", "overlaps", None),
        (facts(replace(COLUMN, at_edge=0.63, name="direction", own_tells=0.81)), "none found",
         "overlaps", None),
        (facts(replace(LAYER, at_edge=0.63), replace(IDLE, name="column a")), "none found",
         "nothing", None),
        # All else clearly speaks for the label, and the model doubts.
        (facts(NOISY), "shortcut", "leans", "column a"),
        (facts(replace(NOISY, at_edge=0.81)), "none found", "overlaps", None),
        (facts(replace(NOISY, recovered=0.69)), "none found", "overlaps", None),
        (facts(replace(NOISY, own_tells=0.81)), "none found", "overlaps", None),
        (facts(replace(NOISY, times_worse=12.0)), "none found", "overlaps", None),
        (facts(replace(NOISY, accuracy=0.92)), "none found", "nothing", None),
        (facts(replace(COLOUR, at_edge=0.9)), "shortcut", "leans", "colour"),
        (facts(replace(COPES, name="column a", at_edge=0.76), data=KnownData()), "none found",
         "nothing", None),
        (facts(IDLE, BARRED), "shortcut", "irrelevant", "brightness"),
        # Who says that it must not matter need not be told that it may be the task, or too little.
        (facts(replace(TASK, irrelevant=True)), "shortcut", "irrelevant", "colour"),
        (facts(replace(COLOUR, sure=19, irrelevant=True)), "shortcut", "irrelevant", "colour"),
        (facts(replace(COLOUR, sure=19, irrelevant=True, followed=0.19)), "at risk", "few misled",
         "colour"),
        (facts(replace(BARRED, followed=0.19)), "none found", "nothing", None),
        (facts(replace(BARRED, irrelevant=False)), "none found", "nothing", None),
        (facts(BARRED, COLOUR), "shortcut", "leans", "colour"),
        (facts(IDLE, RESTS), "at risk", "rests", "token"),
        (facts(RESTS, BARRED), "shortcut", "irrelevant", "brightness"),
        (facts(replace(RESTS, followed=0.49)), "none found", "nothing", None),
        (facts(replace(RESTS, reads=0.94)), "none found", "nothing", None),
        (facts(replace(RESTS, sure=20, accuracy=0.7)), "none found", "nothing", None),
        (facts(replace(RESTS, of_network=True)), "none found", "nothing", None),
        (facts(replace(RESTS, whole=True)), "none found", "nothing", None),
        # Never swapped, it has to tell more.
        (facts(replace(RESTS, followed=math.nan)), "none found", "nothing", None),
        (facts(replace(RESTS, followed=math.nan, reads=0.97)), "at risk", "rests", "token"),
        # Only layers were looked at: wrong labels could look the same, if the model is unsure.
        (facts(UNASKED), "inconclusive", "layers alone", "layer1 mean"),
        (facts(UNASKED, IDLE), "none found", "nothing", None),
        (facts(replace(UNASKED, recovered=0.6)), "none found", "nothing", None),
        (facts(replace(UNASKED, own_tells=0.55)), "none found", "nothing", None),
        (facts(replace(UNASKED, explained=9)), "none found", "nothing", None),
        (facts(replace(UNASKED, accuracy=0.95, accuracy_else=0.99)), "none found", "nothing", None),
        (facts(IDLE, collapsed=["diving"]), "inconclusive", "collapsed", None),
        (facts(COLOUR, collapsed=["diving"]), "shortcut", "leans", "colour"),
        (facts(IDLE, examples=300), "inconclusive", "too few", None),
        (facts(COLOUR, examples=300), "shortcut", "leans", "colour"),
        (facts(IDLE), "none found", "nothing", None),
        (facts(), "none found", "nothing", None),
        (facts(IDLE, best_reads=1.06), "inconclusive", "outdone", None),
        # Asked about, or of two columns that tell more than the model and mislead it.
        (facts(replace(BARRED, accuracy=0.7), best_reads=1.1), "shortcut", "irrelevant",
         "brightness"),
        (facts(replace(BARRED, accuracy=0.95), best_reads=1.1), "inconclusive", "outdone", None),
        (facts(replace(BARRED, followed=0.19), best_reads=1.1), "inconclusive", "outdone", None),
        (facts(PULLED, best_reads=1.1), "at risk", "together", "columns a and b"),
        (facts(replace(PULLED, name="column a"), best_reads=1.1), "inconclusive", "outdone", None),
        (facts(replace(PULLED, recovered=0.61), best_reads=1.1), "inconclusive", "outdone", None),
        (facts(replace(PULLED, accuracy_sure=0.14), best_reads=1.1), "inconclusive", "outdone",
         None),
        (facts(replace(PULLED, accuracy=0.6), best_reads=1.1), "inconclusive", "outdone", None),
        (facts(replace(PULLED, at_edge=0.63), best_reads=1.1), "inconclusive", "outdone", None),
        (facts(COLOUR, best_reads=1.05), "shortcut", "leans", "colour"),
        (facts(COLOUR, best_reads=math.nan), "shortcut", "leans", "colour"),
        (facts(COLOUR, above_chance=False), "inconclusive", "chance", None),
        (
            facts(COLOUR, above_chance=False, predicted_classes=1),
            "inconclusive",
            "one class",
            None,
        ),
    ],
)  # fmt: skip
def test_every_reason(seen, verdict, reason, on):
    found = decide(seen)
    assert (found.verdict, found.reason) == (verdict, reason)
    assert (None if found.leaning is None else found.leaning.name) == on
    assert found.power == power(seen.examples)


@pytest.mark.parametrize(
    ("data", "accuracy", "leanings", "verdict", "reason"),
    [
        (KnownData(seen_in_training=True), 0.95, [IDLE], "inconclusive", "The model was trained"),
        # What it leans on there, it may have learnt by heart.
        (KnownData(seen_in_training=True), 0.95, [COLOUR], "inconclusive", "The model was trained"),
        (KnownData(), 0.99, [IDLE], "inconclusive", "The model is right on nearly every example"),
        (KnownData(), 0.989, [IDLE], "none found", "nothing"),
        (KnownData(seen_in_training=False), 1.0, [IDLE], "none found", "nothing"),
        # A shortcut that shows although nearly everything is right.
        (KnownData(), 0.995, [COLOUR], "shortcut", "leans"),
        (KnownData(lone_classes=("owl",)), 0.9, [COLOUR], "inconclusive", "1 class has one "),
        (
            KnownData(readout_below_chance=True), 0.9, [COLOUR], "inconclusive",
            "The readout does worse than always giving the most frequent class",
        ),
    ],
)  # fmt: skip
def test_what_the_data_forbid_to_say(data, accuracy, leanings, verdict, reason):
    found = decide(facts(*leanings, data=data, accuracy=accuracy))
    assert found.verdict == verdict
    assert found.reason.startswith(reason)


def test_a_model_that_learnt_nothing_has_memorised_nothing():
    seen = KnownData(seen_in_training=True)
    assert decide(facts(COLOUR, data=seen, above_chance=False)).reason == "chance"


def test_signs_are_of_the_leaning_that_the_verdict_is_about():
    assert decide(facts(COLOUR)).signs == strength(COLOUR)
    weaker = replace(COLOUR, accuracy=0.5)
    assert decide(facts(weaker, COPES, data=KnownData())).signs == NOTHING
    assert decide(facts(IDLE)).signs == NOTHING


# --- which leaning to speak of --------------------------------------------------------------------


def test_what_has_a_name_leads():
    assert strength(LAYER).total > strength(COLOUR).total - 0.5
    assert lead([LAYER, COLOUR]) == (COLOUR, strength(COLOUR))
    assert lead([LAYER, IDLE])[0] is LAYER
    # Half an image has to say more by 1, what only a layer sees by 2.5.
    half = replace(COLOUR, name="top half", whole=True, times_worse=30.0)
    assert strength(COLOUR).total < strength(half).total < strength(COLOUR).total + 1
    assert lead([half, COLOUR])[0] is COLOUR
    weak = replace(COLOUR, times_worse=4.0)
    assert ENOUGH <= strength(weak).total < strength(half).total - 1
    assert lead([half, weak])[0] is half


def test_a_column_leads_a_direction_that_says_little_more():
    column = replace(COLOUR, name="column a")
    direction = replace(COLOUR, name="direction", times_worse=60.0)
    assert strength(direction).total > strength(column).total
    assert lead([direction, column])[0] is column
    assert lead([direction, replace(column, recovered=0.5, times_worse=8.0)])[0] is direction


def test_where_nothing_is_enough_the_strongest_is_looked_at():
    poor = replace(COLOUR, name="place", recovered=0.3, mended=0.1)
    assert strength(poor).total < ENOUGH
    assert lead([IDLE, poor]) == (poor, strength(poor))
    assert lead([]) == (None, NOTHING)


@pytest.mark.parametrize(
    ("changes", "speaks"),
    [
        ({}, True),
        ({"explained": 9}, False),
        ({"recovered": 0.61}, False),
        ({"recovered": math.nan}, False),
        ({"times_worse": 20.0}, False),  # log_3(20 / 12) is 0.46
        ({"times_worse": 21.0}, True),  # log_3(21 / 12) is 0.51
        ({"own_tells": 0.55}, False),
        ({"own_tells": math.nan}, True),
        ({"reads": 1.06}, False),
        ({"at_edge": 0.72, "recovered": 0.63}, True),
        ({"at_edge": 0.73, "recovered": 0.71}, False),
        ({"at_edge": 0.95, "recovered": 0.73}, True),
        ({"at_edge": 0.96}, False),
    ],
)
def test_a_layer_speaks_only_where_errors_are_recovered(changes, speaks):
    found = replace(LAYER, **changes)
    assert lead([found]) == ((found, strength(found)) if speaks else (None, NOTHING))


def test_half_an_image_that_is_misled_between_classes_sees_the_task():
    half = replace(COLOUR, name="top half", whole=True, at_edge=0.73, recovered=0.59)
    assert lead([half]) == (None, NOTHING)
    for change in ({"at_edge": 0.72}, {"recovered": 0.6}, {"at_edge": math.nan}):
        assert lead([replace(half, **change)])[0] is not None


# --- power ----------------------------------------------------------------------------------------


def test_power_by_hand():
    # Eight errors of eight examples, each with a probability of one half.
    assert power(160, 0.05, 0.5) == pytest.approx(0.5**8)
    assert power(140, 0.05, 0.5) == 0.0
    # 1 - P(0 to 7 of 100 with 0.2 each).
    below = sum(math.comb(100, k) * 0.2**k * 0.8 ** (100 - k) for k in range(8))
    assert power(2000) == pytest.approx(1 - below)
    assert power(2000) == pytest.approx(1 - binom.cdf(7, 100, 0.2))
    assert power(2000, 0.05, 1.0) == 1.0


@given(st.integers(0, 20_000), st.integers(0, 5000), st.floats(0.01, 0.5), st.floats(0.05, 1.0))
def test_power_grows_with_examples(count, more, share, reliance):
    assert 0 <= power(count, share, reliance) <= 1
    assert power(count, share, reliance) <= power(count + more, share, reliance) + 1e-12


def test_as_many_examples_as_are_needed():
    needed = examples_needed()
    assert power(needed) >= 0.8 > power(needed - 100)
    assert examples_needed(share=0.5) < needed


@pytest.mark.parametrize(("accuracy", "verdict"), [(0.9, "none found"), (0.87, "shortcut")])
def test_what_costs_little_is_no_shortcut(accuracy, verdict):
    small = replace(COLOUR, accuracy=accuracy, accuracy_else=0.96, followed=0.3)
    assert decide(facts(small)).verdict == verdict


def test_what_tells_much_must_also_speak():
    tells = replace(COLOUR, reads=0.95, times_worse=16.0, recovered=0.47, followed=math.nan)
    tells = replace(tells, mended=math.nan)
    signs = strength(tells)
    assert signs.total >= ENOUGH
    assert signs.speaking < SPEAKS
    assert decide(facts(tells)).verdict == "none found"
    assert decide(facts(replace(tells, recovered=0.52))).verdict == "shortcut"


def test_what_swaps_show_is_said_of_a_model_that_its_readers_outdo():
    assert decide(facts(COLOUR, best_reads=1.1)).verdict == "shortcut"
    unmoved = replace(COLOUR, followed=0.1, mended=0.2)
    assert decide(facts(unmoved, best_reads=1.1)).reason == "outdone"
    # Answers that follow it, and a loss where it misleads, are no matter of training either.
    follows = replace(unmoved, followed=0.3, accuracy=0.5, accuracy_else=0.9)
    assert strength(follows).swaps < 0.5
    assert decide(facts(follows, best_reads=1.1)).verdict == "shortcut"
    for change in ({"followed": 0.29}, {"accuracy": 0.51}, {"sure": FEWEST_MISLED - 1}):
        assert decide(facts(replace(follows, **change), best_reads=1.1)).reason == "outdone"


def test_a_greater_loss_needs_fewer_answers_that_follow():
    unmoved = replace(COLOUR, mended=0.2, accuracy=0.4, accuracy_else=0.9)
    assert decide(facts(replace(unmoved, followed=0.2), best_reads=1.1)).verdict == "shortcut"
    for change in ({"followed": 0.19}, {"followed": 0.29, "accuracy": 0.41}):
        assert decide(facts(replace(unmoved, **change), best_reads=1.1)).reason == "outdone"


def test_of_a_mark_a_small_loss_is_enough_where_half_of_the_answers_follow():
    mark = replace(COLOUR, name="mark", mended=0.2, times_worse=3.0, recovered=0.8)
    mark = replace(mark, followed=0.5, accuracy=0.7, accuracy_else=0.82)
    assert decide(facts(mark, best_reads=1.1)).verdict == "shortcut"
    for change in ({"followed": 0.49}, {"accuracy": 0.71}, {"name": "place"}):
        assert decide(facts(replace(mark, **change), best_reads=1.1)).reason == "outdone"


def test_a_model_that_relies_on_a_cue_less_than_it_could_errs_elsewhere_too():
    # Errors hardly gather, and yet half of its accuracy is lost where it would have to let go.
    loose = replace(COLOUR, times_worse=5.0, mended=0.1, accuracy=0.4, accuracy_else=0.9)
    loose = replace(loose, followed=0.3, recovered=0.66, reads=1.1)
    assert strength(loose).speaking < SPEAKS
    found = decide(facts(IDLE, loose, best_reads=1.1))
    assert (found.verdict, found.reason, found.leaning) == ("shortcut", "leans", loose)
    assert found.signs == strength(loose)
    # Readers that do no better than the model would have shown more.
    assert decide(facts(loose)).verdict == "none found"
    for change in (
        {"recovered": 0.61},
        {"followed": 0.19},
        {"sure": FEWEST_MISLED - 1},
        {"name": "top half", "whole": True},
    ):
        assert decide(facts(replace(loose, **change), best_reads=1.1)).reason == "outdone"


def test_what_tells_the_label_better_and_misleads_more_leads():
    task = replace(COLOUR, name="spectrum", reads=0.88, accuracy=0.67, accuracy_else=0.94)
    cue = replace(COLOUR, reads=1.07, accuracy=0.5, accuracy_else=0.91, times_worse=6.0)
    assert strength(task).total > strength(cue).total - 0.5
    assert lead([replace(task, times_worse=30.0), cue])[0] is cue
    for change in ({"reads": 0.97}, {"accuracy": 0.6}, {"recovered": 0.3}):
        other = replace(cue, **change)
        assert lead([replace(task, times_worse=30.0), other])[0].name == "spectrum"
    place = replace(cue, name="place", accuracy=0.55, times_worse=20.0)
    assert strength(place).total > strength(cue).total
    assert lead([replace(task, times_worse=30.0), place, cue])[0] is cue


def test_where_what_leads_is_not_followed_something_else_may_be():
    place = replace(COLOUR, name="place", followed=0.1, mended=0.2, accuracy=0.5, recovered=0.9)
    colour = replace(COLOUR, times_worse=3.0, mended=0.2, accuracy=0.4, accuracy_else=0.9)
    assert lead([place, colour])[0] is place
    found = decide(facts(place, colour, best_reads=1.1))
    assert (found.verdict, found.leaning) == ("shortcut", colour)


# --- what nothing tells apart ---------------------------------------------------------------------

# Where it is surely wrong the model mostly is, and whether labels are wrong there nothing tells.
ALIKE = replace(
    IDLE, name="brightness", reads=0.95, sure=20, accuracy=0.5, accuracy_else=0.9,
    accuracy_sure=0.4, at_edge=0.72, recovered=0.45,
)  # fmt: skip
SEEN_BY_LAYER = replace(ALIKE, name="layer1 mean", of_network=True, accuracy_sure=0.15)


@pytest.mark.parametrize("found", [ALIKE, SEEN_BY_LAYER, replace(ALIKE, recovered=math.nan)])
def test_what_tells_as_much_as_the_model_and_errs_with_it_is_a_risk(found):
    said = decide(facts(IDLE, found))
    assert (said.verdict, said.reason, said.leaning) == ("at risk", "told as well", found)


@pytest.mark.parametrize(
    "change",
    [
        {"reads": 0.94},
        {"sure": 19},
        {"accuracy_sure": 0.41},
        {"accuracy": 0.51},
        {"at_edge": 0.73},  # a simple task: only what lies between its classes is misread
        {"recovered": 0.44},  # others prefer the answers: wrong labels
        {"name": "mark"},
        {"name": "column a"},
        {"name": "layer1 mean", "of_network": True, "accuracy_sure": 0.16},
    ],
)
def test_else_nothing_was_found(change):
    assert decide(facts(IDLE, replace(ALIKE, **change))).verdict == "none found"


def test_a_column_that_tells_as_much_is_named_rather_than_the_layer():
    column = replace(ALIKE, name="column ph", at_edge=0.8, recovered=0.5)
    assert decide(facts(column, SEEN_BY_LAYER)).leaning == column
    assert decide(facts(replace(column, reads=0.94), SEEN_BY_LAYER)).leaning == SEEN_BY_LAYER
    assert decide(facts(replace(column, accuracy=0.83), SEEN_BY_LAYER)).leaning == SEEN_BY_LAYER


def test_of_two_columns_others_must_tell_more_than_by_chance():
    both = replace(COLOUR, name="columns a and b", times_worse=40.0, explained=50, at_edge=0.5)
    assert decide(facts(replace(both, recovered=0.62))).verdict == "shortcut"
    assert decide(facts(replace(both, recovered=0.61))).verdict == "none found"


def test_others_may_prefer_the_answers_where_the_model_is_unsure_of_them():
    unsure = replace(ALIKE, recovered=0.3, own_tells=0.75)
    assert decide(facts(IDLE, unsure)).leaning == unsure
    assert decide(facts(IDLE, replace(unsure, own_tells=0.74))).verdict == "none found"


# Gathers 0.25, recovers 0, swaps unknown, confidence 0.5, reads 0.75: of a colour not enough.
MARKS = replace(
    COLOUR, name="symbols", reads=0.97, times_worse=12 * 3**0.25, recovered=0.5, own_tells=0.9,
    followed=math.nan, mended=math.nan,
)  # fmt: skip


def test_kinds_of_words_that_tell_as_much_as_the_model_are_asked_for_less_beside_them():
    assert strength(MARKS).total == pytest.approx(1.5)
    found = decide(facts(IDLE, MARKS))
    assert (found.verdict, found.leaning) == ("shortcut", MARKS)
    for change in ({"name": "colour"}, {"reads": 0.94}, {"times_worse": 11.9}):
        assert decide(facts(IDLE, replace(MARKS, **change))).verdict != "shortcut"


def test_ends_that_tell_less_are_called_where_all_else_overrules_them():
    """Twelve phrases are more than a reader learns, and the words between tell the label."""
    found = replace(
        MARKS, name="ends", reads=0.66, times_worse=26.0, recovered=0.84, explained=81,
        followed=0.53, mended=0.4, own_tells=0.5,
    )  # fmt: skip
    assert decide(facts(found)).verdict == "shortcut"
    for change in ({"recovered": 0.77}, {"followed": 0.29}, {"name": "token"}):
        assert decide(facts(replace(found, **change))).verdict != "shortcut"


def test_a_layer_of_texts_is_a_risk_where_words_speak_for_the_label():
    token = replace(IDLE, name="token")
    told = replace(SEEN_BY_LAYER, recovered=0.55)
    assert decide(facts(token, told)).reason == "told as well"
    assert decide(facts(token, replace(told, recovered=0.54))).verdict == "none found"


def test_a_mark_in_a_corner_comes_before_the_border_that_holds_it():
    frame = replace(COLOUR, name="frame", reads=0.97, accuracy=0.41, mended=0.85, followed=0.57)
    mark = replace(frame, name="mark", reads=0.985, accuracy=0.28, mended=0.67, followed=0.71)
    assert lead([frame, mark])[0] is mark
    for change in ({"reads": 0.96}, {"accuracy": 0.37}, {"name": "colour"}):
        assert lead([frame, replace(mark, **change)])[0] is frame


def test_what_was_said_not_to_matter_is_answered_first():
    asked = replace(COLOUR, name="mark", times_worse=12.0, irrelevant=True)
    other = replace(COLOUR, times_worse=36.0)
    assert decide(facts(other, asked)).leaning == asked
    assert decide(facts(other, replace(asked, followed=0.19))).leaning == other
    assert decide(facts(replace(other, irrelevant=True), asked)).leaning.name == "colour"


def test_what_a_kind_of_words_is_called_by_comes_before_the_ends_that_hold_it():
    ends = replace(MARKS, name="ends", times_worse=12 * 3**1.2)
    assert lead([ends, MARKS])[0] is MARKS
    assert lead([replace(ends, times_worse=12 * 3**1.4), MARKS])[0].name == "ends"


def test_of_texts_layers_are_not_spoken_of():
    words = replace(IDLE, name="token")
    assert decide(facts(words, SEEN_BY_LAYER)).verdict == "none found"
    assert decide(facts(words, replace(ALIKE, name="length"))).verdict == "at risk"


def test_a_property_is_spoken_of_before_a_layer():
    better = replace(SEEN_BY_LAYER, reads=1.0)
    assert decide(facts(better, ALIKE)).leaning == ALIKE


def test_of_what_tells_as_much_that_is_named_which_answers_follow_or_was_asked_about():
    """Numbers are words, too: a reader of all words tells just as much by these."""
    words = replace(ALIKE, name="token", followed=0.0)
    numbers = replace(ALIKE, name="numbers", followed=0.08)
    for found in ([words, numbers], [numbers, words]):
        assert decide(facts(*found)).leaning is numbers
    unswapped = replace(numbers, followed=math.nan)
    assert decide(facts(unswapped, replace(words, followed=0.1))).leaning.name == "token"
    more = replace(words, reads=0.96)
    assert decide(facts(numbers, more)).leaning is more
    asked = replace(numbers, irrelevant=True)
    assert decide(facts(more, asked)).leaning is asked


def test_nothing_can_be_told_of_a_model_that_does_hardly_better_than_guessing():
    weak = replace(facts(IDLE), far_above_chance=False)
    assert (decide(weak).verdict, decide(weak).reason) == ("inconclusive", "hardly better")
    assert decide(replace(facts(COLOUR), far_above_chance=False)).verdict == "shortcut"


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, "at risk"),
        ({"own_tells": 0.69}, "none found"),  # as of wrong labels, which no model doubts
        ({"recovered": 0.34}, "none found"),
        ({"times_worse": 11.9}, "none found"),
        ({"accuracy": 0.51}, "none found"),
        ({"reads": 0.94}, "none found"),
        ({"sure": 19}, "none found"),
        ({"name": "colour"}, "none found"),  # no sign of one class
    ],
)
def test_a_sign_that_few_answers_follow_is_at_risk_where_errors_gather_by_it(change, verdict):
    """As of a model that was trained to follow it less: 0.34 where it misleads, 0.80 elsewhere."""
    sign = {
        "name": "spot", "reads": 1.04, "sure": 61, "misread": 61, "accuracy": 0.34,
        "accuracy_sure": 0.45, "accuracy_else": 0.8, "explained": 38, "times_worse": 34.0,
        "recovered": 0.45, "own_tells": 0.77, "followed": 0.0, "mended": 0.12, "at_edge": 0.28,
    }  # fmt: skip
    found = decide(facts(IDLE, replace(COLOUR, **sign | change)))
    assert found.verdict == verdict
    assert (found.reason == "told as well") == (verdict == "at risk")


BAR = replace(
    COLOUR, name="frame of one class", reads=1.02, misread=39, sure=60, accuracy=0.03,
    accuracy_else=0.6, explained=38, times_worse=312.0, recovered=0.1, own_tells=0.51,
    followed=0.78, mended=math.nan, accuracy_sure=0.03, at_edge=0.43,
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, "shortcut"),  # every other reader sees the bar, and none sides with the label
        ({"followed": 0.49}, "none found"),  # as wrong labels of a class
        ({"followed": math.nan}, "none found"),
        ({"sure": 19}, "none found"),
        ({"accuracy": 0.21}, "none found"),
        ({"times_worse": 11.0}, "none found"),
        ({"name": "size of one class"}, "none found"),
    ],
)
def test_a_border_of_one_class_that_answers_follow_is_a_shortcut(change, verdict):
    decision = decide(facts(IDLE, replace(BAR, **change)))
    assert decision.verdict == verdict
    assert decision.leaning == (BAR if verdict == "shortcut" else None)
