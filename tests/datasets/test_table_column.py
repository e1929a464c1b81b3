"""Values of one column of a table, which may be numbers, categories or partly missing."""

import pandas as pd
import pytest

from earlysieve.datasets.table_column import column_values
from earlysieve.errors import DataError


@pytest.fixture
def file(tmp_path):
    frame = pd.DataFrame(
        {
            "coded": [1.0, -1.0, 0.5, 1.0, -1.0],
            "town": ["Ulm", "Bern", "Ulm ", None, "Bern"],
            "mixed": ["7", "b", "7", "b", "b"],
            "split": ["train", "train", "test", "train", "test"],
        }
    )
    frame.to_csv(tmp_path / "t.csv", index=False)
    return tmp_path / "t.csv"


def test_numbers_are_compared_as_such_and_written_short(file):
    numbers, names = column_values(file, "coded", split="all")
    assert names == ("-1", "0.5", "1")
    assert numbers.tolist() == [2, 0, 1, 2, 0]
    file.write_text("coded\n10\n9.0\n9\n1e1\n")
    numbers, names = column_values(file, "coded")
    assert names == ("9", "10")
    assert numbers.tolist() == [1, 0, 0, 1]


def test_texts_and_what_is_missing(file):
    numbers, names = column_values(file, "town", split="all")
    assert names == ("Bern", "Ulm")
    assert numbers.tolist() == [1, 0, 1, -1, 0]
    assert column_values(file, "mixed", split="all")[1] == ("7", "b")


def test_rows_of_a_split(file):
    assert column_values(file, "town")[0].tolist() == [1, 0, -1]
    assert column_values(file, "town", split="test")[0].tolist() == [1, 0]


def test_parquet_is_the_same(file, tmp_path):
    pytest.importorskip("pyarrow")
    frame = pd.read_csv(file).assign(yes=[True, False, True, True, True])
    frame.to_parquet(tmp_path / "t.parquet")
    for column in ("coded", "town"):
        ours = column_values(tmp_path / "t.parquet", column, split="all")
        theirs = column_values(file, column, split="all")
        assert ours[0].tolist() == theirs[0].tolist()
        assert [one.strip() for one in ours[1]] == [one.strip() for one in theirs[1]]
    assert column_values(tmp_path / "t.parquet", "yes")[1] == ("False", "True")


def test_a_column_that_is_not_there(file):
    with pytest.raises(DataError, match=r"add or rename 'twon' \(near names are 'town'\), or name"):
        column_values(file, "twon")
