import shutil
import subprocess
import sys

import pytest
from click.shell_completion import ShellComplete

from earlysieve.cli.main import main
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
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    told = subprocess.run(
        [sys.executable, "-c", START], env={**environment, "PYTHONPATH": ":".join(sys.path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.stdout.splitlines() == [found]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("audit --fail-on ", ["shortcut", "at-risk", "none-found", "inconclusive"]),
        ("report out --fail-on shortcut,at", ["shortcut,at-risk"]),
        ("audit --fail-on shortcut,sh", []),
        ("train --method early", ["early-reweighting"]),
        ("search --method gr", ["group-dro"]),
        ("benchmark --methods erm,je,jt", ["erm,je,jtt"]),
        ("methods sie", ["sieve"]),
        ("train --log-to ", ["tensorboard", "mlflow", "wandb"]),
        ("search --log-to ml", ["mlflow"]),
        ("audit --data tab", ["table:"]),
        ("train --data sla", ["slabs"]),
        ("fix --data photos/a", ["photos/a"]),  # a file
        ("audit --model t", ["torchvision:", "timm:"]),
        ("train --model earlysieve.networks:small", ["earlysieve.networks:small_cnn"]),
        ("datasets v", ["verify"]),
        ("datasets wat", ["waterbirds"]),
        ("datasets show wat", ["waterbirds"]),
    ],
)
def test_values_are_completed(words, found):
    *before, begun = words.split(" ")
    asked = ShellComplete(main, {}, "earlysieve", "_EARLYSIEVE_COMPLETE")
    assert [one.value for one in asked.get_completions(before, begun)] == found


def test_other_shells_are_refused():
    assert run("completion", "tcsh").exit_code == 2
