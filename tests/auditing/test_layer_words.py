"""What is said beside a verdict."""

from dataclasses import replace

import pytest

from earlysieve.auditing.layer_words import not_used

from .made_up import COLOUR

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
