import json
import re

import click
import pytest

from earlysieve.errors import DataError
from tests.cli.helpers import DIGITS, SMALL, ok, problem, run, weights

SHORT = ("--layers", "stage1", "--swaps", "0")


@pytest.fixture(scope="module")
def logged(tmp_path_factory):
    folder = tmp_path_factory.mktemp("logged")
    words = ("audit", "--model", SMALL, "--checkpoint", weights(folder / "w.pt"), *DIGITS, *SHORT)
    quiet = ok(*words, "--out", folder / "out", "--log-file", folder / "logs/a.log", "--json")
    return folder, words, quiet


def lines(file):
    return [line.split(" ", 1) for line in file.read_text().splitlines()]


def test_a_log_file_has_what_is_said_with_times_also_where_nothing_is(logged):
    folder, _, quiet = logged
    times, said = zip(*lines(folder / "logs" / "a.log"), strict=True)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", one) for one in times)
    assert said[0].startswith("earlysieve 0.1.0: earlysieve audit --model ")
    assert any("stage1" in line and "│" in line for line in said)
    assert any(line.startswith("Page: ") for line in said)
    assert re.fullmatch(r"Took \d+ s\.", said[-1])
    assert json.loads(quiet.stdout)["seconds"] > 0


def test_lines_are_added_and_the_record_does_not_name_the_file(logged):
    folder, words, _ = logged
    before = (folder / "logs" / "a.log").read_text()
    shown = ok(*words, "--out", folder / "out", "--log-file", folder / "logs/a.log").stdout
    after = (folder / "logs" / "a.log").read_text()
    assert after.startswith(before)
    assert len(after) > len(before)
    assert re.search(r"^Took \d+ s\.$", shown, re.MULTILINE)
    assert "log-file" not in (folder / "out" / "audit.json").read_text()


def test_epochs_and_errors_are_logged(tmp_path):
    file = tmp_path / "t.log"
    words = ("train", "--model", SMALL, "--data", "digits", "--limit", "40", "--log-file", file)
    ok(*words, "--epochs", "1", "--out", tmp_path / "run", "--quiet")
    assert any(text.startswith("epoch 1, trained: ") for _, text in lines(file))
    told = problem(*words, "--model", "nonsense:", "--out", tmp_path / "other")
    assert lines(file)[-1][1] == f"Ended after 1 s: {told}."


def test_a_place_for_a_log_that_cannot_be_is_refused_first(tmp_path):
    (tmp_path / "file").write_text("")
    told = problem("demo", "--out", tmp_path / "out", "--log-file", tmp_path / "file" / "log")
    assert "is a file" in told
    told = problem("demo", "--out", tmp_path / "out", "--log-file", tmp_path)
    assert "a log file that can be written" in told
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("error", "ends"),
    [
        (DataError("Expected x"), "Expected x."),
        (KeyboardInterrupt(), "stopped (KeyboardInterrupt)."),
        (click.UsageError("no"), "no"),
        (RuntimeError("deep"), "RuntimeError: deep"),
    ],
)
def test_every_way_to_end_is_logged(error, ends, tmp_path, monkeypatch):
    import earlysieve.demo

    def broken(*_, **__):
        raise error

    monkeypatch.setattr(earlysieve.demo, "run_demo", broken)
    try:
        run("demo", "--out", tmp_path / "out", "--log-file", tmp_path / "log")
    except RuntimeError:
        assert isinstance(error, RuntimeError)
    text = (tmp_path / "log").read_text()
    assert " Ended after 1 s: " in text
    assert text.rstrip().endswith(ends)


def test_a_gate_that_is_not_passed_says_how_long_it_took_once(tmp_path):
    words = ("audit", "--model", SMALL, "--checkpoint", weights(tmp_path / "w.pt"), *DIGITS)
    gate = ("--swaps", 0, "--fail-on", "inconclusive,shortcut,at-risk,none-found")
    log = tmp_path / "log.txt"
    shown = run(*words, *gate, "--out", tmp_path / "out", "--log-file", log)
    assert shown.exit_code == 3
    assert re.findall(r"^Took \d+ s\.$", shown.stdout, re.MULTILINE)
    logged = log.read_text()
    assert ("Took" in logged, "Ended after" in logged) == (False, True)
    quiet = run(*words, *gate, "--out", tmp_path / "out", "--quiet")
    assert quiet.stdout == ""
