"""The files of an audit belong together, whatever interrupts their saving."""

import hashlib
import shutil
from contextlib import suppress
from pathlib import Path

import pytest

import earlysieve as es
from earlysieve.auditing import audit_folder as folders
from earlysieve.errors import DataError, OutputError

from .test_result import JPEG, PNG, check_same, made


class Killed(BaseException):
    """The end of the process: nothing is cleaned up after it."""


class Steps:
    """Counts what changes a folder, and lets nothing happen from one step on, as a kill does.

    What writes a file is cut off in its middle.
    """

    def __init__(self, monkeypatch, last):
        self.left, self.done = last, 0
        for name in ("rename", "replace", "unlink", "mkdir"):
            self.wrap(monkeypatch, Path, name)
        for name in ("write_bytes", "write_text"):
            self.wrap(monkeypatch, Path, name, halves=True)
        self.wrap(monkeypatch, shutil, "rmtree")

    def wrap(self, monkeypatch, owner, name, *, halves=False):
        function = getattr(owner, name)

        def counted(path, *args, **options):
            if self.done >= self.left:
                if halves and self.done == self.left:
                    function(path, args[0][: len(args[0]) // 2], **options)
                self.done += 1
                raise Killed
            self.done += 1
            return function(path, *args, **options)

        monkeypatch.setattr(owner, name, counted)


def old_and_new():
    """Two audits of the same names, one with fewer pictures."""
    pictures = [
        es.Picture(2, "image", "flagged", image=PNG, heatmap=PNG + b"heat"),
        es.Picture(4, "image", "correct", image=PNG + b"4"),
    ]
    new = made(["p", "q", "r"], pictures=[es.Picture(2, "image", "flagged", image=PNG + b"new")])
    return made(["a", "b", "c", "d"], pictures=pictures), new


def page_of(folder):
    return (folder / "report.html").read_text() if (folder / "report.html").exists() else None


def hidden(folder):
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("page", [True, False])
def test_a_kill_at_any_step_leaves_one_audit_whole(tmp_path, page):
    pytest.importorskip("jinja2")
    old, new = old_and_new()
    old.save(tmp_path / "old", page=True)
    (tmp_path / "old" / "notes.txt").write_text("mine")
    outcomes = []
    for last in range(100):
        folder = tmp_path / str(last)
        shutil.copytree(tmp_path / "old", folder)
        with pytest.MonkeyPatch.context() as patch:
            steps = Steps(patch, last)
            with suppress(Killed):
                new.save(folder, page=page)
            finished = steps.done <= last
        raw = page_of(folder)
        document = (folder / "audit.json").read_bytes()
        assert raw is None or hashlib.sha256(document).hexdigest() in raw
        loaded = es.AuditResult.load(folder)
        is_new = loaded.examples["id"].tolist() == ["p", "q", "r"]
        assert check_same(loaded, new if is_new else old)
        if page or not is_new:
            assert f'content="{loaded.identity}"' in page_of(folder)
        else:
            assert page_of(folder) is None
        outcomes.append(is_new)
        made(["x"]).save(folder)
        assert hidden(folder) == []
        assert sorted(path.name for path in folder.rglob("*")) == [
            "audit.json", "notes.txt", "pictures", "scores.csv",
        ]  # fmt: skip
        if finished:
            break
    assert finished
    assert outcomes == sorted(outcomes)
    assert {True, False} == set(outcomes)


def test_an_interrupted_moving_is_read_where_nothing_can_be_written(tmp_path, monkeypatch):
    old, new = old_and_new()
    interrupted = []
    for last in range(25):
        folder = tmp_path / str(last)
        old.save(folder)
        with monkeypatch.context() as patch:
            Steps(patch, last)
            with suppress(Killed):
                new.save(folder)
        if hidden(folder) == [".audit-ready"]:
            interrupted.append(folder)
    assert len(interrupted) > 3

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(folders, "_settle", refuse)
    for folder in interrupted:
        assert check_same(es.AuditResult.load(folder), new)
        assert hidden(folder) == [".audit-ready"]


def test_a_full_disk_leaves_the_old_audit_and_its_page(tmp_path, monkeypatch):
    pytest.importorskip("jinja2")
    old, new = old_and_new()
    old.save(tmp_path, page=True)
    write = Path.write_bytes
    for count in range(4):
        done = []

        def fill(path, content, done=done, count=count):
            done.append(path)
            if len(done) > count:
                raise OSError(28, "No space left on device")
            return write(path, content)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "write_bytes", fill)
            with pytest.raises(OutputError) as caught:
                new.save(tmp_path, page=True)
        assert str(caught.value) == (
            f"Expected to write an audit to '{tmp_path}', but got: No space left on device; free "
            "some space or choose another output folder"
        )
        assert hidden(tmp_path) == []
        assert old.identity in page_of(tmp_path)
        assert check_same(es.AuditResult.load(tmp_path), old)


def test_pages_stay_where_they_belong(tmp_path):
    pytest.importorskip("jinja2")
    old, new = old_and_new()
    old.to_html(tmp_path / "report.html")
    old.save(tmp_path)
    assert old.identity in page_of(tmp_path)
    new.save(tmp_path)
    assert page_of(tmp_path) is None
    (tmp_path / "report.html").write_text('<meta name="generator" content="earlysieve 0.1">')
    new.save(tmp_path)
    assert page_of(tmp_path) is None
    (tmp_path / "report.html").write_text("a page of another program")
    new.save(tmp_path)
    assert page_of(tmp_path) == "a page of another program"


def test_sections_of_the_saved_page(tmp_path):
    pytest.importorskip("jinja2")
    from earlysieve.report import Section

    made().save(tmp_path, page=True, sections=[Section("more", "More to see", ["a piece"])])
    assert "More to see" in page_of(tmp_path)


def test_files_of_two_audits_are_no_audit(tmp_path):
    old, new = old_and_new()
    old.save(tmp_path / "old")
    new.save(tmp_path / "new")
    for name in ("scores.csv", "pictures/2-image.png"):
        mixed = tmp_path / "mixed"
        shutil.copytree(tmp_path / "new", mixed, dirs_exist_ok=True)
        shutil.copy(tmp_path / "old" / name, mixed / name)
        with pytest.raises(DataError) as caught:
            es.AuditResult.load(mixed)
        assert str(caught.value) == (
            f"Expected '{mixed / name}' as it was saved with audit.json, but it was changed later "
            "or belongs to another audit; run the audit again, or copy its folder again"
        )


def test_a_foreign_list_names_no_other_files(tmp_path):
    made().save(tmp_path / "audit")
    ready = tmp_path / "audit" / ".audit-ready"
    ready.mkdir()
    (ready / "files.json").write_text('["../victim", "notes.txt", 3, "audit.json", "scores.csv"]')
    for path in (tmp_path / "victim", tmp_path / "audit" / "notes.txt"):
        path.write_text("mine")
    (ready / "notes.txt").write_text("theirs")
    es.AuditResult.load(tmp_path / "audit")
    assert (tmp_path / "victim").read_text() == "mine"
    assert (tmp_path / "audit" / "notes.txt").read_text() == "mine"
    for odd in ("5", "{", '{"a": 1}'):
        ready.mkdir()
        (ready / "files.json").write_text(odd)
        assert check_same(es.AuditResult.load(tmp_path / "audit"), made())


def test_pictures_is_a_file(tmp_path):
    made(["1"]).save(tmp_path)
    (tmp_path / "pictures").write_text("x")
    with pytest.raises(OutputError, match="^Expected to write an audit to"):
        made(pictures=[es.Picture(2, "image", "flagged", image=JPEG)]).save(tmp_path)
    assert check_same(es.AuditResult.load(tmp_path), made(["1"]))


def test_what_is_saved_is_readable_for_others_as_the_umask_says(tmp_path):
    made().save(tmp_path)
    plain = tmp_path / "plain"
    plain.write_text("x")
    modes = {
        path.stat().st_mode for path in (plain, *tmp_path.glob("*.json"), *tmp_path.glob("*.csv"))
    }
    assert len(modes) == 1
