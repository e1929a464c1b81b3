import json
import os
import subprocess
import sys

import pytest

from earlysieve.datasets import load_source
from earlysieve.datasets.registry import GROUP, OWN, source_forms, source_named, source_names
from earlysieve.errors import InputError
from tests import plugins
from tests.cli.helpers import SMALL, ok, problem

TOY = """
from earlysieve.datasets import ArrayImages, Source


def squares(path, *, split="train", seed=0, **images):
    import numpy as np

    rng = np.random.default_rng(seed if split == "train" else seed + 1)
    labels = np.arange(int(path)) % 2
    pixels = rng.integers(0, 99, (int(path), 8, 8, 3)) + 156 * labels[:, None, None, None]
    return ArrayImages(pixels.astype(np.uint8), labels, ("dark", "bright"), **images)


SOURCE = Source("squares", "dark and bright squares", squares, ("split", "seed", "mean", "std"))
"""


@pytest.fixture
def toy(tmp_path, monkeypatch):
    folder = plugins.install(tmp_path / "site", GROUP, "squares = toy_package:SOURCE", TOY)
    monkeypatch.syspath_prepend(folder)
    yield folder
    sys.modules.pop("toy_package", None)


def test_names_are_those_of_the_files():
    assert source_names()[: len(OWN)] == list(OWN)
    assert [source_named(name).name for name in OWN] == list(OWN)
    for name, (_, rest) in OWN.items():
        wanted = {"": "none", "[": "optional", ":": "required"}[rest[:1]]
        assert source_named(name).path == wanted, name
    assert source_named("nope") is None


def test_options_that_a_source_does_not_have_are_refused():
    with pytest.raises(InputError) as caught:
        load_source("digits", text_column="x")
    assert str(caught.value) == (
        "Expected options that the source 'digits' has (split, image_size, mean, std), but got "
        "text_column; leave it out"
    )


def test_a_tokenizer_of_the_model_is_offered_to_sources_of_texts_alone(tmp_path):
    from earlysieve.runs.open_data import open_data

    assert len(open_data("digits", {"limit": 20}, seed=0, tokenizer=tmp_path / "none")) == 20


@pytest.mark.usefixtures("toy")
def test_source_of_another_package_by_command_line(tmp_path):
    assert source_forms()[-2:] == ("squares", "module:function")
    assert "dark and bright squares" in ok("datasets").stdout
    shared = ("--model", SMALL, "--data", "squares:64", "--epochs", 1, "--batch-size", 16)
    ok("train", *shared, "--validation", "split:test", "--out", tmp_path / "run", "-q")
    history = json.loads((tmp_path / "run" / "training.json").read_text())["history"]
    assert any("val" in key for key in history[-1]), history[-1]
    words = ("audit", *shared[:4], "--checkpoint", tmp_path / "run" / "model.pt", "--split", "test")
    ok(*words, "--out", tmp_path / "audit", "-q")
    assert (tmp_path / "audit" / "audit.json").exists()
    text = problem(*words, "--image-size", 3, "--out", tmp_path / "other")
    assert "has (split, seed, mean, std), but got image_size; leave it out" in text


def test_source_of_another_package_in_a_process_of_its_own(toy):
    path = os.pathsep.join([str(toy), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "earlysieve.cli", "datasets", "--json"],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["squares"]["summary"] == "dark and bright squares"
