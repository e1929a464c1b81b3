import json
import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from earlysieve import AuditResult, demo
from earlysieve.demo import ARMS, Arm, ArmResult, Settings, make_data, run_demo
from earlysieve.demo import arms as ways
from earlysieve.demo.arms import teacher_logits, train
from earlysieve.demo.page_sections import HeatRows, sections
from earlysieve.distill import open_logits
from earlysieve.networks.small import small_cnn
from earlysieve.training import SingleClassWarning, load_weights
from tests.cli.helpers import ok, problem

# So few digits and steps teach a readout little.
NEVER = re.compile(r"\b(fixed|safe|solved)\b", re.IGNORECASE)
BLIND = pytest.mark.filterwarnings("ignore:The early readout is wrong on")


def test_data_are_planted_as_told():
    data = make_data(Settings(seed=1, limit=200))
    assert (len(data.train), len(data.held_out), len(data.balanced)) == (200, 1500, 500)
    for part, share in ((data.train, 0.95), (data.held_out, 0.95), (data.balanced, 0.5)):
        assert np.isclose((part.shortcut_values == part.labels).mean(), share, atol=0.01)
    shown = [one.tobytes() for part in whole_parts() for one in part]
    assert len(set(shown)) == len(shown) == 5000
    said = data.uncorrelated.shortcut_values == data.train.labels
    assert np.array_equal(data.uncorrelated.labels, data.train.labels)
    assert np.isclose(said.mean(), 0.1, atol=0.01)


def whole_parts():
    """The shapes of the digits of each part, without their colours."""
    data = make_data(Settings())
    parts = (data.train, data.held_out, data.balanced)
    return [[(p[i][0].amax(0) > -0.9).numpy() for i in range(len(p))] for p in parts]


@BLIND
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
        "a teacher",
        "repaired",
        "more labels",
        f"Open in a browser: {out / 'report.html'}",
        f"What was tried for 'repaired': {out / 'fix/report.html'}",
    ):
        assert piece in shown
    assert {"audit.json", "scores.csv", "report.html", "plain.pt", "distilled.pt"} <= {
        path.name for path in out.iterdir()
    }
    result = AuditResult.load(out)
    assert result.config["command"] == "earlysieve demo --seed 2 --epochs 1 --limit 200"
    assert len(result.examples) == 1500
    page = (out / "report.html").read_text(encoding="utf-8")
    assert page.index('id="before-and-after"') < page.index('id="weighted-up"')
    assert "knowledge that the other two do not have" in page
    assert '<a href="fix/report.html">' in page
    fix_page = (out / "fix/report.html").read_text(encoding="utf-8")
    assert 'href="../report.html"' in fix_page
    for shown in (page, fix_page):
        assert not NEVER.search(shown.partition("</style>")[2])
    tried = json.loads((out / "fix/fix.json").read_text())
    assert f"It chose &#39;{tried['chosen']}&#39;" in page
    model = small_cnn(10)
    load_weights(model, out / "fix/model.pt")
    assert all(
        map(torch.equal, model.state_dict().values(), done[0][-1].model.state_dict().values())
    )
    monkeypatch.setattr(demo, "run_demo", lambda *a, **k: done[0])
    found = json.loads(ok(*words, "--json").stdout)
    assert [arm["name"] for arm in found["arms"]] == [*(arm.name for arm in ARMS), "repaired"]
    assert [arm["knows"] for arm in found["arms"]] == [
        "nothing", "nothing", "a teacher", "more labels",
    ]  # fmt: skip
    assert found["arms"][0]["summary"]["verdict"] == result.summary.verdict
    assert ok(*words, "--quiet").output == ""


@BLIND
def test_each_arm_trains_the_same_network(tmp_path, monkeypatch):
    seen = []

    def nothing(config, model, digits, settings, folder):
        seen.append(model.head.weight.detach().clone())

    monkeypatch.setattr(ways, "_learn", nothing)
    arms = (Arm("one", "first", "erm"), Arm("two", "second", "erm"))
    told = []
    settings = Settings(epochs=1, limit=100, progress=False)
    with pytest.warns(SingleClassWarning):  # untrained networks
        results = run_demo(tmp_path, settings, arms=arms, tell=told.append)
    assert [result.arm.name for result in results] == ["one", "two", "repaired"]
    assert torch.equal(*seen)
    assert (tmp_path / "one.pt").exists()
    load_weights(results[0].model, tmp_path / "two.pt")
    assert "first" in told[1]
    assert 0 <= results[0].accuracy_fails <= 1


def test_the_teacher_is_the_same_for_the_same_seed_and_leaves_no_trace(tmp_path):
    settings = Settings(seed=3, epochs=1, limit=60, progress=False)
    data = make_data(settings)
    before = torch.get_rng_state()
    paths = [teacher_logits(data, settings, tmp_path / name) for name in ("one", "two")]
    one, two = (open_logits(path).values for path in paths)
    assert torch.equal(torch.get_rng_state(), before)
    assert np.array_equal(one, two)
    assert one.shape == (60, 10)


@BLIND
def test_the_weights_in_force_start_at_one():
    settings = Settings(seed=3, epochs=2, limit=100, progress=False)
    data = make_data(settings)
    history = train(ARMS[2], small_cnn(10, seed=3), data, settings)
    assert [len(weights) for weights in history] == [100, 100]
    assert (history[0] == 1).all()
    assert history[1].max() > 1


@BLIND
def test_only_arms_with_weights_have_a_section_on_them():
    data = make_data(Settings(limit=200))
    plain = ArmResult(ARMS[0], small_cnn(), None, 0.9, 0.1)
    weights = np.ones(200)
    weights[data.train.shortcut_values != data.train.labels] = 54
    nothing = HeatRows([], [])
    assert sections([plain], data, nothing) == []
    (made,) = sections([replace(plain, weights=[weights])], data, nothing)
    assert made.id == "weighted-up"
    assert "colour misleads 54" in "".join(map(str, made.pieces))


def test_there_is_a_plain_arm_first():
    assert ARMS[0].name == "plain"


def test_output_is_checked_before_training(tmp_path):
    (tmp_path / "file").write_text("kept")
    assert "is a file" in problem("demo", "--out", tmp_path / "file" / "x")
