"""Ways to start the command line, and what comes out of it."""

import json
import os
import subprocess
import sys

import pytest
import torch

from earlysieve.networks.small import small_cnn
from tests.cli.helpers import DIGITS, SMALL, ok

NOISY = """
from torch import nn

class Noisy(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        print("building")
        self.early = nn.Conv2d(3, 4, 3)
        self.last = nn.Linear(4, num_classes)

    def forward(self, x):
        print("running")
        return self.last(self.early(x).relu().mean((2, 3)))
"""


@pytest.mark.parametrize("module", ["earlysieve", "earlysieve.cli"])
def test_modules_run_the_command(module, tmp_path):
    words = [sys.executable, "-m", module, "--version"]
    result = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, check=True)
    assert result.stdout.startswith("earlysieve, version ")
    words[-1:] = ["layers", "--model", SMALL, "--checkpoint", "no.pt"]
    result = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert result.returncode == 1
    assert result.stderr.startswith("Error: Expected a checkpoint at 'no.pt'")


def test_what_a_model_prints_does_not_get_between_the_json(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "noisy_nets.py").write_text(NOISY)
    model = ("--model", "noisy_nets:Noisy")
    for command in (
        ("layers", *model, "--num-classes", 10),
        ("audit", *model, *DIGITS, "--folds", 2, "--layers", "early", "--out", "a"),
        ("train", *model, *DIGITS, "--epochs", 1, "--out", "t"),
    ):
        result = ok(*command, "--json")
        assert isinstance(json.loads(result.stdout), dict)
        assert "building\nrunning\n" in result.stderr
        assert "running\n" in ok(*command, "--fresh" if command[0] == "train" else "-q").stdout


@pytest.mark.skipif(os.name == "nt", reason="signals are sent as on POSIX")
@pytest.mark.parametrize("stop_at", ["click", "torch", "numpy"])
def test_ctrl_c_while_something_is_imported(stop_at, tmp_path):
    """The signal arrives when the package is imported for the first time."""
    program = f"""
import os, runpy, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)

class Stop:
    def find_spec(self, name, path=None, target=None):
        if name == {stop_at!r}:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Stop())
runpy.run_module("earlysieve", run_name="__main__", alter_sys=True)
"""
    words = ["audit", "--model", SMALL, "--data", "digits", "--out", str(tmp_path / "out")]
    found = subprocess.run(
        [sys.executable, "-c", program, *words, "--checkpoint", str(tmp_path / "no.pt")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (found.returncode, found.stdout) == (130, "")
    assert len(found.stderr.splitlines()) == 1, found.stderr
    assert found.stderr.startswith("Stopped")


@pytest.mark.skipif(os.name == "nt", reason="signals are sent as on POSIX")
def test_ctrl_c_after_the_end_stops_nothing():
    program = """
import atexit, os, signal, sys
from earlysieve.cli.start import start
signal.signal(signal.SIGINT, signal.default_int_handler)
atexit.register(os.kill, os.getpid(), signal.SIGINT)
sys.argv = ["earlysieve", "--version"]
start()
"""
    words = [sys.executable, "-c", program]
    found = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (0, "")


@pytest.mark.skipif(os.name == "nt", reason="pipes are closed as on POSIX")
@pytest.mark.parametrize(
    ("command", "unbuffered"), [("methods", ""), ("methods", "1"), ("schema", "")]
)
def test_output_that_nobody_reads_any_more_ends_nothing(command, unbuffered):
    """Tables by rich, sentences by click; a reader is gone before the first of them."""
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    words = [sys.executable, "-m", "earlysieve", command]
    read, write = os.pipe()
    os.close(read)
    try:
        found = subprocess.run(
            words, stdout=write, stderr=subprocess.PIPE, text=True, env=environment, check=False
        )
    finally:
        os.close(write)
    assert (found.returncode, found.stderr) == (0, "")


@pytest.mark.skipif(os.name == "nt", reason="pipes are closed as on POSIX")
def test_an_audit_is_written_in_full_though_nobody_reads_its_output(tmp_path):
    torch.save(small_cnn(10).state_dict(), tmp_path / "model.pt")
    words = ["audit", "--model", SMALL, "--checkpoint", "model.pt", *DIGITS, "--folds", "2"]
    read, write = os.pipe()
    os.close(read)
    try:
        found = subprocess.run(
            [sys.executable, "-m", "earlysieve", *words, "--swaps", "0", "--out", "a"],
            cwd=tmp_path, stdout=write, stderr=write, check=False,
        )  # fmt: skip
    finally:
        os.close(write)
    assert found.returncode == 0
    assert (tmp_path / "a" / "audit.json").is_file()
    assert (tmp_path / "a" / "report.html").is_file()
