"""Run the command line in this process or in one of its own; small data on disk."""

import os
import subprocess
import sys
import warnings
from pathlib import Path

import click
import numpy as np
import torch
from click.testing import CliRunner, Result

from earlysieve.cli.main import main
from earlysieve.networks.small import small_cnn
from earlysieve.training import SingleClassWarning

SMALL = "earlysieve.networks:small_cnn"
DIGITS = ("--data", "digits", "--split", "test", "--limit", "120", "--shortcut", "colour")


def run(*words: object) -> Result:
    """Run a command in this process; networks here learn too little to mind a single class."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SingleClassWarning)
        result = CliRunner().invoke(main, last_wins([str(word) for word in words]))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def last_wins(words: list[str]) -> list[str]:
    """The words of a test without what it says otherwise further on; a command refuses both."""
    command = main.get_command(click.Context(main), words[0]) if words else None
    options = [one for one in getattr(command, "params", ()) if isinstance(one, click.Option)]
    single = {
        name
        for one in options
        if not (one.multiple or one.is_flag or one.count)
        for name in one.opts
    }
    kept, place = [], 0
    while place < len(words):
        twice = words[place] in single and words[place] in words[place + 1 :]
        if not twice:
            kept.append(words[place])
        place += 2 if twice else 1
    return kept


def ok(*words: object) -> Result:
    """Run a command that has to succeed."""
    result = run(*words)
    assert result.exit_code == 0, result.output
    return result


def problem(*words: object) -> str:
    """Run a command that has to fail with one sentence of our own; the sentence."""
    result = run(*words)
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("Error: Expected ")
    return lines[0].removeprefix("Error: ")


def process(*words: object, cwd: Path, **env: str) -> subprocess.Popen[str]:
    """Start a command in a process of its own, which minds Ctrl-C even where this one does not.

    A shell that starts the tests in the background lets them, and their children, ignore it.
    """
    program = (
        "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "runpy.run_module('earlysieve.cli', run_name='__main__', alter_sys=True)"
    )
    return subprocess.Popen(
        [sys.executable, "-c", program, *last_wins([*map(str, words)])],
        cwd=cwd,
        env={**os.environ, "OMP_NUM_THREADS": "1", **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def weights(path: Path, classes: int = 10, seed: int = 0) -> Path:
    """A file of weights of the small network."""
    torch.save(small_cnn(classes, seed=seed).state_dict(), path)
    return path


def photos(folder: Path, per_class: int = 12) -> Path:
    """A folder of coloured noise in two classes."""
    from PIL import Image

    rng = np.random.default_rng(0)
    for name, shade in (("cat", 60), ("dog", 160)):
        (folder / name).mkdir(parents=True)
        for number in range(per_class):
            pixels = rng.integers(shade, shade + 60, (16, 16, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
