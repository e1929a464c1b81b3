"""Sources by name, as the command line takes them."""

import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from earlysieve.datasets import load_source
from earlysieve.datasets.registry import source_forms
from earlysieve.errors import DataError, InputError

MODULE = """
import torch
from torch.utils.data import TensorDataset

def make(split="train", seed=0):
    return TensorDataset(torch.full((5, 2), float(seed)), torch.zeros(5).long(), torch.ones(5))

def plain():
    return make()
"""


@pytest.fixture
def own_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    package = tmp_path / "own_package_of_a_test"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "data.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (6, 6), (40, 80, 160)).save(path)


def test_every_image_source_gives_three_channels_of_the_size_asked_for(tmp_path: Path) -> None:
    for name in ("a", "b"):
        picture(tmp_path / name / "1.png")
    (tmp_path / "list.csv").write_text("path,label\na/1.png,x\nb/1.png,y\n")
    for spec in ("digits", f"folder:{tmp_path}", f"csv:{tmp_path / 'list.csv'}"):
        data = load_source(spec, image_size=16, limit=2)
        assert data[0][0].shape == (3, 16, 16)
        assert len(data) == 2
    plain = load_source(f"folder:{tmp_path}", mean=[0.0], std=[1.0])
    assert plain[0][0][:, 0, 0].tolist() == pytest.approx([40 / 255, 80 / 255, 160 / 255])


@pytest.mark.parametrize("shortcut", ["colour", "patch", "dominoes"])
def test_a_shortcut_is_planted_on_what_the_limit_leaves(shortcut: str) -> None:
    data = load_source("digits", limit=200, shortcut=shortcut, correlation=0.9, seed=3)
    assert np.bincount(data.groups).tolist() == [18, 2] * 10
    assert data[0][0].shape == (3, 56 if shortcut == "dominoes" else 28, 28)
    again = load_source("digits", limit=200, shortcut=shortcut, correlation=0.9, seed=3)
    assert np.array_equal(data.shortcut_values, again.shortcut_values)


def test_the_correlation_is_095_unless_told_otherwise() -> None:
    data = load_source("digits", split="test", shortcut="colour")
    assert np.bincount(data.groups).tolist() == [95, 5] * 10


def test_a_shortcut_can_be_planted_on_photographs(tmp_path: Path) -> None:
    for name in ("a", "b"):
        picture(tmp_path / name / "1.png")
    data = load_source(f"folder:{tmp_path}", image_size=20, shortcut="patch", correlation=1.0)
    assert data.image(0)[0, 0].tolist() == [230, 25, 25]
    assert data.image(0)[-1, -1].tolist() == [40, 80, 160]


def test_functions_get_what_they_take(own_module: Path) -> None:
    assert load_source("own_package_of_a_test.data:make", seed=7)[0][0].tolist() == [7.0, 7.0]
    assert len(load_source("own_package_of_a_test.data:plain")) == 5
    with pytest.raises(InputError, match=r"takes as arguments \(none\), but got split; leave it"):
        load_source("own_package_of_a_test.data:plain", split="test")


def test_a_function_of_a_lone_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lone_file_of_a_test.py").write_text("def make():\n    return [(0.0, 1)]\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert load_source("lone_file_of_a_test:make") == [(0.0, 1)]


def test_a_name_that_is_neither_a_source_nor_there(tmp_path, monkeypatch):
    (tmp_path / "photos").mkdir()
    (tmp_path / "digit").mkdir()
    (tmp_path / "list.txt").touch()
    monkeypatch.chdir(tmp_path)
    said = "'phtos' is neither a source nor there as a file or folder (near are 'photos'); pass"
    with pytest.raises(InputError, match=re.escape(said)):
        load_source("phtos")
    with pytest.raises(InputError, match="near are 'digit', 'digits'"):
        load_source("digts")
    with pytest.raises(InputError, match="got a folder; write 'folder:photos'"):
        load_source("photos")
    with pytest.raises(InputError, match=r"got 'list.txt'; write 'csv:list.txt'"):
        load_source("list.txt")
    with pytest.raises(InputError, match=r"as a file or folder; pass the path"):
        load_source("xyzzyxyzzy")


@pytest.mark.parametrize(
    ("spec", "options", "error", "message"),
    [
        (
            "folders:photographs",
            {},
            InputError,
            "Expected a source of data or a function of yours, but got 'folders:photographs', and "
            "'folders' is neither a source nor a module or file of Python (near are "
            "'folder:PATH'); `earlysieve datasets` lists the sources, and FILE.py:FUNCTION names a "
            "function",
        ),
        (
            "folder:",
            {},
            InputError,
            "Expected folder:PATH, but got 'folder:'; say after the colon what to read",
        ),
        (
            "digits",
            {"correlation": 0.5},
            InputError,
            "Expected a shortcut to plant with correlation 0.5, but got none; "
            "choose one of colour, patch, dominoes",
        ),
        (
            "digits",
            {"shortcut": "colour", "correlation": -0.1},
            InputError,
            "Expected correlation to be from 0 to 1, but got -0.1; "
            "it is the probability that the shortcut's value equals the label's",
        ),
        (
            "digits",
            {"limit": 0},
            InputError,
            "Expected limit to be at least 1, but got 0; leave it out for all",
        ),
        (
            "own_package_of_a_test.data:make",
            {"shortcut": "colour"},
            InputError,
            "Expected images to plant a shortcut in, but this source holds something else; "
            "leave out the shortcut",
        ),
        (
            "own_package_of_a_test.absent:make",
            {},
            DataError,
            f"Expected data as {', '.join(source_forms())}, but there is no module "
            "'own_package_of_a_test.absent' here or among the installed packages; check the name "
            "and the current directory",
        ),
    ],
)
def test_bad_sources(
    own_module: Path, spec: str, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as caught:
        load_source(spec, **options)
    assert str(caught.value) == message


def test_bar_by_name(shared_data: Path) -> None:
    data = load_source(f"bar:{shared_data / 'bar'}", split="test", image_size=32, limit=60)
    assert len(data) == 60
    assert data.num_classes == 6
    assert data[0][0].shape == (3, 32, 32)
