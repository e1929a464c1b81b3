import json
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
import torch

from earlysieve import AuditResult
from earlysieve.cli.fix_command import without_score
from tests.cli.helpers import SMALL, ok, problem, run

DATA = ("--data", "digits", "--shortcut", "colour", "--correlation", "0.9")


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """A run whose model leans on the colour, and which held a third of its data out."""
    folder = tmp_path_factory.mktemp("fix") / "run"
    told = ok("train", "--model", SMALL, *DATA, "--validation", "0.34", "--epochs", "4",
              "--optimizer", "adam", "--lr", "0.003", "--seed", "1", "--out", folder)  # fmt: skip
    (folder.parent / "trained.txt").write_text(told.stdout)
    return folder


@pytest.fixture(scope="module")
def fixed(trained) -> Path:
    """What `fix` made of it, with the data that the run held out."""
    out = trained.parent / "fixed"
    told = ok("fix", "--model", SMALL, "--checkpoint", trained / "model.pt", *DATA,
              "--budget", "2trials", "--out", out)  # fmt: skip
    (out / "told.txt").write_text(told.stdout)
    return out


def document(folder):
    return json.loads((folder / "fix.json").read_text())


def test_weights_document_page_and_audits_are_written(fixed):
    names = {path.name for path in fixed.iterdir()}
    assert {"model.pt", "fix.json", "report.html", "audit-before", "audit-after"} <= names
    found = document(fixed)
    assert found["chosen"] in [row["candidate"] for row in found["candidates"]]
    assert len(found["candidates"]) == 3
    assert AuditResult.load(fixed / "audit-before").summary.verdict == found["verdict_before"]
    assert found["config"]["command"].startswith("earlysieve fix --model")


def test_a_training_ends_in_the_command_that_audits_it(trained):
    told = (trained.parent / "trained.txt").read_text()
    assert "Next: Find out what it goes by:\n  earlysieve audit --data digits" in told
    assert f"--checkpoint {trained}/model.pt --out {trained}/audit --held-out" in told


def test_it_says_what_it_does(fixed):
    told = (fixed / "told.txt").read_text()
    assert "Held out: the share of 0.34 that training held out." in told
    for piece in ("Tried, by pseudo_group_accuracy", "Before and after", "Weights: ", "Page: "):
        assert piece in told
    assert "Audit of the given model: " in told
    assert "Next: " in told


def test_the_weights_fit_the_same_model(trained, fixed):
    before = torch.load(trained / "model.pt", weights_only=True)
    after = torch.load(fixed / "model.pt", weights_only=True)
    assert list(before) == list(after)
    moved = {key for key in before if not torch.equal(before[key], after[key])}
    assert moved <= {"head.weight", "head.bias"} or all("weight" in k or "bias" in k for k in moved)
    assert bool(moved) == document(fixed)["changed"]


def test_json_for_programs(trained, tmp_path):
    told = run("fix", "--model", SMALL, "--checkpoint", trained / "model.pt", *DATA,
               "--budget", "1trial", "--out", tmp_path / "out", "--json",
               "--min-worst-group", "1")  # fmt: skip
    assert told.exit_code == 3
    assert told.stderr.startswith("Gate failed: The worst group, ")
    found = json.loads(told.stdout)
    assert not found["gate"]["passed"]
    assert found["chosen"] == document(tmp_path / "out")["chosen"]
    assert {"headline", "candidates", "figures", "verdict_before", "verdict_after"} <= set(found)


def test_data_that_the_model_was_trained_on_are_refused(trained, tmp_path):
    said = problem("fix", "--model", SMALL, "--checkpoint", trained / "model.pt", *DATA,
                   "--split", "train", "--out", tmp_path / "out")  # fmt: skip
    assert "Expected examples that the model was not trained on" in said
    assert "--retrain" in said
    assert not (tmp_path / "out").exists()


def test_a_budget_that_is_none(trained, tmp_path):
    said = problem("fix", "--model", SMALL, "--checkpoint", trained / "model.pt", *DATA,
                   "--budget", "soon", "--out", tmp_path / "out")  # fmt: skip
    assert "Expected a budget such as 10m" in said


def test_an_audit_is_of_weights_not_of_a_file(trained, tmp_path):
    weights = torch.load(trained / "model.pt", weights_only=True)
    *_, last_weight, last_bias = weights
    surer = {name: weights[name] / 9 for name in (last_weight, last_bias)}
    torch.save(weights, tmp_path / "mine.pt")
    torch.save({"state_dict": weights}, tmp_path / "same.pt")
    torch.save({**weights, **surer}, tmp_path / "other.pt")
    about = ("--data", "digits", "--split", "test", "--limit", "200")
    for name in ("other", "same"):
        ok("audit", "--model", SMALL, "--checkpoint", tmp_path / f"{name}.pt", *about,
           "--swaps", 0, "--out", tmp_path / name)  # fmt: skip
    fix = ("fix", "--model", SMALL, "--checkpoint", tmp_path / "mine.pt", *about,
           "--out", tmp_path / "out")  # fmt: skip
    refused = run(*fix, "--audit", tmp_path / "other")
    assert refused.exit_code == 1
    assert "it is of other weights; audit this very checkpoint" in refused.stderr
    assert not (tmp_path / "out/fix.json").exists()
    ok(*fix, "--budget", "1trials", "--audit", tmp_path / "same")


def test_what_lies_in_the_way_is_refused_before_anything_runs(tmp_path):
    (tmp_path / "out" / "fix.json").mkdir(parents=True)
    said = problem("fix", "--model", SMALL, "--checkpoint", "nope.pt", *DATA,
                   "--out", tmp_path / "out")  # fmt: skip
    assert "Expected to write a file at" in said


def test_ctrl_c_says_that_the_same_command_goes_on(trained, tmp_path, monkeypatch):
    from earlysieve.fixing import search

    def stop(*_args, **_named):
        raise KeyboardInterrupt

    monkeypatch.setattr(search, "attempt", stop)
    told = run("fix", "--model", SMALL, "--checkpoint", trained / "model.pt", *DATA,
               "--budget", "1trial", "--out", tmp_path / "out")  # fmt: skip
    assert told.exit_code == 130
    assert told.stderr.rstrip().endswith("The same command goes on with what was finished.")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["candidates"]


def test_options_of_a_training_need_one(tmp_path):
    told = run("fix", "--model", SMALL, *DATA, "--epochs", "3", "--out", tmp_path / "out")
    assert told.exit_code == 2
    assert "--epochs is of a training; add --retrain" in told.stderr


def test_features_of_an_audit_save_a_pass(trained, tmp_path):
    model = ("--model", SMALL, "--checkpoint", trained / "model.pt", *DATA, "--split", "test")
    ok("audit", *model, "--keep-features", tmp_path / "kept", "--out", tmp_path / "audit")
    told = ok("fix", *model, "--audit", tmp_path / "audit", "--features", tmp_path / "kept",
              "--budget", "1trial", "--out", tmp_path / "out")  # fmt: skip
    assert "Reading the features" not in told.stdout
    assert "Auditing the model on them" not in told.stdout
    assert (tmp_path / "out" / "fix.json").exists()


def test_candidates_without_a_score_are_named_with_the_reason():
    rows = {
        "candidate": ["no change", "dfr", "afr", "leace", "erm"],
        "failure": ["", *["Left out, since it guesses"] * 2, "", "It failed."],
        "score": [0.5, float("nan"), float("nan"), 0.7, float("nan")],
    }  # fmt: skip
    told = without_score(SimpleNamespace(candidates=pd.DataFrame(rows)))
    assert told == ["No score: dfr, afr. Left out, since it guesses.", "No score: erm. It failed."]
    rows |= {"failure": [""] * 5}
    assert without_score(SimpleNamespace(candidates=pd.DataFrame(rows))) == []
