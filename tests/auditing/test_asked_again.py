"""What a shortcut is about, as an audit of other data is asked about it."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from earlysieve.auditing.asked_again import asked_again

from .made_up import COLOUR, LAYER


def about(verdict="shortcut", **change):
    on = replace(COLOUR, followed=0.5, **change)
    return SimpleNamespace(verdict=verdict, leans_on=on.name, leanings=[on])


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("colour", "colour"),
        ("blur of one class", "blur"),
        ("token", "telling words"),
        ("column age", "column age"),
        ("values of site: B or C", "column site"),
        ("top half", None),  # no part of that name is swapped
    ],
)
def test_a_shortcut_is_asked_about_by_the_name_of_its_part(name, typed):
    assert asked_again(about(name=name)) == typed


def test_what_is_no_shortcut_or_was_asked_about_already_is_left_to_the_other_audit():
    assert asked_again(about("at risk")) is None
    assert asked_again(about(irrelevant=True)) is None
    assert asked_again(about(name=LAYER.name, of_network=True)) is None
    nothing = SimpleNamespace(verdict="shortcut", leans_on=None, leanings=[])
    assert asked_again(nothing) is None
