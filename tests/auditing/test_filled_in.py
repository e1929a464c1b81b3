"""A number that stands in much of a column."""

import numpy as np
import pytest

from earlysieve.auditing.filled_in import filled_in

from .made_up import COLOUR, facts
from .test_verdict import summary

OTHERS = np.arange(69) / 10


@pytest.mark.parametrize(
    ("column", "told"),
    [
        (np.r_[OTHERS, [2.7] * 30], "2.7 stands in 31% of the rows of 'dose': was it filled in?"),
        (np.r_[OTHERS, [9.0] * 31], "9 stands in 31% of the rows of 'dose': was it filled in?"),
        (np.r_[OTHERS, 7.0, [9.0] * 30], ""),  # 30% and no more
        (np.repeat([0.0, 1.0, 2.0], [60, 25, 15]), ""),  # it counts something
        (np.r_[np.repeat(OTHERS[:20], 7), [9.0] * 70], "9 stands in 33% of the rows"),
        (np.r_[np.repeat(OTHERS[:20], 8), [9.0] * 79], "9 stands in 33% of the rows"),
    ],
)
def test_a_number_in_much_of_a_column(column, told):
    found = filled_in(column, "dose")
    assert found.startswith(told)
    assert bool(found) == bool(told)


def test_the_explanation_asks_about_it():
    asked = "2.7 stands in 54% of the rows of 'dose': was it filled in?"
    found = summary(facts(COLOUR), filled=asked).explanation
    assert f"although the label can be told. {asked}" in found.partition("\n")[0]
