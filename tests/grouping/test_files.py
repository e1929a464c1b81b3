import csv
import json

import numpy as np
import pytest
import torch
from torch.utils.data import Dataset

import earlysieve as es
from earlysieve.datasets.example_groups import data_identity, label_by_suspect
from earlysieve.errors import DataError, InputError
from earlysieve.grouping.files import read_groups


class Named(Dataset):
    """Four examples with names of their own."""

    names = ("a.png", "=b.png", "c.png", "d,\n.png")

    def __init__(self, order=(0, 1, 2, 3)):
        self.order = order

    def __len__(self):
        return len(self.order)

    def __getitem__(self, index):
        return torch.zeros(2), self.order[index] % 2

    def identify(self, index):
        return self.names[self.order[index]]


def made(**more):
    return label_by_suspect(
        torch.tensor([0, 1, 0, 1]),
        torch.tensor([False, True, True, False]),
        ["sea, salt", '"land"\n'],
        source="xrm",
        identity=data_identity(Named()),
        weights=torch.tensor([0.1, 1 / 3, 1.0, 1e-17], dtype=torch.float64),
        notes=("Beware, of commas.",),
        config={"epochs": 5, "reader": None, "rates": [0.1, 0.2]},
        **more,
    )


def test_what_is_saved_is_read_again(tmp_path):
    groups = made()
    path = groups.save(tmp_path / "groups.csv", ids=Named.names)
    for data in (None, Named()):
        again = read_groups(path, data)
        for name in ("names", "source", "identity", "notes", "config"):
            assert getattr(again, name) == getattr(groups, name), name
        for name in ("numbers", "suspects", "weights"):
            assert torch.equal(getattr(again, name), getattr(groups, name)), name
            assert getattr(again, name).dtype is getattr(groups, name).dtype
    assert torch.equal(es.infer_groups(str(path), data=Named()).numbers, groups.numbers)
    assert torch.equal(es.infer_groups(path).numbers, groups.numbers)


def test_numbers_alone(tmp_path):
    path = es.Groups(torch.tensor([2, -1, 0])).save(tmp_path / "groups.csv")
    again = read_groups(path)
    assert again.numbers.tolist() == [2, -1, 0]
    assert again.suspects is None
    assert again.weights is None
    assert path.read_text().splitlines()[1:] == ["index,group", "0,2", "1,-1", "2,0"]


def test_others_read_the_file_as_a_table(tmp_path):
    """The header is one line, whatever the names; no cell is a formula."""
    path = made().save(tmp_path / "groups.csv", ids=Named.names)
    first, rest = path.read_text(encoding="utf-8").split("\n", 1)
    assert json.loads(first.removeprefix("# earlysieve groups "))["names"][0]
    rows = list(csv.DictReader(rest.splitlines(keepends=True)))
    assert [row["group"] for row in rows] == ["0", "3", "1", "2"]
    assert rows[1]["id"] == "'=b.png"
    assert rows[2]["name"] == "sea, salt, misled"
    assert [row["suspect"] for row in rows] == ["False", "True", "True", "False"]


def test_saved_groups_of_other_data_are_refused(tmp_path):
    path = made().save(tmp_path / "groups.csv")
    with pytest.raises(DataError, match="they are of others"):
        read_groups(path, Named((1, 0, 2, 3)))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"format_version": 1', '"format_version": 9', "format version 1 .* but got 9"),
        ('"format_version": 1', "", "format version 1 .* but got None"),
        ('"source": "xrm", ', "", "as they were saved, but got: 'source'"),
        ("\n1,", "\n7,", "rows are missing or in another order"),
        ("True", "maybe", "as they were saved, but got: 'maybe'"),
    ],
)
def test_damaged_files(tmp_path, old, new, message):
    path = made().save(tmp_path / "groups.csv")
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_groups(path)


def test_a_table_of_names_is_matched_by_id(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text('id,group\nc.png,sea\na.png,land\n"d,\n.png",\nelsewhere.png,sea\n')
    found = read_groups(path, Named())
    assert found.numbers.tolist() == [0, -1, 1, -1]
    assert found.names == ("land", "sea")
    assert found.notes == ("1 examples are not in the file and in no group.",)
    assert found.identity == data_identity(Named())
    assert read_groups(path, Named((2, 0))).numbers.tolist() == [1, 0]


def test_a_table_without_ids_goes_by_rows(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("group\n1\n0\n\n-1\n".replace("\n\n", '\n""\n'))
    assert read_groups(path, Named()).numbers.tolist() == [1, 0, -1, -1]
    with pytest.raises(DataError, match="Expected groups of 2 examples, but got those of 4"):
        read_groups(path, Named((0, 1)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kind\n1\n", "Expected a column 'group' in .*, but got kind"),
        ("group\n", "Expected rows in"),
        ("id,group\na.png,1\na.png,2\n", "Expected one group per id .* 'a.png' has several"),
        ("id,group\nx,1\ny,2\n", "such as 'a.png', .* others, such as 'x', 'y'; check the column"),
        ("group\n1.5\n", "Expected names or whole numbers"),
    ],
)
def test_bad_tables(tmp_path, text, message):
    path = tmp_path / "mine.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        read_groups(path, Named())


def test_arrays(tmp_path):
    path = tmp_path / "groups.npy"
    np.save(path, np.array([0, 1, -1, 1], np.int32))
    assert es.infer_groups(str(path), data=Named()).numbers.tolist() == [0, 1, -1, 1]
    np.save(path, np.array([0.5, 1.0]))
    with pytest.raises(DataError, match="Expected an array of whole numbers .*float64"):
        read_groups(path)
    np.save(path, np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match="Expected an array of whole numbers"):
        read_groups(path)


def test_the_folder_of_an_audit(tmp_path):
    from tests.auditing.helpers import Net, Planted

    data = Planted(400)
    result = es.audit(Net(), data, layers=["first"], pictures=0, swaps=0, progress=False)
    folder = result.save(tmp_path / "audit")
    for path in (folder, folder / "audit.json"):
        found = es.infer_groups(path, data=data)
        assert found.source == "audit"
        assert torch.equal(found.numbers, es.infer_groups(result).numbers)
    assert es.infer_groups(folder, reader="column 3").config["reader"] == "column 3"


def test_what_is_not_there(tmp_path):
    with pytest.raises(DataError, match="CSV file of groups at .* cannot be read"):
        read_groups(tmp_path / "none.csv")
    with pytest.raises(DataError, match=r"it has no audit.json"):
        es.infer_groups(tmp_path)
    with pytest.raises(
        InputError, match=r"a file of groups that is there.*; known sources are: .*xrm"
    ):
        es.infer_groups("xrn", data=Named())
    path = made().save(tmp_path / "groups.csv")
    with pytest.raises(InputError, match="Expected settings of a file, which are reader"):
        es.infer_groups(path, twins="small")
    with pytest.raises(InputError, match="Expected the folder of an audit with reader='place'"):
        es.infer_groups(path, reader="place")
    with pytest.raises(InputError, match="Expected 4 ids, one per example, but got 1"):
        made().save(tmp_path / "groups.csv", ids=["a"])


def test_a_console_shows_how_many_are_in_which_group():
    few = es.Groups(torch.tensor([0, 1, -1, 1]), names=("day", "night"))
    assert repr(few) == "<Groups of 4 examples, source 'given': day: 1; night: 2>"
    many = repr(es.Groups(torch.arange(8)))
    assert many.endswith("group 4: 1; group 5: 1; 2 more>")
