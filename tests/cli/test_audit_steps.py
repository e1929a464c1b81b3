"""An audit from the command line ends in commands that run as they stand."""

import html
import json
import re
import shlex
from dataclasses import replace

import pytest

from earlysieve import AuditResult
from earlysieve.auditing.next_steps import parts
from earlysieve.cli.audit_shown import show
from earlysieve.cli.console import Console
from tests.cli.helpers import SMALL, ok

COLOURED = ("--data", "digits", "--shortcut", "colour", "--correlation", "0.9", "--limit", "1000")
NEVER = re.compile(r"\b(fixed|safe|solved)\b", re.IGNORECASE)


@pytest.fixture(scope="module")
def audited(tmp_path_factory):
    """The folder of an audit that finds the colour, and what it printed."""
    folder = tmp_path_factory.mktemp("steps of an audit")
    ok("train", "--model", SMALL, *COLOURED, "--limit", "4000", "--epochs", "6", "--optimizer",
       "adam", "--lr", "0.003", "--seed", "1", "--out", folder / "run")  # fmt: skip
    told = ok("audit", "--model", SMALL, "--checkpoint", folder / "run/model.pt", *COLOURED,
              "--seed", "1", "--out", folder / "audit")  # fmt: skip
    return folder / "audit", told.stdout


def commands(folder):
    """The commands of the page's next steps, in order."""
    page = (folder / "report.html").read_text(encoding="utf-8")
    steps = page[page.index('id="next"') : page.index('id="help"')]
    blocks = re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", steps, re.DOTALL)
    return [shlex.split(html.unescape(re.sub(r"<[^>]+>", "", block))) for block in blocks]


def test_page_document_and_terminal_name_the_same_commands(audited):
    folder, told = audited
    document = json.loads((folder / "audit.json").read_text())
    assert document["summary"]["verdict"] == "shortcut"
    steps = document["summary"]["next_steps"]
    kept = [shlex.split(line) for step in steps for line in parts(step)[1].splitlines()]
    assert kept == commands(folder)
    assert [words[1] for words in kept] == ["fix", "audit", "train", "audit"]
    assert kept[-1][kept[-1].index("--relevant") + 1] == "colour"
    for words in kept:
        assert f"  {shlex.join(words)}\n" in told
    assert not NEVER.search(" ".join(steps))


def test_the_terminal_tells_of_options_that_help_and_not_of_all_that_is_on_the_page(
    audited, capsys
):
    result = AuditResult.load(audited[0])
    leave_out = "Or if column 'desk' must not count, leave it out (--drop-column) and train again."
    steps = ["Look at the pile.", "Collect examples.", leave_out]
    show(replace(result, summary=replace(result.summary, next_steps=steps)), Console())
    told = capsys.readouterr().out
    assert f"Next: {leave_out}" in told
    assert "Collect examples." not in told


def test_the_fix_runs_as_it_stands(audited):
    folder, _ = audited
    fix = commands(folder)[0]
    ok(*fix[1:])
    found = json.loads((folder / "fix/fix.json").read_text())
    assert found["verdict_before"] == "shortcut"
    assert len(found["candidates"]) > 5


def test_so_do_groups_of_the_training_data_and_training_on_them(audited):
    folder, _ = audited
    _, audit, train, _ = commands(folder)
    ok(*audit[1:])
    ok(*train[1:], "--epochs", "1")
    assert (folder / "group-dro/model.pt").exists()
    run = json.loads((folder / "group-dro/config.json").read_text())
    assert run["groups_from"] == str(folder / "of-training")
