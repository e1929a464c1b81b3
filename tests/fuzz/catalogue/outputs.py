"""Places where nothing can be written, and things that lie where a result should go."""

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from tests.fuzz.case import NET, OLD_AUDIT, POINTS, Case, audit, distill, fix, groups, report, train
from tests.fuzz.values import LONG, short

PLACES = (
    "", "good.pt", "good.pt/x", "fuzz_nets.py/a/b", "a\0b", LONG, f"x/{LONG}", "/proc/nope",
    "/proc/self/x", "/dev/null/x", "/sys/nope", "scratch/loop", "scratch/loop/x",
    "scratch/dangling/x", "scratch/pipe", "scratch/pipe/x",
)  # fmt: skip
AUDIT_FILES = ("audit.json", "scores.csv", "report.html", "pictures")
TRAIN_FILES = ("last.pt", "config.json", "model.pt", "training.json")


def cases(draw: Random, world: Path) -> Iterator[Case]:
    """Folders, then single files in the way."""
    things: dict[str, Any] = {
        "loop": lambda path: path.symlink_to("loop"),
        "dangling": lambda path: path.symlink_to("/proc/nope/x"),
        "pipe": lambda path: os.mkfifo(path),
    }
    commands = {
        "audit": audit(),
        "train": train(),
        "kd": distill("kd"),
        "demo": ("demo", "--limit", "20", "--epochs", "1", "--out", "", "-q"),
        "report": report(OLD_AUDIT, "--out", ""),
        "fix": fix(),
        "groups": groups(),
    }
    for place in PLACES:
        for name, words in commands.items():
            if name in ("report", "groups") and place in ("good.pt", "scratch/loop"):
                continue  # a file or link of the user's may be replaced where it was named
            chosen = _to(words, place)
            part = f"outputs: {'nothing' if place == '' else 'places'}"
            yield Case(part, f"{name} to {short(place)}", chosen, things)
    for place in ("photos", "scratch", "."):
        yield Case("outputs: pages", place, report(OLD_AUDIT, "--out", place))
    yield from _in_the_way()


def _to(words: tuple[str, ...], place: str) -> tuple[str, ...]:
    at = words.index("--out") + 1
    return (*words[:at], place, *words[at + 1 :])


def _in_the_way() -> Iterator[Case]:
    part = "outputs: in the way"
    for name in AUDIT_FILES:
        thing: Any = _folder if name != "pictures" else _file
        words = (
            "audit", "--data", "photos", "--image-size", "8", "--model", "fuzz_nets:images",
            "--out", "scratch/o", "--folds", "2", "-q",
        )  # fmt: skip
        yield Case(part, f"audit: {name}", words, {f"o/{name}": thing}, late=True)
    for name in TRAIN_FILES:
        words = (
            "train",
            "--model",
            NET,
            "--data",
            POINTS,
            "--epochs",
            "1",
            "--out",
            "scratch/o",
            "-q",
        )
        yield Case(part, f"train: {name}", words, {f"o/{name}": _folder}, late=True)
    words = (
        "train",
        "--model",
        NET,
        "--data",
        POINTS,
        "--epochs",
        "1",
        "--audit",
        "--out",
        "scratch/o",
        "-q",
    )
    for name in ("audit-before", "audit-after"):
        yield Case(part, f"train: {name}", words, {f"o/{name}": _file}, late=True)
    yield Case(
        part,
        "report.html",
        report(f"scratch/{OLD_AUDIT}"),
        {f"{OLD_AUDIT}/report.html": _folder},
        copy=OLD_AUDIT,
    )


def _folder(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.mkdir()
    (path / "x").write_text("x")


def _file(path: Path) -> None:
    path.write_text("x")
