"""Fine-tuning from the command line: what is said and trained, and what later commands read."""

import json
import sys

import pytest
import torch

from tests.cli.helpers import ok, photos, problem
from tests.networks.snapshots import timm_folder, torch_home

FAST = ("--epochs", 1, "--batch-size", 8, "--device", "cpu")
NETS = """
from torch import nn


def many():
    return nn.Sequential(nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(48, 8), nn.ReLU(),
                         nn.Linear(8, 20))
"""


@pytest.fixture
def photo_folder(tmp_path):
    return photos(tmp_path / "photos")


def test_photos_with_a_timm_folder_from_training_to_audit_and_reliance(tmp_path, photo_folder):
    timm_folder(tmp_path / "net")
    spec = f"timm:local-dir:{tmp_path / 'net'}"
    told = ok(
        "train", "--model", spec, "--pretrained", "--data", photo_folder, *FAST,
        "--image-size", 32, "--out", tmp_path / "run",
    ).output  # fmt: skip
    assert "New classifier 'fc' with 2 outputs in place of 7" in told
    state = torch.load(tmp_path / "run" / "model.pt", weights_only=True)
    assert state["fc.weight"].shape[0] == 2
    trained = ("--model", spec, "--checkpoint", tmp_path / "run" / "model.pt")
    ok(
        "audit", *trained, "--data", photo_folder, "--image-size", 32, "--swaps", 0, "--folds", 2,
        "--out", tmp_path / "audit",
    )  # fmt: skip
    ok("reliance", *trained, "--data", photo_folder, "--image-size", 32, "--cue", "patch")


def test_a_function_s_new_layer_is_found_again_by_later_commands(
    tmp_path, photo_folder, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "many_nets.py").write_text(NETS)
    try:
        told = ok(
            "train", "--model", "many_nets:many", "--pretrained", "--data", photo_folder, *FAST,
            "--image-size", 16, "--out", "run",
        ).output  # fmt: skip
        assert "New classifier '4' with 2 outputs in place of 20" in told
        assert json.loads((tmp_path / "run" / "config.json").read_text())["head"] == "4"
        ok(
            "audit", "--model", "many_nets:many", "--checkpoint", "run/model.pt", "--data",
            photo_folder, "--image-size", 16, "--swaps", 0, "--folds", 2, "--out", "audit",
        )  # fmt: skip
    finally:
        sys.modules.pop("many_nets", None)


def test_pretrained_with_a_checkpoint_and_a_head_without_pretrained_are_refused(
    tmp_path, photo_folder
):
    common = ("train", "--model", "timm:test_resnet", "--data", photo_folder, "--out", tmp_path)
    (tmp_path / "some.pt").touch()
    assert "but got both" in problem(*common, "--pretrained", "--checkpoint", tmp_path / "some.pt")
    assert "give --pretrained, or leave out --head" in problem(*common, "--head", "fc")


def test_an_audit_of_published_weights_wants_their_own_classes(tmp_path, monkeypatch, photo_folder):
    torch_home(tmp_path / "home", monkeypatch)
    common = (
        "audit",
        "--model",
        "torchvision:resnet18",
        "--data",
        photo_folder,
        "--image-size",
        32,
    )
    more = ("--swaps", 0, "--folds", 2, "--out", tmp_path / "out")
    ok(*common, "--pretrained", *more)
    assert "leave out --num-classes" in problem(*common, "--pretrained", "--num-classes", 2, *more)
