"""A number that stands in much of a column."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from earlysieve.auditing.filled_in import filled_in, place_of
from earlysieve.auditing.judge import _filled
from earlysieve.auditing.telling_values import TellingValues
from earlysieve.datasets.variables import Variable
from earlysieve.readouts.feature_store import FeatureStore

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


@pytest.mark.parametrize(
    ("column", "values", "told"),
    [
        (np.repeat([-0.9994706, 0.3, 1.6], [32, 48, 20]), [-0.9994706],
         "-0.9994706 is the smallest value of column 'stays', in 32% of the rows."),
        (np.repeat([-0.9994706, 0.3, 1.6], [50, 30, 20]), [-0.9994706],
         "-0.9994706 is the smallest and most frequent value of column 'stays', in 50% of the"),
        (np.repeat([-1.0, 0.3, 1.6], [20, 60, 20]), [0.3], "0.3 is the most frequent value"),
        (np.repeat([-1.0, 0.3, 1.6], [40, 20, 40]), [0.3], ""),
        (np.repeat([-1.0, 0.3, 1.6], [40, 20, 40]), [0.3, 1.6], "1.6 is the largest value of"),
        (np.repeat([0.0, 1.0], 50), [1.0], ""),  # of two values anyone knows which it is
    ],
)  # fmt: skip
def test_which_of_a_columns_values_a_number_is(column, values, told):
    found = place_of(column.astype(np.float32), values, "stays")
    assert found.startswith(told)
    assert bool(found) == bool(told)


def test_a_number_that_a_verdict_is_about_is_looked_up_in_its_column():
    rows = FeatureStore()
    rows.append(torch.tensor([[0.0, -0.5]] * 40 + [[1.0, 0.1]] * 35 + [[2.0, 0.7]] * 25))
    variable = Variable("column stays", (1,), ())
    value = TellingValues(variable, (-0.5,), (1,))
    views = SimpleNamespace(columns=rows)
    seen = SimpleNamespace(
        telling=[value], variables=[variable], collected=SimpleNamespace(views=views)
    )
    told = "-0.5 is the smallest and most frequent value of column 'stays', in 40% of the rows."
    assert _filled(replace(COLOUR, name=value.name), seen) == told
    assert _filled(replace(COLOUR, name="values of other: 3"), seen) == ""


def test_the_explanation_asks_about_it():
    asked = "2.7 stands in 54% of the rows of 'dose': was it filled in?"
    found = summary(facts(COLOUR), filled=asked).explanation
    assert f"although the label can be told. {asked}" in found.partition("\n")[0]
