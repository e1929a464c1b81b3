"""A few kills over older results; `python -m tests.kills` has many more, of every method."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kills import checks

ROOT = Path(__file__).resolve().parents[2]
FAULTS = ("mixed", "half", "lost", "left", "unlike", "refused")


def test_killed_commands_end_as_if_nobody_had_killed_them() -> None:
    words = ("-m", "tests.kills", "--kills", "6", "--only", " over ", "--json")
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True)
    tallies = json.loads(done.stdout)
    assert sum(tally["kills"] for tally in tallies) == 6, done.stderr
    assert all(tally["equal"] == tally["rounds"] > 0 for tally in tallies), tallies
    wrong = {name: [line for tally in tallies for line in tally[name]] for name in FAULTS}
    assert not any(wrong.values()), wrong


def test_the_checks_see_what_is_wrong(tmp_path: Path) -> None:
    import torch

    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        folder.mkdir()
        (folder / "a.json").write_text("{}")
        torch.save({"x": [torch.zeros(2), float("nan")]}, folder / "a.pt")
    assert checks.differences(one, two) == checks.leftovers(one, two) == []
    assert checks.half_written(one) == []
    torch.save({"x": [torch.tensor([0.0, -0.0]), float("nan")]}, one / "a.pt")
    (one / ".a.json.x").write_text("")
    assert checks.differences(one, two) == ["a.pt"]
    assert checks.leftovers(one, two) == [".a.json.x"]
    (one / "a.json").unlink()
    assert checks.differences(one, two) == ["a.json", "a.pt"]
    (one / "a.json").write_text("{")
    (one / "a.pt").write_bytes(b"")
    assert len(checks.half_written(one)) == 2


def test_killed_searches_lose_no_trial_and_count_none_twice() -> None:
    pytest.importorskip("optuna")
    kills = os.environ.get("EARLYSIEVE_KILLS", "4")
    words = ("-m", "tests.kills.searches", "--kills", kills)
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["kills"] == int(kills)
