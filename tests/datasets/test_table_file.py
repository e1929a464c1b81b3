"""Tables of numbers in CSV and Parquet files, and how columns of CSV files are named and parted."""

import sys

import pandas as pd
import pytest
import torch
from PIL import Image

from earlysieve.auditing.result import AuditResult
from earlysieve.datasets import load_source, manifest
from earlysieve.datasets.from_spec import splits_of
from earlysieve.datasets.table_file import learned_options
from earlysieve.errors import DataError, MissingDependencyError
from earlysieve.report.command_words import DESCRIBING
from earlysieve.runs.data_settings import OPTION_KINDS
from tests.cli.helpers import ok, problem

ROWS = [
    ("age", "smokes", "dose", "diagnosis", "site", "device", "split"),
    (30, "true", 0.5, "ill", "north", "A", "train"),
    (41, "false", 1.5, "healthy", "south", "A", "train"),
    (25, "true", 2.5, "ill", "north", "B", "test"),
    (60, "true", 3.5, "healthy", "", "B", "train"),
]


def write(path, separator=",", rows=ROWS):
    path.write_text("".join(separator.join(map(str, row)) + "\n" for row in rows))
    return path


COLUMNS = {"label_column": "diagnosis", "group_column": ["site", "device"]}


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_table(tmp_path, separator):
    source = f"table:{write(tmp_path / 't.csv', separator)}"
    data = load_source(source, **COLUMNS)
    assert data.columns == ("age", "smokes", "dose")
    assert data.values.tolist() == [[30, 1, 0.5], [41, 0, 1.5], [60, 1, 3.5]]
    assert data.class_names == ("healthy", "ill")
    assert data.labels.tolist() == [1, 0, 0]
    assert data.group_names == ("north x A", "north x B", "south x A")
    assert data.groups.tolist() == [0, 2, -1]
    assert splits_of(source) == ("test", "train")
    assert load_source(source, **COLUMNS, split="test").values.tolist() == [[25, 1, 2.5]]
    assert "the columns age, smokes, dose, as they stand" in data.notes[0]


def test_columns_in_the_order_of_the_model(tmp_path):
    source = f"table:{write(tmp_path / 't.csv')}"
    data = load_source(source, **COLUMNS, columns=["dose", "age"])
    assert data.columns == ("dose", "age")
    assert data.values.tolist() == [[0.5, 30], [1.5, 41], [3.5, 60]]
    for wrong, said in ((["dose", "dos"], "near names are 'dose'"), (["age", "age"], "got 'age'"),
                        (["age", "diagnosis"], "not the label")):  # fmt: skip
        with pytest.raises(DataError, match=said):
            load_source(source, **COLUMNS, columns=wrong)


def test_a_run_keeps_the_order_of_columns(tmp_path, monkeypatch):
    """Other files may have their columns in another order, and more of them."""
    monkeypatch.chdir(tmp_path)
    rows = [("x", "y", "label"), *((k % 7, k % 2, k % 2) for k in range(60))]
    write(tmp_path / "a.csv", rows=rows)
    write(tmp_path / "b.csv", rows=[("more", "y", "label", "x"),
                                    *((9, y, label, x) for x, y, label in rows[1:])])  # fmt: skip
    model = ("--model", "earlysieve.networks:SmallMLP")
    ok("train", *model, "--data", "table:a.csv", "--epochs", "1", "--out", "run")
    audit = ("audit", *model, "--checkpoint", "run/model.pt")
    ok(*audit, "--data", "table:a.csv", "--out", "one")
    said = ok(*audit, "--data", "table:b.csv", "--out", "other").output
    assert "Columns are taken in the order that they had in the run" in said
    scores = [pd.read_csv(f"{out}/scores.csv")["prediction"].tolist() for out in ("one", "other")]
    assert scores[0] == scores[1]
    write(tmp_path / "c.csv", rows=[("x", "label"), *((x, label) for x, _, label in rows[1:])])
    assert "rename 'y'" in problem(*audit, "--data", "table:c.csv", "--out", "c")


def test_parquet_is_the_same(tmp_path):
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame(ROWS[1:], columns=ROWS[0]).assign(smokes=[True, False, True, True])
    frame.to_parquet(tmp_path / "t.parquet")
    data = load_source(f"table:{tmp_path / 't.parquet'}", **COLUMNS)
    same = load_source(f"table:{write(tmp_path / 't.csv')}", **COLUMNS)
    assert (data.values == same.values).all()
    assert data.columns == same.columns
    assert data.groups.tolist() == same.groups.tolist()


def test_parquet_without_pyarrow(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingDependencyError, match=r"earlysieve\[parquet\]"):
        load_source(f"table:{tmp_path / 't.parquet'}")


def test_ids_and_the_index_of_pandas_are_no_features(tmp_path):
    frame = pd.DataFrame({"id": ["p1", "p2"], "x": [1, 2], "label": [0, 1]})
    frame.to_csv(tmp_path / "t.csv")
    data = load_source(f"table:{tmp_path / 't.csv'}")
    assert data.columns == ("x",)
    assert [data.identify(k) for k in range(2)] == ["p1", "p2"]


@pytest.mark.parametrize(("dropped", "left"), [("name", ("x", "y")), (["name", "y"], ("x",))])
def test_columns_that_are_dropped_are_no_features(tmp_path, dropped, left):
    rows = [("name", "x", "y", "label"), ("ann", 1, 2, 0), ("bob", 3, 4, 1)]
    source = f"table:{write(tmp_path / 't.csv', rows=rows)}"
    assert load_source(source, drop_column=dropped).columns == left
    with pytest.raises(DataError, match="'name' holds 2 different texts.*--drop-column name"):
        load_source(source)
    with pytest.raises(DataError, match="'nam'.*--drop-column"):
        load_source(source, drop_column="nam")


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([("x", "label"), ("tall", 0), (1, 1)], "categories in '.*', but 'x' holds .*, as 'tall'"),
        ([("x", "label"), ("", 0), (1, 1)], "column 'x' has none in 1 of 2 rows .*row 1\\)"),
        ([("x", "label"), ("nan", 0), (1, 1)], "column 'x' has none in 1 of 2 rows"),
        ([("label", "split"), (0, "train")], "Expected columns in '.*', but there is none"),
        ([("x", "x", "label"), (1, 2, 0)], "'x' is there more than once"),
        ([("x", "y"), (1, 0)], "add or rename 'label', or name others with --label-column and"),
        ([("x", "label")], "Expected rows"),
    ],
)
def test_what_is_no_table(tmp_path, rows, told):
    with pytest.raises(DataError, match=told):
        load_source(f"table:{write(tmp_path / 't.csv', rows=rows)}")


@pytest.mark.parametrize("city", ["Bern", ""])
def test_all_columns_with_gaps_are_named_in_one_message(tmp_path, city):
    rows = [("dose", "a b", "city", "x", "label")]
    rows += [
        ("", 1, "Ulm", 1, 0),
        (1, "nan", city, 1, 1),
        ("", 2, "Ulm", 1, 1),
        (1, 2, "Ulm", 1, 1),
    ]
    with pytest.raises(DataError) as caught:
        load_source(f"table:{write(tmp_path / 't.csv', rows=rows)}")
    told = str(caught.value)
    dose, other = "in 2 of 4 rows (the first is row 1)", "in 1 of 4 rows (the first is row 2)"
    if city:
        assert f"but column 'dose' has none {dose}, column 'a b' has none {other};" in told
        assert told.endswith("leave the columns out (--drop-column dose --drop-column 'a b')")
    else:
        for name, where in (("dose", dose), ("a b", other), ("city", other)):
            assert f"'{name}' has no value {where}" in told
        assert "(--drop-column city --drop-column dose --drop-column 'a b')" in told


def test_a_manifest_with_other_names_and_semicolons(tmp_path):
    for name in "ab":
        Image.new("RGB", (10, 10)).save(tmp_path / f"{name}.png")
    rows = [("file", "what", "where"), ("a.png", "dog", "sofa"), ("b.png", "cat", "grass")]
    source = write(tmp_path / "m.csv", ";", rows)
    names = {"path_column": "file", "label_column": "what", "group_column": "where"}
    data = load_source(f"csv:{source}", **names, image_size=4)
    assert data.class_names == ("cat", "dog")
    assert data.group_names == ("grass", "sofa")
    with pytest.raises(DataError, match="but got file, what, where; add or rename 'path', 'label'"):
        manifest(source)


NET = """
import torch


def net():
    return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1))
"""


def test_on_the_command_line(tmp_path, monkeypatch):
    (tmp_path / "tabular_net_of_a_test.py").write_text(NET)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    x = torch.randn(60, 3, generator=torch.Generator().manual_seed(0))
    rows = [("p", *map(float, row), int(row[0] > 0), k % 2, k % 3) for k, row in enumerate(x)]
    write(tmp_path / "t.csv", ";", [("name", "u", "v", "w", "ill", "site", "ward"), *rows])
    words = ("audit", "--model", "tabular_net_of_a_test:net", "--data", "table:t.csv")
    options = ("--label-column", "ill", "--group-column", "site", "--group-column", "ward",
               "--drop-column", "name")  # fmt: skip
    ok(*words, *options, "--out", "out")
    found = AuditResult.load("out")
    assert found.group_names[0] == "0 x 0"
    assert found.config["data_options"]["group_column"] == ["site", "ward"]
    assert found.config["data_options"]["drop_column"] == "name"
    assert any("the columns u, v, w," in note for note in found.notes)
    assert "add or rename 'label'" in problem(*words, "--out", "no")


def test_next_commands_keep_every_option_of_the_data():
    ours = {"--" + name.replace("_", "-") for name in OPTION_KINDS}
    assert {*ours, "--data-option"} <= DESCRIBING


def test_a_column_beside_those_of_a_run_is_no_feature(tmp_path):
    """As one of texts that says for which class each row speaks, which `reliance` asks for."""
    frame = pd.DataFrame({"a": range(8), "city": ["Ulm", "Bern"] * 4, "label": ["x", "y"] * 4})
    file = tmp_path / "coded.csv"
    frame.assign(coded=["x", "x", "y", "y"] * 2).to_csv(file, index=False)
    assert set(learned_options(file, {})["categories"]) == {"city", "coded"}
    found = learned_options(file, {"columns": ["a", "city"]})
    assert found == {"columns": ["a", "city"], "categories": {"city": ["Bern", "Ulm"]}}
    assert learned_options(file, {"columns": ["a", "gone"]})["columns"] == ["a"]
