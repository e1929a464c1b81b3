import json

import pytest

from earlysieve.grouping.files import read_groups
from earlysieve.grouping.infer import SOURCES
from tests.cli.helpers import SMALL, ok, problem, run

DIGITS = ("--data", "digits", "--split", "test", "--limit", 120, "--shortcut", "colour")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    out = tmp_path_factory.mktemp("run")
    words = ("--model", SMALL, "--data", "digits", "--shortcut", "colour", "--limit", 600)
    ok("train", *words, "--optimizer", "adam", "--lr", "0.003", "--epochs", 3, "--out", out, "-q")
    return ("--model", SMALL, "--checkpoint", out / "model.pt")


def test_errors_are_written_and_compared(model, tmp_path):
    out = tmp_path / "groups.csv"
    found = json.loads(
        ok("groups", "--from", "errors", *model, *DIGITS, "--out", out, "--json").stdout
    )
    again = read_groups(out)
    assert found["source"] == again.source == "errors"
    assert found["suspects"] == int(again.suspects.sum())
    assert sum(row["n"] for row in found["groups"]) == 120
    assert found["agreement"]["n"] == 120
    assert 0 <= found["agreement"]["accuracy"] <= 1
    other = tmp_path / "again.csv"
    shown = ok("groups", "--from", out, *DIGITS, "--out", other).stdout
    assert "Of the groups that the data name" in shown
    assert f"Groups: {other}" in shown
    assert other.read_bytes() == out.read_bytes()


@pytest.mark.parametrize("source", ["disagreement", "xrm-features"])
def test_sources_of_a_model(source, model, tmp_path):
    out = tmp_path / "groups.csv"
    ok("groups", "--from", source, *model, *DIGITS, "--out", out, "-q")
    assert len(read_groups(out)) == 120


@pytest.mark.parametrize("source", ["eiil", "spare"])
def test_sources_of_an_early_copy_get_model_and_seed(source, model, tmp_path, monkeypatch):
    """They train for so long that others test them; see `tests/grouping`."""
    usual, seen = SOURCES[source], []

    def shortened(data, *, model, seed):
        seen.append(seed)
        return usual(data, model=model, seed=seed, epochs=2)

    monkeypatch.setitem(SOURCES, source, shortened)
    out = tmp_path / "groups.csv"
    ok("groups", "--from", source, *model, *DIGITS, "--seed", 3, "--out", out, "-q")
    assert (len(read_groups(out)), seen) == (120, [3])


@pytest.mark.parametrize("source", ["errors", "eiil", "spare"])
def test_a_model_that_is_needed(source, tmp_path):
    result = run("groups", "--from", source, *DIGITS, "--out", tmp_path / "groups.csv")
    assert result.exit_code == 2
    assert f"--from {source} needs a --model." in result.stderr


def test_bad_sources(tmp_path):
    out = ("--out", tmp_path / "groups.csv")
    assert "known sources are" in problem("groups", "--from", "xrmm", *DIGITS, *out)
    assert "audit.json" in problem("groups", "--from", tmp_path, *DIGITS, *out)
    mine = tmp_path / "mine.csv"
    mine.write_text("group\n0\n1\n")
    assert "Expected groups of 120 examples" in problem("groups", "--from", mine, *DIGITS, *out)
    assert not (tmp_path / "groups.csv").exists()
