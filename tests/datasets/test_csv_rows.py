"""CSV files stay in their folder; odd columns, labels and repeated rows are told."""

import os
import warnings
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from earlysieve.datasets import manifest
from earlysieve.datasets.checks import DataWarning
from earlysieve.errors import DataError
from tests.datasets.test_manifest import tokenizer


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder `data` with pictures, and one more beside it."""
    for name in ("data/1.png", "data/2.png", "data/sub/3.png", "secret.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (5, 5), (9, 9, 9)).save(tmp_path / name)
    return tmp_path


def write(place: Path, *rows: str, header: str = "path,label") -> Path:
    source = place / "data" / "m.csv"
    source.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return source


def failing(source: Path, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        manifest(source, **options)
    return str(caught.value)


@pytest.mark.parametrize("name", ["../secret.png", "/etc/passwd", "sub/../../secret.png", ".."])
def test_a_path_that_leaves_the_folder_is_refused(place: Path, name: str) -> None:
    source = write(place, "1.png,a", f"{name},b")
    assert failing(source) == (
        f"Expected every path in '{source}' to stay in '{place / 'data'}', but 1 do not: '{name}'; "
        "name the folder that holds them all with root= (on the command line --root)"
    )


def test_a_folder_that_is_named_holds_them_all(place: Path) -> None:
    source = write(place, "data/1.png,a", f"{place / 'data' / '2.png'},b", "secret.png,a")
    data = manifest(source, root=place, image_size=4)
    ids = [data.identify(i) for i in range(3)]
    assert ids == ["data/1.png", "data/2.png", "secret.png"]
    assert data[2][0].shape == (3, 4, 4)
    missing = write(place, "1.png,a")
    assert failing(missing, root=place).endswith(f"'1.png'; paths are relative to '{place}'")


def test_paths_inside_may_be_written_in_any_way(place: Path) -> None:
    source = write(place, f"{place / 'data' / '1.png'},a", "./sub/../2.png,b", "sub//3.png,a")
    data = manifest(source)
    assert [data.identify(i) for i in range(3)] == ["1.png", "2.png", "sub/3.png"]


def test_links_in_the_folder_are_the_owners(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "data" / "link.png").symlink_to(place / "secret.png")
    (place / "other").symlink_to(place / "data")
    real = f"{place / 'data' / '1.png'},b"
    write(place, "link.png,a", real)
    monkeypatch.chdir(place)
    data = manifest("other/m.csv")
    assert [data.identify(i) for i in range(2)] == ["link.png", "1.png"]


def test_a_name_that_is_too_long_is_missing(place: Path) -> None:
    told = failing(write(place, "1.png,a", f"{'a' * 5000},b"))
    assert "to exist, but 1 do not: 'aaaa" in told


def test_rows_that_repeat_an_image_are_told(place: Path) -> None:
    source = write(place, "1.png,a", "2.png,b", "./1.png,a")
    with pytest.warns(DataWarning) as told:
        assert len(manifest(source)) == 3
    assert str(told[0].message) == (
        f"'{source}' lists 1 images more than once, first '1.png': copies in other folds make "
        "readouts look better than they are"
    )


def test_an_image_with_two_labels_is_refused(place: Path) -> None:
    source = write(place, "1.png,a", "2.png,b", "1.png,b", "2.png,b")
    assert failing(source) == (
        f"Expected one label for each image in '{source}', but 1 have several, first '1.png'; keep "
        "one row of each"
    )


def test_rows_of_other_splits_are_no_repetition(place: Path) -> None:
    source = write(place, "1.png,a,train", "1.png,b,test", header="path,label,split")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(manifest(source, split="train")) == 1


def test_texts_with_two_labels_are_told(place: Path) -> None:
    source = write(place, "lol,a", "hm,a", "lol,b", f"{'x' * 200},a", header="text,label")
    with pytest.warns(DataWarning, match="lists 1 texts more than once, 1 with different labels, "):
        assert len(manifest(source, tokenizer=tokenizer, max_length=256)) == 4


@pytest.mark.parametrize(
    ("header", "rows"),
    [("path,label,label", ["1.png,a,b"]), ("path,path,label", ["1.png,2.png,b"])],
)
def test_two_columns_of_one_name_are_refused(place: Path, header: str, rows: list[str]) -> None:
    name = "label" if "label,label" in header else "path"
    source = write(place, *rows, header=header)
    assert failing(source) == (
        f"Expected columns of different names in '{source}', but '{name}' is there more than once; "
        "rename or remove one"
    )


def test_two_columns_that_nobody_uses_may_have_one_name(place: Path) -> None:
    assert len(manifest(write(place, "1.png,a,,", header="path,label,note,note"))) == 1


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        (["nan", "a"], "Expected a value in every row of column 'label' of {}, but row 1 has none"),
        (["0.5", "1.5"], "Expected names or whole numbers in column 'label' of {}, but got '0.5'"),
        (["1", "2e3"], "Expected names or whole numbers in column 'label' of {}, but got '2e3'"),
        (["9" * 5000, "1"], "in column 'label' of {}, but got 99999999999999999999; number from"),
    ],
)
def test_labels_that_are_none(place: Path, labels: list[str], told: str) -> None:
    source = write(place, *(f"{i}.png,{label}" for i, label in enumerate(labels, 1)))
    assert told.format(f"'{source}'") in failing(source)


def test_a_group_that_is_nan_is_unknown(place: Path) -> None:
    source = write(place, "1.png,a,nan", "2.png,b,x", header="path,label,group")
    assert manifest(source).groups.tolist() == [-1, 0]


def test_what_pandas_says_takes_one_line(place: Path) -> None:
    told = failing(write(place, "1.png,a", "2.png,b,c,d,e"))
    assert "Error tokenizing data" in told
    assert os.linesep not in told
