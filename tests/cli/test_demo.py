import json

import numpy as np
import pytest

from earlysieve import AuditResult, demo
from earlysieve.demo import ARMS, Arm, Settings, make_data, run_demo
from earlysieve.training import SingleClassWarning, load_weights
from tests.cli.helpers import ok, problem


def test_data_are_planted_as_told():
    data = make_data(Settings(seed=1, limit=200))
    assert (len(data.train), len(data.held_out), len(data.balanced)) == (200, 1000, 1000)
    for part, share in ((data.train, 0.95), (data.held_out, 0.95), (data.balanced, 0.5)):
        assert np.isclose((part.shortcut_values == part.labels).mean(), share, atol=0.01)
    assert not np.array_equal(data.held_out.shortcut_values, data.balanced.shortcut_values)


def test_command_writes_the_page_and_prints_a_table(tmp_path, monkeypatch):
    out = tmp_path / "demo-out"
    words = ("demo", "--out", out, "--epochs", 1, "--limit", 200, "--seed", 2)
    done = []
    monkeypatch.setattr(demo, "run_demo", lambda *a, **k: done.append(run_demo(*a, **k)) or done[0])
    shown = ok(*words).stdout
    for piece in (
        "Coloured 200 handwritten digits",
        "accuracy where the colour tells the digit",
        "accuracy where the colour misleads",
        "readout accuracy after stage1",
        "flagged as likely shortcut failures",
        "verdict of the audit",
        f"Open in a browser: {out / 'report.html'}",
    ):
        assert piece in shown
    assert {"audit.json", "scores.csv", "report.html", "plain.pt"} <= {
        path.name for path in out.iterdir()
    }
    result = AuditResult.load(out)
    assert result.config["command"] == "earlysieve demo --seed 2 --epochs 1 --limit 200"
    assert len(result.examples) == 1000
    monkeypatch.setattr(demo, "run_demo", lambda *a, **k: done[0])
    found = json.loads(ok(*words, "--json").stdout)
    assert [arm["name"] for arm in found["arms"]] == [arm.name for arm in ARMS]
    assert found["arms"][0]["summary"]["verdict"] == result.summary.verdict
    assert ok(*words, "--quiet").output == ""


def test_each_arm_trains_the_same_network(tmp_path):
    seen = []

    def nothing(model, data, settings):
        seen.append(model.head.weight.detach().clone())

    arms = (Arm("one", "first", nothing), Arm("two", "second", nothing))
    told = []
    settings = Settings(epochs=1, limit=100, progress=False)
    with pytest.warns(SingleClassWarning):  # untrained networks
        results = run_demo(tmp_path, settings, arms=arms, tell=told.append)
    assert [result.arm.name for result in results] == ["one", "two"]
    assert np.array_equal(*(weight.numpy() for weight in seen))
    assert (tmp_path / "one.pt").exists()
    load_weights(results[0].model, tmp_path / "two.pt")
    assert "first" in told[1]
    assert 0 <= results[0].accuracy_fails <= 1


def test_there_is_a_plain_arm_first():
    assert ARMS[0].name == "plain"


def test_output_is_checked_before_training(tmp_path):
    (tmp_path / "file").write_text("kept")
    assert "is a file" in problem("demo", "--out", tmp_path / "file" / "x")
