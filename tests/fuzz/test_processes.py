"""Some of the bad inputs, each in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner, Result

from tests.fuzz import world
from tests.fuzz.case import Case
from tests.fuzz.catalogue import all_cases
from tests.fuzz.judge import Judge
from tests.fuzz.pending import PENDING
from tests.fuzz.session import seed

PROCESSES = 20


def test_bad_input_of_real_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    judge = Judge(world.build(tmp_path), in_a_process)
    chosen = drawn(all_cases(seed(), tmp_path))
    assert len(chosen) == PROCESSES
    found = {str(case): [str(f) for f in judge.faults(case)] for case in chosen}
    assert not {name: faults for name, faults in found.items() if faults}


def drawn(cases: list[Case]) -> list[Case]:
    """Cases of parts that differ, as far as there are enough."""
    draw = Random(seed())
    fair = [c for c in cases if c.part not in PENDING and c.words[:1] != ("demo",)]
    draw.shuffle(fair)
    by_part = {case.part: case for case in fair if not case.may_pass}
    return draw.sample(sorted(by_part.values(), key=str), PROCESSES)


def in_a_process(words: tuple[str, ...]) -> Result:
    """What `judge.run_here` does, by `python -m earlysieve.cli`: a traceback is in the output."""
    done = subprocess.run(
        [sys.executable, "-m", "earlysieve.cli", *words],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=200,
    )
    how = (done.stdout, done.stderr, done.stdout + done.stderr, None, done.returncode)
    return Result(CliRunner(), *how, SystemExit(done.returncode))
