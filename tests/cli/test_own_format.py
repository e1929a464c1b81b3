"""Weights that came as a folder of transformers or as safetensors are written so again."""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

import earlysieve as es
from earlysieve.networks.own_format import MARK, write_own_format
from earlysieve.networks.small import small_cnn

from ..networks.snapshots import vit_folder
from ..training.helpers import difference
from .helpers import DIGITS, SMALL, ok, problem

LABELS = {0: "cat", 1: "dog"}


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Twelve pictures of each of two classes, of which one is brighter."""
    generator = np.random.default_rng(0)
    for number, name in LABELS.items():
        (tmp_path / "photos" / name).mkdir(parents=True)
        for k in range(12):
            pixels = generator.integers(0, 128, (32, 32, 3), dtype=np.uint8) + 100 * number
            Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / f"photos/{name}/{k}.png")
    return tmp_path / "photos"


def test_training_a_folder_of_transformers_gives_another(photos: Path, tmp_path: Path) -> None:
    before = vit_folder(tmp_path / "vit", LABELS)
    (tmp_path / "vit" / "code.py").write_text("raise SystemExit")
    words = ("train", "--model", f"hf:{tmp_path / 'vit'}", "--data", photos, "--image-size", 32,
             "--epochs", 1, "--lr", 0.1, "--out", tmp_path / "run")  # fmt: skip
    for _ in range(2):  # the second replaces the first
        told = ok(*words, "--fresh").output
        folder = tmp_path / "run" / "pretrained"
        assert f"Weights in the form of those given: {folder}" in told
    assert {path.name for path in folder.iterdir()} == {
        "config.json", "model.safetensors", "preprocessor_config.json", MARK
    }  # fmt: skip
    assert [p.name for p in (tmp_path / "run").iterdir() if p.name.startswith(".")] == []
    from transformers import AutoModelForImageClassification

    again = AutoModelForImageClassification.from_pretrained(folder)
    state = torch.load(tmp_path / "run" / "model.pt", weights_only=True)
    assert difference(dict(again.state_dict()), dict(state)) is None
    assert difference(dict(again.state_dict()), dict(before.state_dict())) is not None
    assert again.config.id2label == LABELS
    ok("audit", "--model", f"hf:{folder}", "--data", photos, "--image-size", 32, "--swaps", 0,
       "--out", tmp_path / "audit")  # fmt: skip


def test_training_safetensors_gives_safetensors(tmp_path: Path) -> None:
    save_file(small_cnn(10).state_dict(), tmp_path / "w.safetensors")
    words = ("train", "--model", SMALL, *DIGITS, "--epochs", 1, "--out", tmp_path / "run")
    told = ok(*words, "--checkpoint", tmp_path / "w.safetensors").output
    file = tmp_path / "run" / "model.safetensors"
    assert f"Weights in the form of those given: {file}" in told
    state = torch.load(tmp_path / "run" / "model.pt", weights_only=True)
    assert difference(dict(sorted(load_file(file).items())), dict(sorted(state.items()))) is None
    again = ok(*words, "--fresh").output
    assert "Weights in the form of those given" not in again
    assert not file.exists()


@pytest.mark.filterwarnings("ignore::earlysieve.training.evaluate.SingleClassWarning")
def test_a_repaired_model_of_transformers_is_written_as_such(tmp_path: Path) -> None:
    model = vit_folder(tmp_path / "vit", LABELS)
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(80, 3, 32, 32, generator=generator)
    y = torch.arange(80) % 2
    outcome = es.fix(model, held_out=(x, y), budget="1trial")
    outcome.save(tmp_path / "fixed")
    found = json.loads((tmp_path / "fixed/pretrained/config.json").read_text())
    assert found["architectures"] == ["ViTForImageClassification"]
    other = vit_folder(tmp_path / "other", LABELS)
    es.load_weights(other, tmp_path / "fixed/pretrained")
    assert difference(dict(other.state_dict()), dict(outcome.model.state_dict())) is None


@pytest.mark.filterwarnings("ignore::earlysieve.training.evaluate.SingleClassWarning")
def test_a_repair_calls_outputs_as_the_training_did(photos: Path, tmp_path: Path) -> None:
    vit_folder(tmp_path / "vit", {0: "LABEL_0", 1: "LABEL_1"})
    common = ("--model", f"hf:{tmp_path / 'vit'}", "--data", photos, "--image-size", 32)
    ok("train", *common, "--validation", 0.5, "--epochs", 1, "--out", tmp_path / "run")
    weights = ("--checkpoint", tmp_path / "run/model.pt")
    ok("fix", *common, *weights, "--budget", "1trial", "--out", tmp_path / "fixed")
    found = json.loads((tmp_path / "fixed/pretrained/config.json").read_text())
    assert found["id2label"] == {"0": "cat", "1": "dog"}


def test_a_folder_of_the_users_own_is_not_replaced(photos: Path, tmp_path: Path) -> None:
    vit_folder(tmp_path / "vit", LABELS)
    vit_folder(tmp_path / "run" / "pretrained", LABELS)
    told = problem("train", "--model", f"hf:{tmp_path / 'vit'}", "--data", photos, "--image-size",
                   32, "--epochs", 1, "--out", tmp_path / "run", "--quiet")  # fmt: skip
    assert "one that is not of an earlier run is there; move it" in told
    assert not (tmp_path / "run" / "model.pt").exists()


class Shared(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = torch.nn.Linear(3, 3), torch.nn.Linear(3, 3)
        self.b.weight = self.a.weight


def test_weights_of_a_hub_for_timm_come_as_safetensors_and_go_as_such(tmp_path: Path) -> None:
    model = torch.nn.Linear(2, 2)
    assert write_own_format(model, tmp_path, spec="timm:resnet18") is None
    file = write_own_format(model, tmp_path, spec="hf-hub:timm/resnet18")
    assert file == tmp_path / "model.safetensors"
    assert write_own_format(model, tmp_path, spec="hf-hub:a/b", checkpoint="w.pt") is None
    assert not file.exists()


def test_a_tensor_with_two_names_is_written_once_and_read_again(tmp_path: Path) -> None:
    model: Any = Shared()
    save_file({"x": torch.ones(1)}, tmp_path / "old.safetensors")
    file = write_own_format(model, tmp_path, checkpoint=tmp_path / "old.safetensors")
    assert file is not None
    assert set(load_file(file)) == {"a.weight", "a.bias", "b.bias"}
    other = Shared()
    es.load_weights(other, file)
    assert torch.equal(other.b.weight, model.a.weight)


def test_a_folder_of_timm_gives_another(tmp_path: Path) -> None:
    import timm

    model = timm.create_model("test_resnet", num_classes=3)
    timm.models.save_for_hf(model, str(tmp_path / "given"), safe_serialization=True)
    out = tmp_path / "out"
    out.mkdir()
    write_own_format(model, out, checkpoint=write_safetensors(model, tmp_path / "w.safetensors"))
    assert (out / "model.safetensors").exists()
    with torch.no_grad():
        model.get_classifier().weight.fill_(2.0)
    for given in (tmp_path / "given", tmp_path / "given" / "model.safetensors"):
        assert write_own_format(model, out, checkpoint=given) == out / "pretrained"
    assert [path.name for path in out.iterdir()] == ["pretrained"]
    spec = f"timm:local-dir:{tmp_path / 'given'}"
    assert write_own_format(model, out, spec=spec) == out / "pretrained"
    again = timm.create_model(f"local-dir:{out / 'pretrained'}", pretrained=True)
    assert difference(dict(again.state_dict()), dict(model.state_dict())) is None


def write_safetensors(model: torch.nn.Module, path: Path) -> Path:
    save_file(model.state_dict(), path)
    return path


def lightning_file(path: Path, **more: Any) -> dict[str, Any]:
    state = {f"net.{name}": value for name, value in torch.nn.Linear(3, 2).state_dict().items()}
    content = {
        "state_dict": {**state, "loss.weight": torch.ones(2)},
        "pytorch-lightning_version": "2.0.0",
        "hyper_parameters": {"width": 3},
        "epoch": 4,
        "optimizer_states": [{"step": 1}],
        **more,
    }
    torch.save(content, path)
    return content


def test_a_checkpoint_of_lightning_gives_another(tmp_path: Path) -> None:
    import lightning.pytorch as pl

    class Module(pl.LightningModule):
        def __init__(self, width: int) -> None:
            super().__init__()
            self.net, self.loss = torch.nn.Linear(width, 2), torch.nn.Linear(2, 1, bias=False)
            self.loss.weight = torch.nn.Parameter(torch.zeros(2))

    model = torch.nn.Linear(3, 2)
    lightning_file(tmp_path / "last.ckpt")
    file = write_own_format(model, tmp_path, checkpoint=tmp_path / "last.ckpt")
    assert file == tmp_path / "model.ckpt"
    found = torch.load(file, weights_only=True)
    assert (found["epoch"], "optimizer_states" in found) == (4, False)
    again = Module.load_from_checkpoint(file)
    assert difference(dict(again.net.state_dict()), dict(model.state_dict())) is None
    assert again.loss.weight.tolist() == [1, 1]
    assert write_own_format(model, tmp_path, checkpoint=None) is None
    assert not file.exists()


def test_what_cannot_be_written_back_safely_is_not(tmp_path: Path) -> None:
    model, given, file = torch.nn.Linear(3, 2), tmp_path / "last.ckpt", tmp_path / "model.ckpt"
    plain = lightning_file(given)
    twice = {**plain["state_dict"], "b.weight": torch.ones(2, 3), "b.bias": torch.ones(2)}
    for content in ({"state_dict": twice}, {"hyper_parameters": {"net": model}}):
        lightning_file(given, **content)
        assert write_own_format(model, tmp_path, checkpoint=given) is None
    assert not file.exists()
    lightning_file(file)  # the user's own
    before = file.read_bytes()
    assert write_own_format(model, tmp_path, checkpoint=file) is None
    assert file.read_bytes() == before


def test_averages_in_a_checkpoint_of_lightning_become_the_new_weights(tmp_path: Path) -> None:
    model, given, told = torch.nn.Linear(3, 2), tmp_path / "last.ckpt", list[str]()
    plain = lightning_file(given)["state_dict"]
    averages = {"net_ema.module.weight": torch.ones(2, 3), "net_ema.module.bias": torch.ones(2)}
    settings = {"args": argparse.Namespace(lr=0.1, data=Path("photos"))}
    lightning_file(given, state_dict={**plain, **averages}, **settings)
    for prefix, first in ((None, "net."), ("net_ema.module", "net_ema.module.")):
        file = write_own_format(model, tmp_path, checkpoint=given, prefix=prefix, tell=told.append)
        assert file == tmp_path / "model.ckpt"
        found = torch.load(file, weights_only=False)  # our own
        assert found["args"] == settings["args"]
        for start in ("net.", "net_ema.module."):
            assert torch.equal(found["state_dict"][f"{start}weight"], model.weight)
        assert told.pop().startswith(f"model.ckpt holds the new weights under '{first}', and under")


def test_a_checkpoint_of_lightning_that_is_not_written_again_says_why(tmp_path: Path) -> None:
    model, given, told = torch.nn.Linear(3, 2), tmp_path / "last.ckpt", list[str]()
    plain = lightning_file(given)["state_dict"]
    teacher = {f"teacher.{name}": value for name, value in model.state_dict().items()}
    lightning_file(given, state_dict={**plain, **teacher})
    assert write_own_format(model, tmp_path, checkpoint=given, tell=told.append) is None
    assert "holds the network under 'net.' and 'teacher.'; name one as the" in told.pop()
    file = write_own_format(model, tmp_path, checkpoint=given, prefix="net", tell=told.append)
    assert file is not None
    state = torch.load(file, weights_only=True)["state_dict"]
    assert torch.equal(state["net.weight"], model.weight)
    assert torch.equal(state["teacher.weight"], teacher["teacher.weight"])
    assert told == []
    lightning_file(given, best=np.float64(0.5))
    assert write_own_format(model, tmp_path, checkpoint=given, tell=told.append) is None
    assert "holds settings that are no plain values (numpy." in told.pop()
    other = torch.nn.Linear(4, 2)
    lightning_file(given)
    assert write_own_format(other, tmp_path, checkpoint=given, tell=told.append) is None
    assert "does not hold all weights of the network in these shapes" in told.pop()
