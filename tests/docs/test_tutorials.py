"""The code and the commands of the tutorials run as they stand, and come to what they say."""

import json
import sys
import warnings
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

import earlysieve as es
from earlysieve.cli.main import main
from earlysieve.training import evaluate
from tests.docs.pages import blocks, file_of

FOLDER = Path(__file__).parents[2] / "docs" / "tutorials"
if not FOLDER.exists():
    pytest.skip("the documentation is not part of this copy", allow_module_level=True)


def run(page, folder, monkeypatch):
    """What the page's Python has defined in the end."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", [*sys.path])
    torch.manual_seed(0)
    space = {"__name__": "page"}
    for block in blocks((FOLDER / f"{page}.md").read_text(encoding="utf-8")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if isinstance(block, str):
                run_or_write(block, space)
                continue
            result = CliRunner().invoke(main, block)
        assert result.exit_code == block.exit_code, (block, result.output)
    return space


def run_or_write(code, space):
    name = file_of(code)
    if name is None:
        exec(code, space)
    else:
        Path(name).write_text(code, encoding="utf-8")
        sys.modules.pop(name.removesuffix(".py"), None)


def accuracy(folder, rows):
    found = es.AuditResult.load(folder).examples
    return (found["prediction"] == found["label"])[rows].mean()


def test_tables(tmp_path, monkeypatch):
    space = run("tables", tmp_path, monkeypatch)
    assert space["result"].summary.verdict == "shortcut"
    assert space["outcome"].model is not space["network"]
    # Patients whom the clinic misleads, of those that nothing was fitted to or chosen on.
    rows = space["patients"].query("split == 'test'")
    misled = (rows["clinic"].isin(["North", "South"]) != (rows["outcome"] == "ill")).to_numpy()
    before = es.AuditResult.load("before")
    assert (before.summary.verdict, before.summary.leans_on) == ("shortcut", "column clinic")
    assert accuracy("after", misled) > accuracy("before", misled) + 0.2
    assert accuracy("without", misled) > accuracy("before", misled) + 0.2
    for trained in ("run", "run/without-clinic"):
        assert json.loads(Path(trained, "training.json").read_text())["restored_best"]


def test_photographs(tmp_path, monkeypatch):
    space = run("photographs", tmp_path, monkeypatch)
    assert space["before"].summary.leans_on == "colour"
    rows = space["misled"]
    assert accuracy("audits/fixed", rows) > accuracy("audits/plain", rows) + 0.1


def test_texts(tmp_path, monkeypatch):
    rows = run("texts", tmp_path, monkeypatch)["against"]
    assert es.AuditResult.load("audits/minilm").summary.verdict == "shortcut"
    assert accuracy("audits/fixed", rows) > accuracy("audits/minilm", rows) + 0.1
    own = es.AuditResult.load("audits/words").summary
    assert (own.verdict, own.leans_on) == ("shortcut", "token")


def test_lightning(tmp_path, monkeypatch):
    space = run("lightning", tmp_path, monkeypatch)
    assert sorted(space["watch"].results) == [2, 4]
    assert space["outcome"].model is not space["plain"]


def test_checkpoints(tmp_path, monkeypatch):
    space = run("checkpoints", tmp_path, monkeypatch)
    found = es.AuditResult.load("audits/mine").summary
    assert (found.verdict, found.leans_on) == ("shortcut", "colour")
    before, after = (
        json.loads(Path(f"{name}.json").read_text())["cues"][0] for name in ("before", "after")
    )
    lost_before, lost_after = (one["reliance"]["difference"] for one in (before, after))
    assert lost_after < lost_before - 0.05
    fixed = torch.load("fixed/model.pt", weights_only=True)
    assert torch.equal(space["model"].state_dict()["fc.weight"], fixed["fc.weight"])


def test_huggingface(tmp_path, monkeypatch):
    space = run("huggingface", tmp_path, monkeypatch)
    assert space["result"].summary.verdict == "shortcut"
    assert space["outcome"].changed
    turned = space["texts"]["test"].map(space["turned"])
    before, after = (evaluate(space["models"][name], turned) for name in ("plain", "fixed"))
    assert after.accuracy > before.accuracy + 0.03
    assert Path("fixed/model.safetensors").exists()


def test_research(tmp_path, monkeypatch):
    lines = {line.name: line for line in run("research", tmp_path, monkeypatch)["compared"].lines}
    assert list(lines) == ["erm", "focal", "early-reweighting", "dfr@audit", "dfr@true", "afr"]
    assert not any(line.failed for line in lines.values())
    assert lines["dfr@true"].supervision == "groups in validation"
    assert lines["focal"].differences["group_mean"].seeds == 3
    assert len(json.loads(Path("searches/focal/search.json").read_text())["trials"]) == 4
    assert Path("tables/compare.tex").exists()


def test_team(tmp_path, monkeypatch):
    run("team", tmp_path, monkeypatch)
    verdicts = [es.AuditResult.load(f"audits/{name}").summary.verdict for name in ("val", "test")]
    assert verdicts[0] == "shortcut" != verdicts[1]
    trials = json.loads(Path("searches/early/search.json").read_text())["trials"]
    assert [trial["place"] for trial in trials] == [0, 1, 2]


def test_each_tutorial_is_short_and_tried():
    pages = {path.stem: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    pages.pop("README")
    assert {f"test_{page}" for page in pages} <= set(globals())
    assert max(text.count("\n") for text in pages.values()) <= 160
