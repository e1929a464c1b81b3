"""Words that answers follow though other words say little: "at risk", and what to ask."""

from dataclasses import replace

import pytest

from earlysieve.auditing.leaning_checks import worth_asking
from earlysieve.auditing.rule import decide

from .made_up import COLOUR, IDLE, LAYER, facts
from .test_verdict import summary

WORD = replace(
    IDLE, name="one word", misread=63, sure=63, accuracy=0.59, accuracy_else=0.95, explained=26,
    times_worse=55.0, recovered=0.37, followed=0.42, own_tells=0.6,
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, "at risk"),
        ({"name": "phrase"}, "at risk"),
        ({"name": "mark"}, "none found"),
        ({"followed": 0.39}, "none found"),
        ({"misread": 19, "sure": 19}, "none found"),
        ({"accuracy": 0.66}, "none found"),
        ({"accuracy": 0.1}, "none found"),  # as on wrong labels
        ({"times_worse": 11.0}, "none found"),
    ],
)
def test_a_word_that_answers_follow_at_a_cost(change, verdict):
    said = decide(facts(replace(WORD, **change)))
    assert said.verdict == verdict
    assert said.reason == ("a word" if verdict == "at risk" else "nothing")


GREETING = replace(
    IDLE, name="ends", reads=1.08, misread=79, sure=72, accuracy=0.56, accuracy_else=0.9,
    explained=27, times_worse=4.3, recovered=0.45, followed=0.43,
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, "at risk"),
        ({"name": "token"}, "inconclusive"),
        ({"reads": 0.94}, "inconclusive"),
        ({"followed": 0.39}, "inconclusive"),
        ({"sure": 19}, "inconclusive"),
        ({"accuracy": 0.61}, "inconclusive"),
    ],
)
def test_words_of_a_kind_that_answers_follow_though_a_readout_does_better(change, verdict):
    given = replace(facts(replace(GREETING, **change)), best_reads=1.19)
    said = decide(given)
    assert said.verdict == verdict
    assert said.reason == ("words of a kind" if verdict == "at risk" else "outdone")


def test_the_step_after_errors_that_gather_in_a_layer_asks_about_what_answers_follow():
    ends = replace(
        IDLE, name="ends", misread=480, sure=250, accuracy=0.83, accuracy_else=0.98,
        times_worse=9.0, followed=0.47,
    )  # fmt: skip
    layer = replace(
        LAYER, reads=1.0, misread=105, sure=105, accuracy=0.0, accuracy_else=1.0, explained=105,
        times_worse=1700.0, recovered=0.18, explained_share=1.0,
    )  # fmt: skip
    told = summary(facts(layer, replace(IDLE, name="token", followed=0.1), ends))
    assert told.verdict == "none found"
    assert "answers follow how the text begins or ends most" in told.next_steps[0]
    assert 'irrelevant=["beginning or end"]' in told.next_steps[0]
    quiet = summary(facts(layer, replace(ends, followed=0.1)))
    assert "most when" not in " ".join(quiet.next_steps)


def test_what_costs_nothing_or_has_no_name_is_not_worth_asking():
    follows = replace(IDLE, name="ends", accuracy=0.8, accuracy_else=0.95, followed=0.3)
    more = replace(follows, name="token", followed=0.4)
    assert worth_asking([follows, more]) == more
    for change in (
        {"accuracy": 0.9},
        {"followed": 0.1},
        {"of_network": True},
        {"name": "column a"},
    ):
        assert worth_asking([replace(follows, **change)]) is None


def test_the_headline_says_what_is_followed_and_what_it_costs():
    assert summary(facts(WORD)).headline == (
        "At risk: answers follow a word of one class (42% more often than by chance), and where it "
        "misleads the model errs 55 times as often: a shortcut, or the task."
    )
    assert not any("at least 20" in one for one in summary(facts(WORD)).next_steps)


def test_few_misled_examples_are_told_with_what_answers_follow():
    few = replace(COLOUR, misread=18, sure=18, accuracy=0.22, accuracy_sure=0.22, followed=0.79)
    assert summary(facts(IDLE, few)).headline == (
        "At risk: the label goes with colour, and answers follow it (79% more often than by "
        "chance); where it misleads the model is right on 22% of 18, too few to say what it costs, "
        "or it is the task."
    )
