import numpy as np
import pandas as pd
import pytest

from earlysieve.datasets.frame_gaps import gaps_of
from earlysieve.errors import DataError


def test_gaps_become_medians_beside_a_column_that_tells_them():
    frame = pd.DataFrame({"a": [1.0, np.nan, 3.0, 8.0], "b": [1, 2, 3, 4]})
    found = gaps_of(frame).filled(frame)
    assert list(found.columns) == ["a", "b", "a missing"]
    assert found["a"].tolist() == [1.0, 3.0, 3.0, 8.0]
    assert found["a missing"].tolist() == [0.0, 1.0, 0.0, 0.0]
    assert frame["a"].isna().sum() == 1  # the frame itself stays


def test_gaps_of_texts_are_a_category():
    frame = pd.DataFrame({"t": ["x", None, "missing"], "c": pd.Categorical(["u", "v", None])})
    found = gaps_of(frame).filled(frame)
    assert found["t"].tolist() == ["x", "missing'", "missing"]
    assert found["c"].tolist() == ["u", "v", "missing"]


def test_numbers_of_pandas_with_gaps_and_names_that_are_taken():
    frame = pd.DataFrame({"a": pd.array([1, None, 5], "Int64"), "a missing": [0.0, 1.0, 2.0]})
    found = gaps_of(frame).filled(frame)
    assert found["a missing'"].tolist() == [0.0, 1.0, 0.0]
    assert found["a"].tolist() == [1.0, 3.0, 5.0]


def test_a_column_without_any_value_is_refused():
    with pytest.raises(DataError, match="in some row of column 'a', but got none in 2 rows"):
        gaps_of(pd.DataFrame({"a": [np.nan, np.nan]}))
