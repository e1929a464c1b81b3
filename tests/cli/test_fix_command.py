import json
from pathlib import Path

import pytest
import torch

from earlysieve import AuditResult
from tests.cli.helpers import SMALL, ok, problem

DATA = ("--data", "digits", "--shortcut", "colour", "--correlation", "0.9")


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """A run whose model leans on the colour, and which held a third of its data out."""
    folder = tmp_path_factory.mktemp("fix") / "run"
    ok("train", "--model", SMALL, *DATA, "--validation", "0.34", "--epochs", "4", "--optimizer",
       "adam", "--lr", "0.003", "--seed", "1", "--out", folder)  # fmt: skip
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


def test_it_says_what_it_does(fixed):
    told = (fixed / "told.txt").read_text()
    assert "Held out: the share of 0.34 that training held out." in told
    for piece in ("Tried, by pseudo_group_accuracy", "Before and after", "Page: "):
        assert piece in told


def test_the_weights_fit_the_same_model(trained, fixed):
    before = torch.load(trained / "model.pt", weights_only=True)
    after = torch.load(fixed / "model.pt", weights_only=True)
    assert list(before) == list(after)
    moved = {key for key in before if not torch.equal(before[key], after[key])}
    assert moved <= {"head.weight", "head.bias"} or all("weight" in k or "bias" in k for k in moved)
    assert bool(moved) == document(fixed)["changed"]


def test_json_for_programs(trained, tmp_path):
    told = ok("fix", "--model", SMALL, "--checkpoint", trained / "model.pt", *DATA,
              "--budget", "1trial", "--out", tmp_path / "out", "--json")  # fmt: skip
    found = json.loads(told.stdout)
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
