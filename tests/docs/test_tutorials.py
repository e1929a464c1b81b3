"""The code and the commands of the tutorials run as they stand, and come to what they say."""

import warnings
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

import earlysieve as es
from earlysieve.cli.main import main
from tests.docs.pages import blocks

FOLDER = Path(__file__).parents[2] / "docs" / "tutorials"
if not FOLDER.exists():
    pytest.skip("the documentation is not part of this copy", allow_module_level=True)


def run(page, folder, monkeypatch):
    """What the page's Python has defined in the end."""
    monkeypatch.chdir(folder)
    torch.manual_seed(0)
    space = {"__name__": "page"}
    for block in blocks((FOLDER / f"{page}.md").read_text(encoding="utf-8")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if isinstance(block, str):
                exec(block, space)
                continue
            result = CliRunner().invoke(main, block)
        assert result.exit_code == 0, (block, result.output)
    return space


def accuracy(folder, rows):
    found = es.AuditResult.load(folder).examples
    return (found["prediction"] == found["label"])[rows].mean()


def test_tables(tmp_path, monkeypatch):
    space = run("tables", tmp_path, monkeypatch)
    assert space["result"].summary.verdict == "shortcut"
    assert space["outcome"].model is not space["network"]


def test_photographs(tmp_path, monkeypatch):
    space = run("photographs", tmp_path, monkeypatch)
    assert space["before"].summary.leans_on == "colour"
    rows = space["misled"]
    assert accuracy("audits/fixed", rows) > accuracy("audits/plain", rows) + 0.1


def test_texts(tmp_path, monkeypatch):
    rows = run("texts", tmp_path, monkeypatch)["against"]
    assert accuracy("audits/fixed", rows) > accuracy("audits/minilm", rows) + 0.1


def test_lightning(tmp_path, monkeypatch):
    space = run("lightning", tmp_path, monkeypatch)
    assert sorted(space["watch"].results) == [2, 4]
    assert space["outcome"].model is not space["plain"]


def test_checkpoints(tmp_path, monkeypatch):
    space = run("checkpoints", tmp_path, monkeypatch)
    before, after = (es.AuditResult.load(f"audits/{name}").summary for name in ("mine", "fixed"))
    assert before.verdict == "inconclusive"
    assert after.accuracy > before.accuracy
    fixed = torch.load("fixed/model.pt", weights_only=True)
    assert torch.equal(space["model"].state_dict()["fc.weight"], fixed["fc.weight"])


def test_each_tutorial_is_short_and_tried():
    pages = {path.stem: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    pages.pop("README")
    assert {f"test_{page}" for page in pages} <= set(globals())
    assert max(text.count("\n") for text in pages.values()) <= 85
