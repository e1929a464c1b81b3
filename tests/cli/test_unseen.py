"""`audit --unseen`: the user knows that a model has not seen the data."""

import json

import pytest

from earlysieve.errors import InputError
from earlysieve.runs.seen_data import check_not_trained_on, part_of
from tests.cli.helpers import ok


def test_a_model_that_is_right_on_all_is_said_not_to_have_seen_the_data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pairs = [(k % 2, k // 2 % 2, "test" if k % 5 < 2 else "train") for k in range(1500)]
    rows = [f"{a}.{k % 3},{b}.{k % 7},{a ^ b},{split}" for k, (a, b, split) in enumerate(pairs)]
    (tmp_path / "a.csv").write_text("\n".join(["x,y,label,split", *rows]) + "\n")
    net = ("--model", "earlysieve.networks:SmallMLP", "--data", "table:a.csv")
    ok("train", *net, "--split", "train", "--lr", 0.1, "--epochs", 12, "--out", "run")
    (tmp_path / "run/model.pt").rename(tmp_path / "model.pt")
    about = ("audit", *net, "--checkpoint", "model.pt", "--split", "test", "--swaps", 100)
    untold = ok(*about, "--out", "untold").stdout
    assert "If you know that the model was not trained on these data, say so:" in untold
    assert "--split test --out untold/unseen --unseen" in untold
    assert "head='" not in untold
    told = ok(*about, "--out", "told", "--unseen", "--json")
    assert "nearly every example" not in json.loads(told.stdout)["summary"]["explanation"]
    config = json.loads((tmp_path / "told/audit.json").read_text())["config"]
    assert config["seen_in_training"] is False
    assert " --unseen " in config["command"]


def test_the_run_beside_a_checkpoint_is_believed_more(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.json").write_text('{"data": "digits", "data_options": {"split": "train"}}')
    (tmp_path / "model.pt").write_text("")
    part = part_of("digits", "train")
    with pytest.raises(InputError, match="not trained on for --unseen, but the run beside"):
        check_not_trained_on("model.pt", part)
    check_not_trained_on("model.pt", part_of("digits", "test"))
    check_not_trained_on(None, part)
