"""An option that holds one value is refused where it is given twice: only the last would count."""

import importlib

import click
import pytest
from click.testing import CliRunner

from earlysieve.cli.each_once import EachOnce
from earlysieve.cli.main import COMMANDS, main
from tests.cli.helpers import ok

WORDS = ["--model", "m", "--data", "d", "--out", "o", "--group-column", "a", "--group-column", "b"]


def run(*words):
    """As they stand: helpers leave out what is said otherwise further on."""
    return CliRunner().invoke(main, [str(word) for word in words])


def commands():
    for name in COMMANDS:
        command = importlib.import_module(f"earlysieve.cli.{name}_command").command
        if not isinstance(command, click.Group):
            yield name, command


def test_every_command_is_guarded():
    names = dict(commands())
    assert len(names) == len(COMMANDS) - 1  # `datasets` has flags alone
    assert all(isinstance(command, EachOnce) for command in names.values())


@pytest.mark.parametrize("name", ["audit", "train", "fix", "search", "benchmark", "reliance"])
def test_a_column_of_labels_is_named_once(name):
    found = run(name, "--label-column", "a", "--label-column", "b")
    assert found.exit_code == 2
    told = " ".join(found.stderr.split())
    assert "Expected --label-column once, but got it twice, of which only the last" in told


def test_settings_of_a_method_too_and_other_spellings():
    found = run("train", "--method", "dfr", "--epochs", 1, "--epochs=2", "--epochs", 3)
    assert "Expected --epochs once, but got it 3 times" in " ".join(found.stderr.split())


def test_what_may_be_repeated_is(tmp_path):
    command = dict(commands())["audit"]
    with command.make_context("audit", WORDS) as context:
        assert context.params["group_column"] == ["a", "b"]
    assert "Usage" in ok("audit", "-h", "--quiet", "--quiet").output
