"""What --data and its options may say, on the command line and in a configuration."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from earlysieve.datasets import load_source
from earlysieve.datasets.checks import DataWarning
from earlysieve.errors import DataError, InputError
from earlysieve.runs.data_settings import OPTION_KINDS, check_data_options, full_spec
from earlysieve.runs.open_data import open_data
from tests.cli.helpers import SMALL, ok, photos, problem, run


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("spec", "full"),
    [
        ("csv:ok.csv", "csv:ok.csv"),
        ("ok.csv", "csv:ok.csv"),
        ("sub/OK.CSV", "csv:sub/OK.CSV"),
        ("rows.parquet", "table:rows.parquet"),
        ("hf:data.csv", "hf:data.csv"),
        ("hf:user/name", "hf:user/name"),
        ("photos", "folder:photos"),
        ("photos/", "folder:photos"),
        ("no/such", "folder:no/such"),
        ("digits", "digits"),
        ("fashion-mnist:photos", "fashion-mnist:photos"),
        ("mine.data:make", "mine.data:make"),
        ("sub/mine.py:make", "sub/mine.py:make"),
        ("nope", "nope"),
    ],
)
def test_specifications(here: Path, spec: str, full: str) -> None:
    (here / "photos").mkdir()
    assert full_spec(spec) == full


def test_a_csv_file_by_either_name(here: Path) -> None:
    photos(here / "p", per_class=2)
    (here / "ok.csv").write_text("path,label\np/cat/0.png,a\np/dog/0.png,b\n")
    for spec in ("csv:ok.csv", "ok.csv", f"csv:{here / 'ok.csv'}"):
        assert open_data(spec, {}, seed=0).class_names == ("a", "b")


def test_a_csv_file_of_numbers_is_told_to_be_a_table(here: Path) -> None:
    (here / "credit.csv").write_text("income,label\n1,a\n2,b\n")
    with pytest.raises(DataError, match=r"\(rows of numbers are --data table:credit.csv\)$"):
        open_data("credit.csv", {}, seed=0)
    (here / "ok.csv").write_text("path,kind\n1.png,a\n")
    with pytest.raises(DataError, match="--text-column$"):
        open_data("ok.csv", {}, seed=0)


def test_a_csv_file_by_huggingface(here: Path) -> None:
    pytest.importorskip("datasets")
    (here / "data.csv").write_text("text,label\na,0\nb,1\n")
    with pytest.raises(InputError, match="Expected a tokenizer for text data"):
        open_data("hf:data.csv", {}, seed=0)
    with pytest.raises(
        InputError, match="Expected images for 'timm:x', .*'hf:data.csv' holds text"
    ):
        open_data("hf:data.csv", {}, seed=0, model="timm:x")


def test_home_is_written_out(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(here))
    assert full_spec("~/p.csv") == f"csv:{here}/p.csv"
    assert full_spec("csv:~/p.csv") == f"csv:{here}/p.csv"


def test_a_source_wins_over_a_folder_of_its_name_and_says_so(here: Path) -> None:
    photos(here / "digits", per_class=2)
    with pytest.warns(DataWarning) as told:
        assert open_data("digits", {"limit": 20}, seed=0).num_classes == 10
    assert str(told[0].message) == (
        "'digits' is the source of that name and not the folder here; write ./digits for the folder"
    )
    assert open_data("./digits", {}, seed=0).class_names == ("cat", "dog")


LONG = "a" * 5000


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("", "Expected a source of data, but got an empty text; pass a folder, a CSV file or the "),
        ("http://host/x.csv", "Expected data on this machine, but got the address 'http://host/x"),
        ("csv:https://host/x", "Expected data on this machine, but got the address 'csv:https:"),
        ("~nope/x", "Expected a path, but got '~nope/x', whose home folder is unknown; write the"),
        (LONG, f"Expected a path, but got '{'a' * 60}...' of 5000 characters, which no file can"),
        (f"bar:{LONG}", f"Expected a path, but got '{'a' * 60}...' of 5000 characters, which no "),
        (f"x/{LONG}.csv", f"Expected a path, but got 'x/{'a' * 58}...' of 5006 characters, "),
    ],
)
def test_what_is_no_source(spec: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        open_data(spec, {}, seed=0)
    assert str(caught.value).startswith(message)
    for words in (("--data", spec), ("--data", "digits", "--validation", spec)):
        command = "train" if len(words) > 2 else "audit"
        told = problem(command, "--model", "torchvision:resnet18", *words, "--out", "o")
        assert told.startswith(message)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"slit": "a"}, "Expected options of the data, but got 'slit'; did you mean 'split' or 'l"),
        (
            {"zzzz": 1},
            "Expected options of the data, but got 'zzzz'; known are split, variant, image_size",
        ),
        ({"seed": 1}, "Expected options of the data, but got 'seed'; the seed is a field of its o"),
        ({"image_size": 1.5}, "Expected the data option image_size to be a whole number from 1, b"),
        ({"image_size": True}, "Expected the data option image_size to be a whole number from 1, "),
        ({"limit": 0}, "Expected the data option limit to be a whole number from 1, but got 0; co"),
        ({"mean": 0.5}, "Expected the data option mean to be a list of one or three numbers, but "),
        ({"std": ["a"]}, "Expected the data option std to be a list of one or three numbers, but "),
        ({"split": ["a"]}, "Expected the data option split to be a name, but got ['a']; correct i"),
        ({"strict": "no"}, "Expected the data option strict to be true or false, but got 'no'; co"),
        ({"correlation": "x"}, "Expected the data option correlation to be a number, but got 'x';"),
        ({"root": 3}, "Expected the data option root to be a folder, but got 3; correct it"),
    ],
)
def test_options_in_a_configuration(here: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        open_data("digits", options, seed=0)
    assert str(caught.value).startswith(message)
    config = {"data": "digits", "model": SMALL, "epochs": 1, "data_options": options}
    (here / "c.json").write_text(json.dumps(config))
    assert problem("train", "--config", "c.json", "--out", "o").startswith(message)


def test_options_of_the_command_line_are_those_that_are_known() -> None:
    from earlysieve.cli.data_options import _OPTIONS

    assert set(_OPTIONS) == set(OPTION_KINDS)
    assert check_data_options({"split": None, "mean": [0.5], "correlation": 1}) == {
        "mean": [0.5],
        "correlation": 1,
    }


@pytest.mark.parametrize(
    "text",
    [
        '{"data_options": ' + '{"a": ' * 100_000 + "1" + "}" * 100_001,
        '{"seed": ' + "9" * 5000 + "}",
    ],
)
def test_a_configuration_that_json_cannot_hold(here: Path, text: str) -> None:
    (here / "c.json").write_text(text)
    told = problem("train", "--config", "c.json", "--out", "o")
    assert told.startswith("Expected a configuration in JSON at 'c.json', but got: ")


@pytest.mark.parametrize("split", ["../good", "..", "a/b", "/etc"])
def test_a_split_stays_in_its_folder(here: Path, split: str) -> None:
    photos(here / "good" / "train")
    photos(here / "data" / "train")
    with pytest.raises(DataError) as caught:
        open_data("data", {"split": split}, seed=0)
    assert str(caught.value) == (
        f"Expected the name of a folder in 'data' as its split, but got '{split}'; pass the path "
        "of other data as the source itself"
    )


@pytest.mark.parametrize("size", [100_000, 1.5, True, 0])
def test_sizes_that_no_image_can_have(size: Any) -> None:
    with pytest.raises(InputError, match="^Expected image_size to be "):
        load_source("digits", image_size=size)
    if size == 100_000:
        words = ("--data", "digits", "--image-size", size, "--out", "o")
        told = problem("audit", "--model", "torchvision:resnet18", *words)
        assert told == (
            "Expected image_size to be at most 10000 pixels, but got 100000; pass the size that "
            "the network takes"
        )


def test_a_deviation_is_finite(here: Path) -> None:
    words = ("--data", "digits", "--limit", 20, "--std", "inf", "--out", "o")
    told = problem("audit", "--model", "torchvision:resnet18", *words)
    assert told.startswith("Expected mean and std to be finite numbers, but got mean=(0.5,) and ")


@pytest.mark.parametrize(
    ("split", "of"), [("val", "test"), ("dev", "test"), ("test", "test"), ("train", "train")]
)
def test_only_training_data_are_stacked_with_training_digits(
    here: Path, split: str, of: str
) -> None:
    photos(here / "data" / split, per_class=8)
    options = {"split": split, "shortcut": "dominoes", "correlation": 1.0, "image_size": 28}
    data = open_data("data", options, seed=0)
    digits = load_source("digits", split=of)
    known = {digits.image(i).tobytes() for i in range(len(digits))}
    tops = [np.ascontiguousarray(data.image(i)[:28]).tobytes() for i in range(len(data))]
    assert all(top in known for top in tops)


def test_validation_takes_those_options_that_it_has(here: Path) -> None:
    photos(here / "p", per_class=12)
    rows = [f"p/{name}/{i}.png,{name}" for name in ("cat", "dog") for i in range(12)]
    (here / "lists").mkdir()
    (here / "lists" / "m.csv").write_text("\n".join(["path,label", *rows]))
    words = ("--data", "lists/m.csv", "--root", ".", "--image-size", 16, "--validation", "p")
    ok("train", "--model", SMALL, *words, "--epochs", 1, "--out", "o", "-q")
    saved = json.loads((here / "o" / "config.json").read_text())
    assert saved["data_options"] == {"root": ".", "image_size": 16}


def test_nothing_is_drawn_for_programs(here: Path) -> None:
    photos(here / "p")
    result = run(
        "train",
        "--model",
        SMALL,
        "--data",
        "p",
        "--image-size",
        16,
        "--epochs",
        1,
        "--out",
        "o",
        "--json",
    )
    assert result.exit_code == 0
    assert result.stderr == ""
