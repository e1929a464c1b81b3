"""Writing files whole or not at all, beside other processes, and after killed ones."""

import errno
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from earlysieve._files import output_folder, remove_leftovers, replacing, write_text
from earlysieve.errors import OutputError

HOLD = """
import sys, time
from pathlib import Path
from earlysieve._files import replacing
with replacing(Path(sys.argv[1])) as temporary:
    temporary.write_text("half")
    print("writing", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def writing(tmp_path):
    """A process that is in the middle of writing tmp_path / "last.pt"."""
    words = [sys.executable, "-c", HOLD, tmp_path / "last.pt"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        yield process
        process.kill()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_leftovers_of_a_killed_process_go_at_the_next_writing(tmp_path, writing):
    writing.send_signal(signal.SIGKILL)
    writing.wait()
    assert len(names(tmp_path)) == 1
    write_text(tmp_path / "last.pt", "whole")
    assert names(tmp_path) == ["last.pt"]
    assert (tmp_path / "last.pt").read_text() == "whole"


def test_leftovers_go_when_asked(tmp_path, writing):
    writing.send_signal(signal.SIGKILL)
    writing.wait()
    remove_leftovers(tmp_path / "other.pt")
    assert len(names(tmp_path)) == 1
    remove_leftovers(tmp_path / "last.pt")
    assert names(tmp_path) == []
    remove_leftovers(tmp_path / "missing" / "last.pt")


@pytest.mark.skipif(sys.platform == "win32", reason="files are not locked there")
def test_what_a_living_process_writes_is_left_alone(tmp_path, writing):
    write_text(tmp_path / "last.pt", "mine")
    remove_leftovers(tmp_path / "last.pt")
    assert len(names(tmp_path)) == 2
    assert (tmp_path / "last.pt").read_text() == "mine"


def test_files_of_the_user_are_no_leftovers(tmp_path):
    for name in (".last.pt.keep.pt", ".last.pt.12345678.txt", "last.pt.abcdefgh.pt", ".last.pt"):
        (tmp_path / name).write_text("mine")
    (tmp_path / ".last.pt.abcdefgh.pt").mkdir()
    (tmp_path / ".last.pt.abcdefgi.pt").symlink_to(tmp_path / ".last.pt")
    before = names(tmp_path)
    write_text(tmp_path / "last.pt", "whole")
    assert names(tmp_path) == sorted([*before, "last.pt"])


def test_many_writers_of_one_file_do_not_disturb_each_other(tmp_path):
    problems = []

    def work(text: str) -> None:
        try:
            for _ in range(50):
                write_text(tmp_path / "a.txt", text)
        except OutputError as error:
            problems.append(error)

    threads = [threading.Thread(target=work, args=(text * 1000,)) for text in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert names(tmp_path) == ["a.txt"]
    assert len(set((tmp_path / "a.txt").read_text())) == 1


def test_permissions_are_those_of_a_new_file_and_the_umask_is_never_touched(tmp_path, monkeypatch):
    before = os.umask(0o027)
    monkeypatch.setattr(os, "umask", lambda _: pytest.fail("other threads would see this"))
    try:
        write_text(tmp_path / "a.txt", "whole")
    finally:
        monkeypatch.undo()
        os.umask(before)
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o640


def test_a_full_disk_is_told_once(tmp_path):
    def broken() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    message = (
        f"Expected to write '{tmp_path / 'a.txt'}', but got: No space left on device; "
        "free some space or choose another output folder"
    )
    with pytest.raises(OutputError) as error, replacing(tmp_path / "a.txt"):
        broken()
    assert str(error.value) == message
    with pytest.raises(OutputError) as again, replacing(tmp_path / "b.txt"):
        raise error.value
    assert str(again.value) == message
    assert names(tmp_path) == []


def test_a_look_at_a_folder_leaves_nothing(tmp_path):
    assert output_folder(tmp_path / "new") == tmp_path / "new"
    assert names(tmp_path / "new") == []
