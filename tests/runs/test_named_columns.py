"""Columns that must not matter have to be there, whether they tell the class or not."""

import numpy as np
import pytest

from earlysieve.datasets import load_source
from earlysieve.datasets.table import Table
from earlysieve.errors import InputError
from earlysieve.runs.named_columns import check_columns

COLUMNS = (*(f"x{k}" for k in range(30)), "officer", "town_Bern", "town_Ulm")
CODES = np.arange(400) % 2
VALUES = np.random.default_rng(0).normal(size=(400, 33))
VALUES[:, 31:] = np.eye(2)[CODES]
TABLE = Table(VALUES, CODES, ("no", "yes"), columns=COLUMNS)


@pytest.mark.parametrize(
    "name",
    ["officer", "column officer", "town", "town_Ulm", "x29", "direction", "columns x1 and x2"],
)
def test_every_column_can_be_named(name):
    check_columns(TABLE, [name])


def test_all_columns_can_be_the_task_and_nothing_else():
    name = "a weighted sum of the columns"
    check_columns(TABLE, [name], "--relevant")
    with pytest.raises(InputError, match=f"^Expected --irrelevant .* but got '{name}"):
        check_columns(TABLE, [name])


def test_near_names_are_of_all_columns():
    with pytest.raises(InputError, match="but got 'oficer'; near names are 'officer'$"):
        check_columns(TABLE, ["x3", "oficer"])
    with pytest.raises(InputError, match="^Expected --relevant to name a column .*'officer'$"):
        check_columns(TABLE, ["oficer"], "--relevant")
    with pytest.raises(InputError, match=r"x18, x19 and 14 more\), but got 'twn'; .*'town'"):
        check_columns(TABLE, ["twn"])
    with pytest.raises(InputError, match=r"but got 'sm\?ll'; name one of these$"):
        check_columns(TABLE, ["sm?ll"])


def test_of_pictures_nothing_is_said_yet():
    check_columns(load_source("digits", limit=20), ["smell"])
