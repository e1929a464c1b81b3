"""The outcome in words: what leads, and what is said where nothing was better."""

from types import SimpleNamespace

import pandas as pd
import pytest

from earlysieve.fixing.outcome import in_options, words_of

PARTS = pd.DataFrame(
    [("all held-out examples", "all", 180, 0.44, 0.76), ("misled", "misled", 104, 0.38, 0.68)],
    columns=["part", "kind", "n", "before", "after"],
)


GROUPS = pd.DataFrame(
    [
        ("all held-out examples", "all", 180, 0.44, 0.76),
        ("day", "group", 90, 0.5, 0.6),
        ("night", "group", 90, 0.38, 0.68),
    ],
    columns=["part", "kind", "n", "before", "after"],
)


def basis(verdict, reader="colour"):
    judged = SimpleNamespace(config={"reader": reader} if reader else {})
    summary = SimpleNamespace(verdict=verdict, leanings=())
    audit = SimpleNamespace(summary=summary)
    return SimpleNamespace(judged_by=judged, audit=audit, notes=(), sources={})


def test_a_shortcut_leads_with_those_whom_it_misleads():
    headline, text = words_of(basis("shortcut"), "afr", PARTS, "accuracy", 3)
    assert headline == (
        "'afr' is right on 68% [59%, 76%] instead of 38% where a reader of colour is misled."
    )
    assert "Over all 180 held-out examples it is right on 76.0%, 32.0 points more" in text
    assert "test it on data in which the shortcut fails" in text


def test_a_gain_on_those_who_were_guessed_to_be_misled_is_told_to_be_none():
    headline, text = words_of(
        basis("inconclusive"), "no change", PARTS, "pseudo_group_accuracy", 10, within_chance=10
    )
    assert headline == "The model stays as it is."
    assert text.startswith("None of 10 candidates is right on more of all held-out examples than")
    assert "so that a gain on these alone is none" in text
    _, text = words_of(basis("at risk"), "no change", PARTS, "accuracy", 10, within_chance=8)
    assert text.startswith("Only 2 of 10 candidates are right on more of all")


def test_how_sure_a_gain_is_depends_on_how_many_are_misled():
    few = PARTS.assign(n=[180, 11])
    headline, text = words_of(basis("shortcut"), "afr", few, "accuracy", 3, (0.27, -0.02, 0.54))
    assert headline == (
        "Nothing helps surely where a reader of colour is misled; the best is 'afr', right on 68% "
        "[39%, 88%] instead of 38%."
    )
    assert (
        "On the 11 misled ones the gain is +27 points (95% interval -2 to +54 for one candidate, "
        "and the best of several looks better than it is): so few cannot tell it from none." in text
    )
    headline, text = words_of(basis("shortcut"), "afr", PARTS, "accuracy", 3, (0.3, 0.2, 0.4))
    assert headline.startswith("'afr' is right on 68% [59%, 76%] instead of 38% where")
    dear = few.assign(after=[0.35, 0.68])
    weak, _ = words_of(basis("shortcut", ""), "afr", dear, "accuracy", 3, (0.27, 0.0, 0.54))
    assert weak == (
        "Nothing helps surely on the examples in question; the best is 'afr', right on 68% "
        "[39%, 88%] instead of 38%, but right on 35% instead of 44% of all."
    )
    assert "the gain is +30 points (95% interval +20 to +40" in text
    assert "cannot tell" not in text


def test_where_the_audit_names_nothing_all_examples_lead():
    headline, text = words_of(basis("inconclusive"), "afr", PARTS, "accuracy", 3)
    assert headline == "'afr' is right on 76% instead of 44% of the 180 held-out examples."
    assert text.startswith(
        "Where a reader of colour is misled it is right on 68% [59%, 76%] instead of 38%."
    )
    assert "test it on other data" in text
    assert "shortcut" not in text


@pytest.mark.parametrize(("verdict", "reader"), [("shortcut", ""), ("inconclusive", "")])
def test_given_groups_lead_whatever_the_verdict(verdict, reader):
    headline, _ = words_of(basis(verdict, reader), "afr", PARTS, "accuracy", 3)
    assert headline == (
        "'afr' is right on 68% [59%, 76%] instead of 38% on the examples in question."
    )


def test_the_worst_of_the_groups_leads():
    headline, _ = words_of(basis("none found", ""), "afr", GROUPS, "worst_group_accuracy", 3)
    assert headline == (
        "'afr' is right on 68% instead of 38% of the group 'night', on which the model was worst."
    )
    numbered = GROUPS.assign(part=["all held-out examples", "group 0", "group 1"])
    headline, _ = words_of(basis("shortcut", ""), "afr", numbered, "worst_group_accuracy", 3)
    assert headline.endswith("38% of group 1, on which the model was worst.")
    lost = GROUPS.assign(after=[0.76, 0.6, 0.3])
    headline, _ = words_of(basis("none found", ""), "afr", lost, "pseudo_group_accuracy", 3)
    assert headline.startswith(
        "'afr' does better by pseudo_group_accuracy, but is right on 30% instead of 38% of the"
    )


def test_on_the_command_line_options_are_named():
    held = basis("none found")
    held.data = SimpleNamespace(groups=[0, 1])
    _, text = words_of(held, "no change", PARTS, "accuracy", 0)
    assert in_options(text).endswith(
        "Pass groups to try all the same (--groups-from FILE), or choose by those that the data "
        "name (--select worst_group_accuracy)."
    )
    held.data.groups = None
    _, text = words_of(held, "no change", PARTS, "accuracy", 0)
    assert text.endswith("Pass groups to try all the same (groups=).")


def test_a_loss_over_all_never_leads():
    lost = PARTS.assign(before=[0.8, 0.38])
    headline, text = words_of(basis("inconclusive"), "afr", lost, "accuracy", 3)
    assert "where a reader of colour is misled" in headline
    assert "4.0 points less" in text


@pytest.mark.parametrize("after", [0.38, 0.3])
def test_what_gains_nothing_where_it_is_misled_is_no_success(after):
    same = PARTS.assign(after=[0.45, after])
    headline, text = words_of(basis("shortcut"), "afr", same, "accuracy", 3)
    assert headline == (
        f"'afr' is no better where a reader of colour is misled: right on {after:.0%}, before on "
        "38%."
    )
    assert text.startswith("Over all 180 held-out examples it is right on 45.0%")


def test_why_nothing_was_changed():
    half = PARTS.assign(after=[0.35, 0.68])
    headline, _ = words_of(basis("shortcut"), "afr", half, "accuracy", 3)
    assert headline == (
        "'afr' is right on 68% [59%, 76%] instead of 38% where a reader of colour is misled, but "
        "right on 35% instead of 44% of all."
    )
    headline, text = words_of(basis("shortcut"), "no change", PARTS, "accuracy", 3)
    assert headline == "The model stays as it is."
    assert "only weighs what the features hold" in text
    _, text = words_of(basis("inconclusive"), "no change", PARTS, "accuracy", 3)
    assert "than chance explains by accuracy" in text


def test_a_gain_that_a_guess_would_give_is_named_beside_it():
    coin = PARTS.assign(before=[0.92, 0.0], after=[0.65, 0.49])
    headline, _ = words_of(basis("shortcut"), "dfr", coin, "accuracy", 10, chance=0.5)
    assert headline == (
        "'dfr' is right on 49% [40%, 58%] instead of 0% (guessing: 50%) where a reader of colour "
        "is misled, but right on 65% instead of 92% of all."
    )
    # Of 104 Wilson's interval of 58% begins at 0.484, that of 68% at 0.585.
    for after, named in ((0.58, True), (0.68, False)):
        some = PARTS.assign(after=[0.76, after])
        headline, _ = words_of(basis("shortcut"), "dfr", some, "accuracy", 10, chance=0.5)
        assert ("(guessing: 50%)" in headline) == named
    headline, _ = words_of(basis("shortcut"), "dfr", coin, "accuracy", 10, chance=0.1)
    assert "guessing" not in headline


@pytest.mark.parametrize(
    ("guessing", "said"),
    [
        (0, "None of 10 candidates scored higher by accuracy."),
        (7, "None of the 3 candidates that do more than guess scored higher by accuracy."),
        (10, "All 10 candidates guess where the shortcut misleads, or elsewhere."),
    ],
)
def test_guesses_are_not_said_to_have_scored_lower(guessing, said):
    _, text = words_of(basis("shortcut"), "no change", PARTS, "accuracy", 10, guessing=guessing)
    assert text.startswith(said)
