"""Output folders are looked at before anything is computed."""

import os
import tempfile

import pytest

from earlysieve._files import check_output, check_output_file, write_text
from earlysieve.errors import OutputError


def test_a_folder_that_does_not_exist_yet_is_not_made(tmp_path):
    wanted = tmp_path / "a" / "b"
    assert check_output(wanted) == wanted
    assert list(tmp_path.iterdir()) == []


def test_a_file_system_that_takes_no_files(tmp_path, monkeypatch):
    def refuse(*_args, **_options):
        raise OSError("read-only file system")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with pytest.raises(OutputError, match="that can be written, but .* cannot; choose another"):
        check_output(tmp_path / "out")


def test_what_is_no_file_is_never_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "folder"):
        with pytest.raises(OutputError, match="Expected to write a file at .* but got a folder"):
            write_text(tmp_path / name, "x")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "pipe"]
    assert not (tmp_path / "pipe").is_file()


def test_places_that_cannot_be(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    null = tmp_path / "a\0b"
    for place in (null, tmp_path / "loop", tmp_path / "loop" / "x", tmp_path / "x" / ("y" * 5000)):
        for check in (check_output, check_output_file):
            with pytest.raises(OutputError, match="Expected a place that can be written, but got"):
                check(place)
    assert [path.name for path in tmp_path.iterdir()] == ["loop"]
