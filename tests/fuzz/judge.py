"""Run a case, in this process if not told otherwise, and say what is wrong with how it ends."""

import os
import re
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from tests.fuzz.case import OLD_AUDIT, OLD_FIX, OLD_KD, OLD_PICTURES, OLD_RUN, Case, remove

SECONDS = 40  # of one case, before it counts as hanging
SENTENCE = re.compile(r"Error: Expected .+[,;] but .+")
USAGE = re.compile(r"\A(Usage: .+\n)?Error: .+\Z|\AUsage: ", re.DOTALL)
_RESULTS = (OLD_AUDIT, OLD_PICTURES, OLD_RUN, OLD_KD, OLD_FIX)
_OF_TRAINING = ("last.pt", "config.json", "teacher.logits")  # what a fresh run may replace early

Snapshot = dict[str, tuple[Any, ...]]


@dataclass(frozen=True)
class Fault:
    """What is wrong: of which kind, where it comes from, and the particulars."""

    kind: str
    cause: str
    detail: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.cause}" + (f" | {self.detail}" if self.detail else "")


class Hanging(BaseException):
    """The case takes too long."""


class Judge:
    """Runs cases in a world, which it keeps as it was.

    Args:
        world: the folder, which has to be the current one.
        run: runs a command; by default in this process.
    """

    def __init__(self, world: Path, run: Callable[[tuple[str, ...]], Result] | None = None) -> None:
        self.world, self.run = world, run or run_here
        self.contents = {name: _contents(world / name) for name in _RESULTS}
        self.passed = 0

    def faults(self, case: Case) -> list[Fault]:
        """What is wrong with how a case ends."""
        case.prepare(self.world)
        before = snapshot(self.world)
        result = self.run(case.words)
        after = snapshot(self.world)
        found = [*_ending(case, result), *self._harm(case, result, before, after)]
        self.passed += result.exit_code == 0
        if before != after:
            self._restore(before)
        return found

    def _harm(self, case: Case, result: Result, before: Snapshot, after: Snapshot) -> list[Fault]:
        if "proof" in after:
            return [Fault("code of a file was run", case.part, "")]
        changed = sorted(k for k in {*before, *after} if before.get(k) != after.get(k))
        out = _value(case.words, "--out")
        if result.exit_code == 0:
            named = [word for word in case.words[1:] if word]
            new = [n for n in changed if n not in before and any(_is_below(n, w) for w in named)]
            changed = [name for name in changed if not _is_below(name, out) and name not in new]
        elif case.late:
            changed = [name for name in changed if not self._is_fair(name, out)]
        return [Fault("harmed files", ", ".join(changed[:4]), f"--out {out!r}")] if changed else []

    def _is_fair(self, name: str, out: str) -> bool:
        """Whether a command that fails in the middle may have changed this file."""
        early = out not in self.contents or Path(name).name in _OF_TRAINING
        return _is_below(name, out) and early

    def _restore(self, before: Snapshot) -> None:
        for name in set(snapshot(self.world)) - set(before):
            remove(self.world / name)
        for folder, files in self.contents.items():
            for name, content in files.items():
                path = self.world / folder / name
                if not path.is_file() or path.read_bytes() != content:
                    remove(path)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(content)


def run_here(words: tuple[str, ...]) -> Result:
    """Run a command as a process of its own would, as far as warnings go, and for limited time."""
    from earlysieve.cli.main import main

    runner = CliRunner()
    try:
        with _usual_warnings(), _own_imports(), _limited():
            return runner.invoke(main, list(words))
    except Hanging as stopped:
        told: Any = sys.exc_info()
        return Result(runner, b"", b"", b"", None, 1, stopped, told)


def snapshot(folder: Path) -> Snapshot:
    """Every file and folder below, by what changes when one is written."""
    found: Snapshot = {}
    for place, folders, files in os.walk(folder):
        if "__pycache__" in folders:
            folders.remove("__pycache__")
        for name in (*folders, *files):
            path = Path(place) / name
            status = path.lstat()
            what = (status.st_ino, status.st_size, status.st_mtime_ns)
            found[str(path.relative_to(folder))] = () if name in folders else what
    return found


def _ending(case: Case, result: Result) -> Iterator[Fault]:
    error = result.exception
    if isinstance(error, Hanging):
        yield Fault("hangs", _where(result), f"after {SECONDS} s")
        return
    if error is not None and not isinstance(error, SystemExit) and not _explained(case, result):
        yield Fault("traceback", _where(result), _one_line(str(error)))
        return
    if result.exit_code == 0:
        if not case.may_pass:
            yield Fault("accepted", case.part, case.name)
        return
    yield from _message(case, result)


def _message(case: Case, result: Result) -> Iterator[Fault]:
    text = result.stderr.rstrip("\n")
    if result.stdout and not case.user_code:
        yield Fault("prints though it fails", _one_line(result.stdout), "")
    if result.exit_code == 2:
        if not USAGE.search(text):
            yield Fault("not a usage message", _one_line(text), "")
        return
    lines = [line for line in text.splitlines() if not line.startswith("Warning: ")]
    if case.user_code:
        # What the user's code prints comes before the sentence, its traceback after it.
        lines = [line for line in lines if SENTENCE.fullmatch(line)][:1] or lines
    if not lines or not SENTENCE.fullmatch(lines[0]):
        yield Fault("not the formula", _one_line(text), "")
    elif len(lines) > 1:
        kind = "traceback shown" if "Traceback" in lines[1] else "more than one line"
        yield Fault(kind, _where(result), _one_line(text))


def _explained(case: Case, result: Result) -> bool:
    """Whether the exception is the user's, and a sentence says so."""
    return case.user_code and SENTENCE.match(result.stderr) is not None


def _where(result: Result) -> str:
    """The first exception, and the place in the package that it came through last."""
    error: BaseException | None = result.exception
    while error is not None and (error.__cause__ or error.__context__) is not None:
        error = error.__cause__ or error.__context__
    if error is None:
        return "nowhere"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "/earlysieve/" in f.filename]
    kind = type(error).__name__
    if not frames:
        return kind
    place = frames[-1].filename.rpartition("/earlysieve/")[2]
    return f"{kind} in {place}:{frames[-1].name}"


def _one_line(text: str) -> str:
    return repr(text[:300])


def _value(words: tuple[str, ...], flag: str) -> str:
    places = [place for place, word in enumerate(words[:-1]) if word == flag]
    if places:
        return words[places[-1] + 1]
    return words[1] if words[:1] == ("report",) and len(words) > 1 else "demo-out"


def _is_below(name: str, out: str) -> bool:
    out = os.path.normpath(out) if out else ""
    return name == out or name.startswith(f"{out}/") or out.startswith(f"{name}/")


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@contextmanager
def _usual_warnings() -> Iterator[None]:
    """Warnings on standard error, as by default; tests make errors of them."""

    def show(message: Any, kind: Any, file: str, line: int, *_: Any) -> None:
        print(warnings.formatwarning(message, kind, file, line), end="", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.showwarning = show
        warnings.resetwarnings()
        for kind in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
            warnings.simplefilter("ignore", kind)
        yield


@contextmanager
def _own_imports() -> Iterator[None]:
    """What a command makes importable, and which modules count as the user's, ends with it."""
    from earlysieve import _user_code

    named, folders, path = set(_user_code._named), list(_user_code._folders), list(sys.path)
    try:
        yield
    finally:
        _user_code._named.clear()
        _user_code._named.update(named)
        _user_code._folders[:], sys.path[:] = folders, path


@contextmanager
def _limited() -> Iterator[None]:
    def stop(*_: Any) -> None:
        raise Hanging

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
