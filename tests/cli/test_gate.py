import json
import shutil

import pytest

from earlysieve import AuditResult
from tests.cli.helpers import DIGITS, SMALL, ok, run, weights


@pytest.fixture(scope="module")
def audited(tmp_path_factory):
    """An audit of untrained weights, whose groups are known and hardly ever right."""
    folder = tmp_path_factory.mktemp("gate")
    words = ("audit", "--model", SMALL, "--checkpoint", weights(folder / "w.pt"), *DIGITS)
    gate = ("--fail-on", "inconclusive,shortcut", "--min-worst-group", "0.8", "--swaps", "0")
    result = run(*words, *gate, "--out", folder / "out", "--json")
    return folder / "out", result


def test_a_failed_gate_ends_with_3_after_all_is_written(audited):
    out, result = audited
    assert result.exit_code == 3
    assert (out / "report.html").exists()
    found = json.loads(result.stdout)
    assert found["gate"]["passed"] is False
    told = result.stderr.splitlines()
    assert told == [f"Gate failed: {reason}" for reason in found["gate"]["failures"]]
    assert [line.split()[3] for line in told] == ["verdict", "worst"]


def test_the_command_of_record_has_the_gate(audited):
    command = AuditResult.load(audited[0]).config["command"]
    assert " --fail-on inconclusive,shortcut --min-worst-group 0.8 " in command + " "


def test_a_saved_audit_can_be_held_to_a_gate(audited, tmp_path):
    words = ("report", audited[0], "--out", tmp_path / "page.html")
    assert json.loads(ok(*words, "--json").stdout)["gate"] is None
    passed = ok(*words, "--fail-on", "at-risk", "--min-worst-group", "0", "--json")
    assert json.loads(passed.stdout)["gate"] == {"passed": True, "failures": []}
    assert passed.stderr.startswith("Gate passed, but the audit could not tell anything; ")
    failed = run(*words, "--fail-on", "inconclusive", "--quiet")
    assert (failed.exit_code, failed.stdout) == (3, "")
    assert failed.stderr.startswith("Gate failed: The verdict is 'inconclusive': ")


@pytest.mark.parametrize(
    ("verdict", "gate", "told"),
    [
        ("shortcut", ("--fail-on", "at-risk"), True),
        ("shortcut", ("--min-worst-group", "0"), False),
        ("at risk", ("--fail-on", "inconclusive"), False),
    ],
)
def test_a_gate_that_lets_a_shortcut_pass_says_so(audited, tmp_path, verdict, gate, told):
    folder = tmp_path / "out"
    shutil.copytree(audited[0], folder)
    found = json.loads((folder / "audit.json").read_text())
    found["summary"]["verdict"] = verdict
    (folder / "audit.json").write_text(json.dumps(found))
    passed = ok("report", folder, "--out", tmp_path / "page.html", *gate)
    assert ("--fail-on shortcut holds that up, too." in passed.stderr) is told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--fail-on", "shortcuts"), "near names are: shortcut."),
        (("--fail-on", ","), "name at least one verdict"),
        (("--min-worst-group", "80"), "0<=x<=1"),
    ],
)
def test_wrong_gates_are_refused_before_anything_runs(words, told, tmp_path):
    result = run("audit", "--model", SMALL, *DIGITS, "--out", tmp_path / "out", *words)
    assert result.exit_code == 2
    assert told in result.stderr
    assert not (tmp_path / "out").exists()


def test_the_schema_is_printed():
    assert json.loads(ok("schema").stdout)["title"] == "earlysieve audit, format 3"
