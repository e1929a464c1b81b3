"""Fine-tuning from the command line: what is said and trained, and what later commands read."""

import json
import sys

import pytest
import torch

from tests.cli.helpers import DIGITS, SMALL, ok, photos, problem, run, weights
from tests.networks.snapshots import timm_folder, torch_home, vit_folder

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
        "--image-size", 32, "--std", 0.25, "--out", tmp_path / "run",
    ).output.replace("\n", " ")  # fmt: skip
    assert "New classifier 'fc' with 2 outputs in place of 7" in told
    assert f"--image-size 32 was given and is used, though it is 160 as '{spec}' expects" in told
    assert "--std 0.25 was given and is used, though it is 0.2,0.3,0.4" in told
    assert "resize 32, interpolation bilinear, mean 0.4,0.5,0.6" in told
    expected = {
        "image_size": 32, "resize": 32, "interpolation": "bilinear", "mean": [0.4, 0.5, 0.6],
        "std": [0.25],
    }  # fmt: skip
    run = json.loads((tmp_path / "run" / "config.json").read_text())
    assert run["data_options"] == expected
    state = torch.load(tmp_path / "run" / "model.pt", weights_only=True)
    assert state["fc.weight"].shape[0] == 2
    trained = ("--model", spec, "--checkpoint", tmp_path / "run" / "model.pt")
    told = ok(
        "audit", *trained, "--data", photo_folder, "--swaps", 0, "--folds", 2,
        "--out", tmp_path / "audit",
    ).output  # fmt: skip
    assert f"Data are prepared in the run of '{trained[-1]}': image-size 32, resize 32" in told
    audited = json.loads((tmp_path / "audit" / "audit.json").read_text())["config"]
    assert audited["data_options"] == expected
    told = ok("reliance", *trained, "--data", photo_folder, "--cue", "patch").output
    assert "resize 32, interpolation bilinear" in told
    told = ok("reliance", *trained, "--data", photo_folder, "--cue", "patch", "--mean", 0.1).output
    assert "--mean 0.1 was given and is used, though it is 0.4,0.5,0.6 in the run of" in told


def test_a_size_that_the_network_does_not_take_is_one_sentence(tmp_path, photo_folder):
    vit_folder(tmp_path / "vit", {0: "a", 1: "b", 2: "c"})
    words = ("train", "--model", f"hf:{tmp_path / 'vit'}", "--data", photo_folder, *FAST)
    result = run(*words, "--image-size", 40, "--out", tmp_path / "run")
    assert result.exit_code == 1
    (line,) = result.stderr.strip().splitlines()
    assert "(3, 40, 40), but it failed" in line
    assert "or set --image-size 32 or" in line


def test_a_fine_tuned_folder_of_transformers_calls_its_classes_as_the_data(tmp_path, photo_folder):
    vit_folder(tmp_path / "vit", {0: "a", 1: "b", 2: "c"})
    words = ("--model", f"hf:{tmp_path / 'vit'}", "--data", photo_folder)
    told = ok("train", *words, *FAST, "--out", tmp_path / "run").output.replace("\n", " ")
    assert "New classifier 'classifier' with 2 outputs in place of 3" in told
    saved = json.loads((tmp_path / "run" / "pretrained" / "config.json").read_text())
    assert saved["id2label"] == {"0": "cat", "1": "dog"}
    told = ok(
        "audit", "--model", f"hf:{tmp_path / 'run' / 'pretrained'}", "--data", photo_folder,
        "--swaps", 0, "--folds", 2, "--out", tmp_path / "audit",
    ).output  # fmt: skip
    assert "image-size 32, resize squash" in told.replace("\n", " ")


def test_an_audit_uses_the_image_processor_and_the_names_of_the_model(tmp_path, photo_folder):
    vit_folder(tmp_path / "vit", {0: "dog", 1: "cat", 2: "horse"})
    words = (
        "audit", "--model", f"hf:{tmp_path / 'vit'}", "--swaps", 0, "--folds", 2, "--out",
        tmp_path / "audit", "--data",
    )  # fmt: skip
    refused = run(*words, photo_folder)
    assert "order of the outputs of 'hf:" in refused.stderr
    for k, name in enumerate(("dog", "cat")):
        (photo_folder / name).rename(photo_folder / str(k))
    assert "Classes are called as" in ok(*words, photo_folder).output.replace("\n", " ")
    audited = json.loads((tmp_path / "audit" / "audit.json").read_text())
    assert audited["config"]["images.image_size"] == 32
    assert audited["config"]["images.resize"] == "squash"
    assert audited["config"]["images.interpolation"] == "bicubic"


def test_random_weights_of_a_folder_are_said(tmp_path, photo_folder):
    timm_folder(tmp_path / "net")
    spec = f"timm:local-dir:{tmp_path / 'net'}"
    words = ("train", "--model", spec, "--data", photo_folder, *FAST, "--image-size", 32)
    told = ok(*words, "--out", tmp_path / "run").output.replace("\n", " ")
    assert "are random; --pretrained takes its own" in told


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
            photo_folder, "--swaps", 0, "--folds", 2, "--out", "audit",
        )  # fmt: skip
        ok(
            "train", "--model", "many_nets:many", "--checkpoint", "run/model.pt", "--data",
            photo_folder, *FAST, "--out", "again",
        )  # fmt: skip
        again = json.loads((tmp_path / "again" / "config.json").read_text())
        assert (again["head"], again["data_options"]) == ("4", {"image_size": 16})
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
    refused = run(*common, "--pretrained", "--num-classes", 2, *more)
    assert "leave out --num-classes" in refused.stderr


SMALL_RUN = ("train", "--model", SMALL, *DIGITS, *FAST)


def parameters(folder):
    return torch.load(folder / "model.pt", weights_only=True)


def test_freezing_keeps_the_weights_of_the_checkpoint(tmp_path):
    start = weights(tmp_path / "start.pt", seed=7)
    told = ok(
        *SMALL_RUN, "--checkpoint", start, "--freeze", "stage2", "--out", tmp_path / "run"
    ).output
    assert "All up to 'stage2' is frozen: 16,752 of 72,954 weights stay as they are." in told
    before, after = torch.load(start, weights_only=True), parameters(tmp_path / "run")
    changed = {name.split(".")[0] for name in after if not torch.equal(before[name], after[name])}
    assert changed == {"stage3", "head"}


@pytest.mark.parametrize("freeze", [("--freeze",), ("--freeze", "backbone")])
def test_freeze_alone_leaves_the_last_layer_to_learn(tmp_path, freeze):
    start = weights(tmp_path / "start.pt", seed=7)
    ok(*SMALL_RUN, "--checkpoint", start, *freeze, "--out", tmp_path / "run")
    before, after = torch.load(start, weights_only=True), parameters(tmp_path / "run")
    assert {name for name in after if not torch.equal(before[name], after[name])} == {
        "head.weight", "head.bias",
    }  # fmt: skip


def test_a_sieve_behind_frozen_layers_is_refused_where_nothing_could_forget(tmp_path):
    words = (*SMALL_RUN, "--method", "sieve", "--layer", "stage1", "--out", tmp_path / "run")
    assert "before layer 'stage1'" in problem(*words, "--freeze", "stage2")


def test_the_backbone_at_a_rate_of_zero_stays_and_the_rest_learns(tmp_path):
    start = weights(tmp_path / "start.pt", seed=7)
    ok(
        *SMALL_RUN, "--checkpoint", start, "--backbone-lr-scale", 0, "--out", tmp_path / "run"
    )  # fmt: skip
    before, after = torch.load(start, weights_only=True), parameters(tmp_path / "run")
    assert torch.equal(before["stage1.0.weight"], after["stage1.0.weight"])
    assert not torch.equal(before["head.weight"], after["head.weight"])


def test_augmentation_keeps_a_teacher_at_work_and_refuses_kept_logits(tmp_path):
    words = (
        *SMALL_RUN, "--method", "kd", "--augment", "flip-crop", "--teacher", SMALL,
        "--teacher-checkpoint", weights(tmp_path / "teacher.pt", seed=3), "--batch-size", 60,
    )  # fmt: skip
    ok(*words, "--out", tmp_path / "run")
    assert not (tmp_path / "run" / "teacher.logits").exists()
    for wrong in (("--keep-logits",), ("--teacher-logits", tmp_path / "kept.logits")):
        assert "--augment flip-crop" in problem(*words, *wrong, "--out", tmp_path / "no")
    assert not (tmp_path / "no").exists()


def test_augmentation_where_there_are_no_pictures_is_refused(tmp_path):
    words = ("train", "--model", "tests.cli.networks:table_net", "--data", "slabs")
    assert "pictures" in problem(*words, "--augment", "flip", "--out", tmp_path / "run")


def test_what_a_refitted_last_layer_would_ignore_is_refused(tmp_path):
    words = (*SMALL_RUN, "--method", "crt", "--checkpoint", weights(tmp_path / "start.pt"))
    assert "Expected no augment" in problem(*words, "--augment", "flip", "--out", tmp_path / "run")


def test_a_benchmark_starts_all_methods_from_the_pretrained_weights(tmp_path):
    timm_folder(tmp_path / "net")
    data = tmp_path / "data"
    for split in ("train", "val", "test"):
        photos(data / split, 8)
    ok(
        "benchmark", "--methods", "erm", "--methods", "crt", "--model",
        f"timm:local-dir:{tmp_path / 'net'}", "--pretrained", "--data", data, "--image-size", 32,
        "--epochs", 1, "--lr", 1e-9, "--augment", "flip", "--seeds", 1, "--out", tmp_path / "out",
    )  # fmt: skip
    found = {path.parent for path in (tmp_path / "out").rglob("config.json")}
    runs = {json.loads((run / "config.json").read_text())["method"]: run for run in found}
    assert set(runs) == {"erm", "crt"}
    published = torch.load(tmp_path / "net" / "pytorch_model.bin", weights_only=True)
    for run_folder in runs.values():
        config = json.loads((run_folder / "config.json").read_text())
        assert config["data_options"]["mean"] == [0.4, 0.5, 0.6]
        name = "conv1.0.weight"
        torch.testing.assert_close(parameters(run_folder)[name], published[name])
