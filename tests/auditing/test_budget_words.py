"""What is said where the budget of swaps ended before all that tells as much was swapped."""

import math
from dataclasses import replace

import pytest

from earlysieve.auditing.budget_words import budget_decided
from earlysieve.auditing.swaps.found import SPENT, Swaps

from .made_up import COLOUR

OTHER = replace(COLOUR, name="patch", reads=0.95 * COLOUR.reads, followed=math.nan)
SWAPS = Swaps(skipped={"patch": SPENT, "mark": SPENT})


def test_what_tells_as_much_and_was_not_swapped_is_named():
    assert budget_decided(COLOUR, [COLOUR, OTHER], SWAPS) == (
        "The budget of swaps was spent before it came to what lies in one small part of the image, "
        "which may be what the model goes by instead: audit with a larger one (swaps=, --swaps)."
    )
    mark = replace(OTHER, name="mark", reads=COLOUR.reads)
    told = budget_decided(COLOUR, [OTHER, mark], SWAPS)
    assert "came to a mark in one place of the image and what lies in one small part" in told


@pytest.mark.parametrize(
    "change",
    [{"reads": 0.89 * COLOUR.reads}, {"reads": math.nan}, {"of_network": True}, {"relevant": True},
     {"name": "colour"}, {"name": "frame"}],
)  # fmt: skip
def test_what_tells_less_or_was_no_question_of_the_budget_is_not(change):
    assert budget_decided(COLOUR, [replace(OTHER, **change)], SWAPS) == ""


def test_nothing_is_said_where_all_were_swapped():
    assert budget_decided(COLOUR, [OTHER], Swaps(skipped={"patch": "it is nowhere"})) == ""
