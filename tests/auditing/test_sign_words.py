import math
import re
from dataclasses import asdict, replace

import pytest

from earlysieve.auditing.leaning import FEWEST_EXPLAINED, Leaning, strength
from earlysieve.auditing.sign_words import signs_in_words

COLOUR = Leaning(
    name="colour", of_network=False, whole=False, reads=0.95, misread=100, sure=80, accuracy=0.2,
    accuracy_else=0.98, explained=60, times_worse=40.0, recovered=0.8, recovered_by="size",
    own_tells=0.7, followed=0.6, mended=0.8,
)  # fmt: skip
# What each sign goes by, on either side of where it turns.
TURNS = [
    ("gathers", {"times_worse": 13.0}, {"times_worse": 11.0}),
    ("recovers", {"recovered": 0.52}, {"recovered": 0.48}),
    ("swaps", {"mended": 0.46}, {"mended": 0.44}),
    ("swaps", {"followed": 0.09}, {"followed": 0.06}),
    ("confidence", {"own_tells": 0.6}, {"own_tells": 0.56}),
    ("reads", {"reads": 0.87}, {"reads": 0.83}),
]


def test_each_sign_has_a_sentence():
    words = signs_in_words(COLOUR)
    assert list(words) == list(asdict(strength(COLOUR)))
    assert words["gathers"] == (
        "The model errs 40 times as often where a reader of colour is misled as elsewhere; about "
        "12 times or more speaks for a shortcut."
    )
    assert words["swaps"] == (
        "When it is swapped between examples, 80% more of its errors are right than by chance, and "
        "60% more answers follow it; about 45%, and 8%, or more speaks for a shortcut."
    )
    few = replace(COLOUR, explained=34, recovered=23 / 38)
    assert (
        "on 21 of the 34 errors that it explains, which counts as 61%"
        in (signs_in_words(few)["recovers"])
    )
    assert "4.2 times" in signs_in_words(replace(COLOUR, times_worse=4.2))["gathers"]


@pytest.mark.parametrize(("name", "above", "below"), TURNS)
def test_a_sentence_says_where_its_sign_turns(name, above, below):
    for change, positive in ((above, True), (below, False)):
        found = replace(COLOUR, **change)
        assert (getattr(strength(found), name) > 0) is positive
        numbers = [float(n) for n in re.findall(r"\d+(?:\.\d+)?", signs_in_words(found)[name])]
        (seen,) = change.values()
        turn = {"followed": 8, "mended": 45, "times_worse": 12, "recovered": 50, "own_tells": 58,
                "reads": 85}[next(iter(change))]  # fmt: skip
        shown = seen if name == "gathers" else round(100 * seen)
        assert shown in numbers
        assert turn in numbers
        assert (shown > turn) is positive


def test_a_sign_that_is_not_known_is_said_to_count_for_nothing():
    nothing = math.nan
    found = replace(
        COLOUR,
        recovered=nothing,
        own_tells=nothing,
        mended=nothing,
        followed=nothing,
        reads=nothing,
    )
    signs, words = strength(found), signs_in_words(found)
    for name in ("recovers", "swaps", "confidence", "reads"):
        assert getattr(signs, name) == 0
        assert words[name].startswith("Not known here, so it counts for nothing")
    assert "too few" in signs_in_words(replace(found, times_worse=nothing))["gathers"]


def test_evidence_is_not_known_where_too_few_errors_are_explained():
    assert COLOUR.evidence == strength(COLOUR).total
    assert math.isnan(replace(COLOUR, explained=FEWEST_EXPLAINED - 1).evidence)


def test_a_swap_that_too_few_errors_can_judge_is_still_told():
    found = replace(COLOUR, mended=math.nan, followed=0.18)
    assert strength(found).swaps == 0
    assert "18% more answers follow it" in signs_in_words(found)["swaps"]
    assert "not swapped" in signs_in_words(replace(found, followed=math.nan))["swaps"]
