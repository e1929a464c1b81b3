"""`train --config FILE` runs no code that FILE chose."""

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.helpers import DIGITS, ok, problem, weights

ASSETS = Path(__file__).parent / "assets"
NETS = """
from pathlib import Path
Path("proof").touch()
from earlysieve.datasets import load_source
from earlysieve.networks import small_cnn
def net(num_classes, **options):
    return small_cnn(num_classes, seed=0)
def train():
    return load_source("digits", split="test", limit=60)
"""
SAFE = {
    "data": "digits",
    "data_options": {"split": "test", "limit": 60},
    "model": "earlysieve.networks:small_cnn",
    "epochs": 1,
}
KD = {"method": "kd"}


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """The current folder, with a module of the user's own."""
    import sys

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "trusted_nets.py").write_text(NETS)
    yield tmp_path
    sys.modules.pop("trusted_nets", None)


def written(folder: Path, **fields) -> Path:
    path = folder / "c.json"
    path.write_text(json.dumps({**SAFE, **fields}))
    return path


def test_a_file_chooses_no_code(here):
    shell = {"model": "os:system", "model_options": {"command": "touch proof"}}
    teacher = {"teacher": "os:system", "teacher_options": {"command": "touch proof"}}
    for fields, field in (
        (shell, "model"),
        ({"model": "trusted_nets:net"}, "model"),
        ({**KD, "method_options": teacher}, "method_options.teacher"),
        ({"data": "trusted_nets:train"}, "data"),
        ({"validation": "trusted_nets:train"}, "validation"),
        (
            {
                "model": "earlysieve.cli.simkd_student:build",
                "model_options": {
                    "student": "os:system",
                    "teacher": "timm:resnet18",
                    "student_options": {"command": "touch proof"},
                },
            },
            "model_options.student",
        ),
        (
            {"model": "hf:x", "model_options": {"trust_remote_code": True}},
            "model_options.trust_remote_code",
        ),
    ):
        said = problem("train", "--config", written(here, **fields), "--out", "out")
        assert said.startswith("Expected a configuration that runs no code of its own, but its ")
        assert f"field '{field}' asks for '" in said
        assert said.endswith("name it on the command line as well, or give --trust-config")
        assert not (here / "proof").exists(), fields
        assert not (here / "out").exists()


def test_what_the_user_names_or_replaces_is_run(here):
    config = written(here, model="trusted_nets:net")
    shared = ("train", "--config", config, "-q", "--out")
    ok(*shared, "replaced", "--model", "earlysieve.networks:small_cnn")
    assert not (here / "proof").exists()
    ok(*shared, "named", "--model", "trusted_nets:net")
    ok(*shared, "trusted", "--trust-config")


def test_a_run_goes_on_when_its_model_is_named_again(here):
    named = ("train", "--model", "trusted_nets:net", *DIGITS, "-q", "--out", "run")
    ok(*named, "--epochs", 1)
    ok(*named, "--epochs", 2)
    config = ("train", "--config", "run/config.json", "--epochs", 3, "-q", "--out", "run")
    assert "its field 'model' asks for 'trusted_nets:net'" in problem(*config)
    ok(*config, "--model", "trusted_nets:net")
    assert len(json.loads((here / "run" / "training.json").read_text())["history"]) == 3


@pytest.mark.parametrize("name", ["dedier-0.1.0.json", "simkd-student-0.1.0.json"])
def test_configurations_of_earlier_versions_run_without_a_word(here, name):
    weights(here / "teacher.pt", seed=3)
    shutil.copy(ASSETS / name, here / "config.json")
    ok("train", "--config", "config.json", "-q", "--out", "again")
    before, after = (json.loads(Path(p).read_text()) for p in ("config.json", "again/config.json"))
    del before["versions"], after["versions"]
    newer = {key: after.pop(key) for key in after.keys() - before.keys()}
    ours, theirs = after["method_options"], before["method_options"]
    newer |= {key: ours.pop(key) for key in ours.keys() - theirs.keys()}
    assert after == before
    assert newer.keys() >= {"groups_from", "augment", "pretrained"}
    assert set(newer.values()) == {None}
