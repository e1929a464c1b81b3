"""Processes that work together end together."""

import subprocess
import sys

CODE = """
from functools import partial
from time import sleep
from earlysieve.searching.together import work_together
work_together(partial(sleep, 300), 2, partial(print, "working", flush=True))
"""


def test_workers_end_with_a_first_process_that_is_killed():
    with subprocess.Popen([sys.executable, "-c", CODE], stdout=subprocess.PIPE) as first:
        assert first.stdout.readline() == b"working\n"
        first.kill()
        first.communicate(
            timeout=120
        )  # its end is heard when the workers, which share it, are gone
