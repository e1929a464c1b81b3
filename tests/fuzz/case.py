"""One bad input: what is put on disk for it, what is typed, and what may come of it."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

SCRATCH = "scratch"  # files of the case at hand, below the world; gone before the next
OLD_AUDIT, OLD_PICTURES, OLD_RUN, OLD_KD = "old-audit", "old-pictures", "old-run", "old-kd"
OLD_FIX, OLD_GROUPS = "old-fix", "old-groups.csv"
NET = "fuzz_nets:net"
POINTS = "fuzz_data:points"

Content = bytes | Callable[[Path], None]


@dataclass(frozen=True)
class Case:
    """A bad input.

    Attributes:
        part: the part of the catalogue that it belongs to; parts can be switched off.
        name: what is wrong with it, for people.
        words: of the command line; paths are relative to the world.
        files: contents by path below the scratch folder, or what makes them there.
        copy: a folder of the world that is copied to the scratch folder first.
        may_pass: whether it may be taken, since nobody could tell that it is bad.
        user_code: whether it fails in code of the user's, whose traceback may be shown.
        late: whether it may fail after work was written: older results are whole all the same.
    """

    part: str
    name: str
    words: tuple[str, ...]
    files: Mapping[str, Content] = field(default_factory=dict)
    copy: str | None = None
    may_pass: bool = False
    user_code: bool = False
    late: bool = False

    def prepare(self, world: Path) -> None:
        """Put its files into an empty scratch folder."""
        scratch = world / SCRATCH
        remove(scratch)
        scratch.mkdir()
        if self.copy is not None:
            shutil.copytree(world / self.copy, scratch / self.copy)
        for name, content in self.files.items():
            path = scratch / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if callable(content):
                content(path)
            else:
                path.write_bytes(content)

    def identity(self) -> object:
        """What tells it from all other cases: what is typed, and what lies on disk."""
        files = [(key, self.name if callable(c) else c) for key, c in self.files.items()]
        return (self.words, tuple(files), self.copy)

    def __str__(self) -> str:
        return f"{self.part}: {self.name}"


def audit(*words: str, over: str = OLD_AUDIT) -> tuple[str, ...]:
    """An audit over an older one; options that are given again win."""
    usual = {"--model": NET, "--data": POINTS, "--out": over, "--folds": "2"}
    return ("audit", *_but(usual, words), *words, "-q")


def train(*words: str, over: str = OLD_RUN) -> tuple[str, ...]:
    """A run that starts again over an older one; options that are given again win."""
    usual = {"--model": NET, "--data": POINTS, "--out": over, "--epochs": "1"}
    return ("train", *_but(usual, words), "--fresh", *words, "-q")


def fix(*words: str, over: str = OLD_FIX) -> tuple[str, ...]:
    """A fix over an older one; options that are given again win."""
    usual = {
        "--model": NET,
        "--checkpoint": "good.pt",
        "--data": POINTS,
        "--out": over,
        "--budget": "1trial",
    }
    return ("fix", *_but(usual, words), *words, "-q")


def groups(*words: str, over: str = OLD_GROUPS) -> tuple[str, ...]:
    """Groups of the errors of a model, over an older file; options that are given again win."""
    usual = {
        "--from": "errors",
        "--model": NET,
        "--checkpoint": "good.pt",
        "--data": POINTS,
        "--out": over,
    }
    return ("groups", *_but(usual, words), *words, "-q")


def distill(method: str, *words: str) -> tuple[str, ...]:
    """A run with a teacher."""
    usual = {"--method": method, "--teacher": NET, "--teacher-checkpoint": "good.pt"}
    return train(*_but(usual, words), *words)


def search(*words: str) -> tuple[str, ...]:
    """A search of one trial in the scratch folder; options that are given again win."""
    usual = {
        "--method": "early-reweighting",
        "--layer": "stage1",
        "--model": NET,
        "--data": POINTS,
        "--validation": POINTS,
        "--epochs": "1",
        "--trials": "1",
        "--seeds": "1",
        "--out": f"{SCRATCH}/o",
    }
    return ("search", *_but(usual, words), *words, "-q")


def benchmark(*words: str) -> tuple[str, ...]:
    """A benchmark of plain training in the scratch folder; options that are given again win."""
    usual = {
        "--methods": "erm",
        "--model": NET,
        "--data": POINTS,
        "--validation": POINTS,
        "--test": POINTS,
        "--epochs": "1",
        "--seeds": "1",
        "--out": f"{SCRATCH}/o",
    }
    return ("benchmark", *_but(usual, words), *words, "-q")


def compare(*words: str) -> tuple[str, ...]:
    """Folders side by side."""
    return ("compare", *words, "-q")


def layers(*words: str) -> tuple[str, ...]:
    """A list of layers."""
    return ("layers", *_but({"--model": NET, "--input-shape": "4"}, words), *words, "-q")


def report(folder: str, *words: str) -> tuple[str, ...]:
    """A page of a folder."""
    return ("report", folder, *words, "-q")


def _but(usual: dict[str, str], words: tuple[str, ...]) -> list[str]:
    return [word for key, value in usual.items() if key not in words for word in (key, value)]


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
