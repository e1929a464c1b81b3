import shutil
import subprocess
import sys

import pytest

from tests.cli.helpers import ok, run

START = "from earlysieve.cli.start import start; start()"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_takes_its_script(shell):
    script = ok("completion", shell).stdout
    assert f"_EARLYSIEVE_COMPLETE={shell}_complete" in script
    program = shutil.which(shell)
    if program is not None:
        subprocess.run([program, "-n"], input=script, text=True, check=True)


@pytest.mark.parametrize(
    ("words", "found"),
    [("earlysieve rel", "plain,reliance"), ("earlysieve audit --min-w", "plain,--min-worst-group")],
)
def test_commands_and_options_are_completed(words, found):
    environment = {
        "_EARLYSIEVE_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    told = subprocess.run(
        [sys.executable, "-c", START], env={**environment, "PYTHONPATH": ":".join(sys.path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.stdout.splitlines() == [found]


def test_other_shells_are_refused():
    assert run("completion", "tcsh").exit_code == 2
