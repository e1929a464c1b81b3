"""What all tests share."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# A deadline would be an assertion about time. Every run draws the same cases, so that a change is
# never blamed for a case that it did not bring; `pytest --hypothesis-profile=new` draws new ones.
settings.register_profile("same", deadline=None, derandomize=True)
settings.register_profile("new", deadline=None)
settings.load_profile("same")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data that lies beside the checkout, or where EARLYSIEVE_DATA says."""
    folder = Path(os.environ.get("EARLYSIEVE_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"the real data of this test is not at {folder}; set EARLYSIEVE_DATA")
    return folder


@pytest.fixture(autouse=True)
def minded_ctrl_c() -> Iterator[None]:
    """Mind Ctrl-C even where a shell that runs the tests in the background has it ignored."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
