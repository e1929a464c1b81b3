"""Which columns of a table stand for one variable."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earlysieve.datasets.table import Table
from earlysieve.datasets.variables import codes_of, variables_of

CITIES = ("Bern", "New York", "St_Ives", "San_Jose", "San_Diego")


def frame(count=200, seed=0, drop_first=False):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "age": rng.normal(size=count),
            "home_city": rng.choice(CITIES, count),
            "home_owner": rng.random(count) < 0.5,
            "home_state": rng.choice(["x", "y", "z"], count),
        }
    )
    columns = ["home_city", "home_state"]
    return pd.get_dummies(table, columns=columns, drop_first=drop_first, dtype=float).astype(float)


def grouped(table):
    found = variables_of(table.to_numpy(), list(table.columns))
    assert sorted(k for one in found for k in one.columns) == list(range(table.shape[1]))
    return {one.name: one.categories for one in found if one.is_category}


@given(seed=st.integers(0, 50), drop_first=st.booleans(), scaled=st.booleans())
def test_what_get_dummies_makes_is_one_variable_per_column(seed, drop_first, scaled):
    table = frame(seed=seed, drop_first=drop_first)
    if scaled:
        table = (table - table.mean()) / table.std()
    cities, states = sorted(CITIES)[drop_first:], ["x", "y", "z"][drop_first:]
    assert grouped(table) == {"home_city": tuple(cities), "home_state": tuple(states)}


@given(seed=st.integers(0, 300), count=st.integers(30, 300), shares=st.data())
def test_columns_that_have_nothing_to_do_with_each_other_stay_apart(seed, count, shares):
    rng = np.random.default_rng(seed)
    share = shares.draw(st.lists(st.floats(0.0, 1.0), min_size=2, max_size=6))
    values = (rng.random((count, len(share))) < share).astype(float)
    names = [f"has_{letter}" for letter in "abcdef"[: len(share)]]
    together = [one for one in variables_of(values, names) if one.is_category]
    both_on = [int((values[:, list(one.columns)].sum(1) > 1).sum()) for one in together]
    # Only where chance would hardly do it: expected at least so many rows with two of them.
    expected = [
        sum(count * share[j] * share[k] for j in one.columns for k in one.columns if j < k)
        for one in together
    ]
    assert both_on == [0] * len(together)
    assert all(rows > 2 for rows in expected)


def test_independent_columns_are_hardly_ever_grouped():
    rng = np.random.default_rng(0)
    found = 0
    for _ in range(300):
        share = rng.uniform(0.01, 0.3, 4)
        values = (rng.random((100, 4)) < share).astype(float)
        found += len(variables_of(values, ["has_a", "has_b", "has_c", "has_d"])) < 4
    assert found <= 2


def test_two_columns_of_which_one_is_always_on_are_one_whatever_they_are_called():
    rng = np.random.default_rng(0)
    male, other = rng.random(100) < 0.5, rng.random(100) < 0.5
    table = pd.DataFrame({"male": male, "smokes": other, "female": ~male}).astype(float)
    assert grouped(table) == {"male/female": ("male", "female")}


def test_columns_without_names_are_one_where_one_of_them_is_always_on():
    rng = np.random.default_rng(0)
    values = np.c_[rng.normal(size=100), np.eye(4)[rng.integers(0, 4, 100)]]
    assert [one.name for one in variables_of(values)] == ["0", "1 to 4"]
    assert [one.name for one in variables_of(values[:, :4])] == ["0", "1", "2", "3"]


def test_a_category_without_rows_belongs_to_the_others():
    table = frame()
    table["home_city_Zug"] = 0.0
    assert grouped(table)["home_city"][-1] == "Zug"


def test_a_column_that_has_the_name_already_keeps_it():
    table = frame().rename(columns={"age": "home_state"})
    assert set(grouped(table)) == {"home_city", "home_state_x/home_state_y/home_state_z"}


def test_codes_say_which_column_is_on():
    table = frame(drop_first=True)
    values = table.to_numpy()
    state = next(one for one in variables_of(values, list(table.columns)) if "y" in one.categories)
    expected = np.where(table["home_state_y"] == 1, 0, np.where(table["home_state_z"] == 1, 1, 2))
    assert codes_of(values, state).tolist() == expected.tolist()


@pytest.mark.parametrize(("row", "shown"), [(0, "city=A, age=1"), (2, "city=none, age=3")])
def test_a_row_shows_the_category(row, shown):
    cities = np.tile(np.eye(3)[:, :2], (20, 1))
    values = np.c_[cities, np.arange(60) + 1]
    table = Table(values, [0] * 60, ["no"], columns=["city_A", "city_B", "age"])
    assert table.display(row) == shown
    assert table.row_text(row, ["age"]).startswith("age=")
