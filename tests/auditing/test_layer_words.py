"""What is said beside a verdict."""

from dataclasses import replace

import pytest

from earlysieve._readable import _SHORT, capitalised, readable
from earlysieve.auditing.layer_words import nearest_sign, not_used, what_a_layer_tells
from earlysieve.auditing.words import _NAMES, called

from .made_up import COLOUR

LAYER = replace(COLOUR, of_network=True, reads=0.9, times_worse=12.0)
NAMES = ("layer1.0 mean", "columns", "column site", "columns a and b", "values of site: B", *_SHORT)
BRANCH = replace(COLOUR, name="column branch", reads=1.57, followed=-0.07)


def test_a_column_that_tells_far_more_than_the_model_is_told():
    assert not_used([COLOUR, BRANCH], 0.97).startswith(
        "Column 'branch' alone tells 157% of what the model tells, and answers hardly follow it"
    )


@pytest.mark.parametrize(
    ("change", "best_reads"),
    [
        ({"reads": 1.29}, 0.97),
        ({"followed": 0.12}, 0.97),
        ({}, 1.3),
        ({"name": "values of branch: 7"}, 0.97),
        ({"name": "brightness"}, 0.97),
    ],
)
def test_nothing_is_said_of_what_is_used_or_tells_no_more(change, best_reads):
    assert not_used([replace(BRANCH, **change)], best_reads) == ""


# As measured of compression of photographs, of which 360 were audited.
NEAR = replace(COLOUR, name="spectrum", followed=0.21, times_worse=4.1, explained=27)


def test_of_too_few_examples_the_nearest_sign_is_told():
    told = nearest_sign([replace(NEAR, name="size", explained=11), NEAR])
    assert told.startswith(
        "What comes nearest to one is texture (how strong each frequency is): 27 of the errors are "
        "what its reader says, and where it is misled the model errs 4 times as often."
    )
    assert "irrelevant=['texture'] (--irrelevant texture) asks about it" in told
    column = replace(NEAR, name="column late payments")
    assert "(--irrelevant 'late payments')" in nearest_sign([column])


@pytest.mark.parametrize(
    "change",
    [
        {"followed": 0.11},
        {"followed": float("nan")},
        {"times_worse": 2.9},
        {"explained": 9},
        {"name": "top half", "whole": True},
        {"of_network": True},
        {"name": "spot"},
        {"irrelevant": True},  # it was asked about
    ],
)
def test_what_shows_less_than_that_is_not_told(change):
    assert nearest_sign([replace(NEAR, **change)]) == ""


@pytest.mark.parametrize("name", NAMES)
def test_a_sentence_begins_with_the_whole_name_of_whatever_tells_most(name):
    text = what_a_layer_tells(replace(LAYER, name=name)).partition("errors. ")[2]
    what = readable(name, of_network=True)
    assert text.startswith(f"{what[0].upper()}{what[1:]} tells 90% of what the model tells")


@pytest.mark.parametrize("name", [*NAMES, *_NAMES])
def test_no_name_loses_a_letter_at_the_start_of_a_sentence(name):
    for text in (readable(name), called(replace(COLOUR, name=name))):
        assert capitalised(text).lower() == text.lower()
        assert capitalised(text)[0].isupper() or not text[0].isalpha()
        assert capitalised(text)[1:] == text[1:]


def test_of_nothing_no_letter_is_large():
    assert capitalised("") == ""
