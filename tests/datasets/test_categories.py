"""Columns of texts in a table file, and what a training run keeps of them."""

import json

import numpy as np
import pandas as pd
import pytest
import torch

from earlysieve.datasets import load_source
from earlysieve.errors import DataError, InputError
from earlysieve.networks.fit_check import check_model_takes
from earlysieve.runs.data_settings import check_data_options
from earlysieve.runs.preparation import prepared_options

FRAME = pd.DataFrame(
    {
        "city": ["Ulm", " Bern ", "none", "Ulm"] * 5,
        "age": np.arange(20) / 2,
        "member": [True, False] * 10,
        "sex": ["m", "m", "f", "f"] * 5,
        "label": ["ill", "well"] * 10,
        "split": ["train", "train", "test", "train"] * 5,
    }
)
MODEL = {"model": "mlp", "pretrained": None, "model_option": ()}


@pytest.fixture(params=["csv", "parquet"])
def source(tmp_path, request):
    path = tmp_path / f"t.{request.param}"
    if request.param == "csv":
        FRAME.to_csv(path, index=False)
    else:
        pytest.importorskip("pyarrow")
        FRAME.astype({"sex": "category"}).to_parquet(path)
    return f"table:{path}"


def test_categories_become_what_pandas_makes_of_them(source):
    data = load_source(source, split="all")
    stripped = FRAME.assign(city=FRAME["city"].str.strip()).drop(columns=["label", "split"])
    expected = pd.get_dummies(stripped, columns=["city", "sex"], dtype=float)
    assert data.columns == tuple(expected.columns)
    assert np.array_equal(data.values, expected.to_numpy(np.float32))
    assert "category of city (Bern, Ulm, none); sex (f, m)" in data.notes[1]
    assert data.notes[2].endswith("order of their names: 0 = ill, 1 = well.")


def test_every_split_has_the_columns_of_the_whole_file(source):
    # No row of the training split is of the city "none".
    assert load_source(source, split="train").columns == load_source(source, split="all").columns


def test_other_data_get_the_columns_of_the_run_beside_the_checkpoint(source, tmp_path):
    options = prepared_options({**MODEL, "data": source, "checkpoint": None}, {}, print)
    assert options == {"categories": {"city": ["Bern", "Ulm", "none"], "sex": ["f", "m"]}}
    config = {"method": "erm", "data_options": options}
    (tmp_path / "config.json").write_text(json.dumps(config))
    other = FRAME.assign(city=["Ulm", "Kiel"] * 10)
    other.to_csv(tmp_path / "later.csv", index=False)
    given = {**MODEL, "data": f"table:{tmp_path}/later.csv", "checkpoint": tmp_path / "model.pt"}
    told = []
    found = prepared_options(given, {}, told.append)
    assert "categories city=Bern,Ulm,none, sex=f,m" in told[0]
    data = load_source(given["data"], split="all", **check_data_options(found))
    assert data.columns == load_source(source).columns
    kiel = data.values[1][list(data.columns).index("city_Bern") :][:3]
    assert kiel.tolist() == [0, 0, 0]
    assert any("in 10 of 20 rows" in note and "Kiel" in note for note in data.notes)


def test_numbers_may_be_categories_where_one_says_so(source):
    data = load_source(source, split="all", categories={"age": ["0.5", "2.0"]})
    place = data.columns.index("age_0.5")
    assert data.values[:, place].sum() == 1


@pytest.mark.parametrize(
    ("column", "told"),
    [
        (["a", "b", "", "b"] * 5, "'x' has no value in 5 of 20 rows (the first is row 3)"),
        ([f"p{k}" for k in range(20)], "'x' holds 20 different texts, as 'p0'"),
        ([*range(10), *range(9), "?"], "'x' holds numbers, but also texts, as '?'"),
    ],
)
def test_texts_that_are_no_categories_are_refused_together(tmp_path, column, told):
    FRAME.assign(x=column, y=column).to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(DataError) as caught:
        load_source(f"table:{tmp_path}/t.csv")
    assert told in str(caught.value)
    assert "--drop-column x --drop-column y" in str(caught.value)
    assert load_source(f"table:{tmp_path}/t.csv", drop_column=["x", "y"]).columns[0] == "age"


def test_a_network_for_other_columns_is_told_which_there_are(source):
    data = load_source(source)
    with pytest.raises(InputError, match=r"these are 7 \(age, member, city_Bern.*--drop-column"):
        check_model_takes(torch.nn.Linear(4, 2), data, torch.device("cpu"))
