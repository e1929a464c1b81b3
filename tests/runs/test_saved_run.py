"""A finished run is read again: settings, epochs and the network as it was kept."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import earlysieve as es
from earlysieve.errors import CheckpointError, DataError, InputError
from tests.cli.helpers import ok


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("runs")
    random = np.random.default_rng(0)
    label = random.integers(0, 2, 80)
    rows = [
        f"{a + k:.3f},{b:.3f},{'yes' if k else 'no'}"
        for a, b, k in zip(random.normal(size=80), random.normal(size=80), label, strict=True)
    ]
    (place / "rows.csv").write_text("\n".join(["a,b,label", *rows]) + "\n")
    ok(
        "train", "--data", f"table:{place / 'rows.csv'}", "--validation", "0.25", "--epochs", 2,
        "--model", "earlysieve.networks:SmallMLP", "--seed", 5, "--out", place / "run",
    )  # fmt: skip
    return place / "run"


def copied(folder: Path, out: Path, **changed: object) -> Path:
    """The run's files, with another configuration."""
    out.mkdir()
    for path in folder.iterdir():
        if path.is_file():
            (out / path.name).write_bytes(path.read_bytes())
    config = json.loads((folder / "config.json").read_text())
    (out / "config.json").write_text(json.dumps({**config, **changed}))
    return out


def test_settings_and_epochs_are_those_of_the_run(folder: Path) -> None:
    run = es.load_run(folder)
    assert (run.config.method, run.config.seed, run.config.epochs) == ("erm", 5, 2)
    kept = json.loads((folder / "training.json").read_text())
    assert (run.class_names, run.best_epoch) == (("no", "yes"), kept["best_epoch"])
    assert run.table.to_dict("records") == kept["history"]


def test_its_network_has_the_weights_that_were_kept(folder: Path) -> None:
    model = es.load_run(folder).model()
    kept = torch.load(folder / "model.pt", weights_only=True)
    ours = model.state_dict()
    assert not model.training
    assert list(ours) == list(kept)
    assert all(torch.equal(ours[name], kept[name]) for name in kept)


def test_other_code_is_built_only_where_the_user_says_so(folder: Path, tmp_path: Path) -> None:
    own = copied(folder, tmp_path / "own", model="tests.runs.own_net:net", model_options={})
    run = es.load_run(own)
    with pytest.raises(InputError, match="'tests.runs.own_net:net'.*trust_config=True"):
        run.model()
    with pytest.raises(InputError, match="own_net"):
        run.model(trust_config=True)  # it is looked for, and there is none


def test_folders_of_other_things_and_damaged_ones_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no config.json.*--out of 'earlysieve train'"):
        es.load_run(tmp_path)
    bad = copied(folder, tmp_path / "bad")
    (bad / "training.json").write_text('{"history": 3}')
    with pytest.raises(DataError, match="no list of epochs"):
        es.load_run(bad)
    bare = copied(folder, tmp_path / "bare")
    (bare / "model.pt").unlink()
    with pytest.raises(CheckpointError, match=r"model\.pt"):
        es.load_run(bare).model()
