"""Every command that takes --checkpoint finds the weights in it, says what it found, or is told."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from earlysieve.networks.small import small_cnn
from earlysieve.training import read_config

from .helpers import DIGITS, SMALL, ok, problem, run

NOTES = "were taken under the key 'state_dict' without the prefix 'model.'."
LEFT_OUT = "since the model has no such weights: 'loss_fn.weight'."


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Any]:
    """The file that Lightning would write, and the same weights alone."""
    state = small_cnn(10).state_dict()
    named = {f"model.{key}": value for key, value in state.items()}
    lit = {"state_dict": {**named, "loss_fn.weight": torch.ones(10)}, "epoch": 3}
    averaged = {"state_dict_ema": {k: v + 1 for k, v in state.items()}}
    torch.save({**lit, **averaged}, tmp_path / "lit.ckpt")
    torch.save(state, tmp_path / "plain.pt")
    return {"lit": tmp_path / "lit.ckpt", "plain": tmp_path / "plain.pt", "state": state}


def test_an_audit_of_lightnings_file_is_that_of_the_weights(
    files: dict[str, Any], tmp_path: Path
) -> None:
    about = ("audit", "--model", SMALL, *DIGITS, "--layers", "stage1", "--swaps", 0)
    said = ok(*about, "--checkpoint", files["lit"], "--out", tmp_path / "a").output
    assert NOTES in said
    assert LEFT_OUT in said
    assert "name the checkpoint key 'state_dict_ema'" in said
    assert (
        "were taken"
        not in ok(*about, "--checkpoint", files["plain"], "--out", tmp_path / "b").output
    )
    named = ("--checkpoint-key", "state_dict_ema", "--checkpoint-prefix", "")
    ok(*about, "--checkpoint", files["lit"], *named, "--out", tmp_path / "c")
    a, b, c = ((tmp_path / name / "scores.csv").read_text() for name in "abc")
    assert a == b
    assert a != c
    config = json.loads((tmp_path / "c/audit.json").read_text())["config"]
    assert config["checkpoint_key"] == "state_dict_ema"


def test_layers_and_training_say_it_too(files: dict[str, Any], tmp_path: Path) -> None:
    named = ("--model", SMALL, "--checkpoint", files["lit"])
    assert NOTES in ok("layers", *named, "--num-classes", 10, "--input-shape", "3,28,28").output
    ends = ("--epochs", 1, "--lr", 0, "--momentum", 0, "--out", tmp_path / "run")
    chosen = ("--checkpoint-prefix", "model", "--checkpoint-key", "state_dict")
    assert LEFT_OUT in ok("train", *named, *chosen, *DIGITS, *ends).output
    config = read_config(tmp_path / "run/config.json")
    assert (config.checkpoint_key, config.checkpoint_prefix) == ("state_dict", "model")
    got = torch.load(tmp_path / "run/model.pt", weights_only=True)
    assert all(
        torch.equal(got[key], value)
        for key, value in files["state"].items()
        if "running" not in key and "batches" not in key
    )


def test_a_wrong_key_and_one_without_a_file_are_told(files: dict[str, Any], tmp_path: Path) -> None:
    named = ("layers", "--model", SMALL, "--num-classes", 10, "--input-shape", "3,28,28")
    told = problem(*named, "--checkpoint", files["lit"], "--checkpoint-key", "ema")
    assert "but it has weights under 'state_dict', 'state_dict_ema'; name one of them" in told
    result = run(*named, "--checkpoint-key", "ema")
    assert result.exit_code == 1
    assert "Expected --checkpoint with --checkpoint-key, but got no file" in result.stderr
    train = ("train", "--model", SMALL, *DIGITS, "--epochs", 1, "--out", tmp_path / "run")
    told = problem(*train, "--checkpoint-prefix", "model.")
    assert "Expected --checkpoint with --checkpoint-prefix, but got no file" in told


def test_json_tells_of_an_error_with_what_was_said_before(tmp_path):
    """Weights that diverged, beside averaged ones that did not: the note that names them helps."""
    good = small_cnn(10).state_dict()
    bad = {k: v * torch.nan if v.is_floating_point() else v for k, v in good.items()}
    torch.save({"model": bad, "model_ema": good}, tmp_path / "weights.pt")
    words = ("audit", "--model", SMALL, "--checkpoint", tmp_path / "weights.pt", *DIGITS)
    result = run(*words, "--out", tmp_path / "out", "--json")
    found = json.loads(result.stdout)
    assert (result.exit_code, found["exit_code"]) == (1, 1)
    assert result.stderr == f"Error: {found['error']}\n"
    assert found["error"].startswith("Expected finite logits")
    assert any("name the checkpoint key 'model_ema'" in note for note in found["notes"])
    assert not (tmp_path / "out").exists()
    quiet = run(*words, "--out", tmp_path / "out", "--quiet")
    assert (quiet.stdout, quiet.stderr) == ("", result.stderr)


def test_an_audit_keeps_which_weights_were_taken(tmp_path):
    good = {f"model.{k}": v for k, v in small_cnn(10).state_dict().items()}
    ema = {f"model_ema.{k}": v for k, v in small_cnn(10).state_dict().items()}
    torch.save({"state_dict": {**good, **ema}}, tmp_path / "last.ckpt")
    words = ("audit", "--model", SMALL, "--checkpoint", tmp_path / "last.ckpt", *DIGITS)
    result = run(*words, "--swaps", 0, "--out", tmp_path / "out", "--json")
    found = json.loads(result.stdout)
    taken, others = found["opening"]
    assert taken.endswith("taken under the key 'state_dict' without the prefix 'model.'.")
    assert "also holds weights of the whole model under 'model_ema.'" in others
    kept = json.loads((tmp_path / "out/audit.json").read_text())
    assert kept["config"]["opening"] == [taken, others]
    assert found["notes"][:2] == kept["notes"][:2] == [taken, others]
    shown = run(*words, "--swaps", 0, "--out", tmp_path / "out").stdout
    assert shown.count("without the prefix 'model.'") == 1
