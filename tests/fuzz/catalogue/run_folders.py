"""Folders of training runs whose files are damaged, hostile or of another kind."""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from tests.fuzz.case import NET, OLD_RUN, POINTS, Case
from tests.fuzz.catalogue.checkpoints import hostile, saved
from tests.fuzz.values import WRONG_TYPES, damaged, places, replaced, short, without

MISTYPED = 40
DAMAGED = 12
FOLDER = f"scratch/{OLD_RUN}"
LAST = f"{OLD_RUN}/last.pt"


def cases(draw: Random, world: Path) -> Iterator[Case]:
    """Checkpoints of training that are not whole, and folders that are in the way."""
    import torch

    raw = (world / LAST).read_bytes()
    state = torch.load(world / LAST, weights_only=True)
    for name, content in damaged(draw, raw, DAMAGED):
        yield _with({LAST: content}, "run folders: damaged", name, may_pass=True)
    for key in state:
        content = saved(without(state, (key,)))
        yield _with({LAST: content}, "run folders: missing fields", f"without {key}")
    fields = list(places(state, 3))
    for _ in range(MISTYPED):
        place, value = draw.choice(fields), draw.choice(WRONG_TYPES)
        name = f"{'.'.join(map(str, place))} is {short(value)}"
        content = saved(replaced(state, place, value))
        yield _with({LAST: content}, "run folders: mistyped fields", name, may_pass=True)
    for name, value in {
        "nothing": b"", "text": b"hello", "weights": (world / "good.pt").read_bytes(),
        "zeros": bytes(2000),
        "a list": saved([state]), "an audit": b"{}",
    }.items():  # fmt: skip
        yield _with({LAST: value}, "run folders: other content", name)
    for name, content in hostile().items():
        yield _with({LAST: content}, "run folders: code", name)
    yield from _in_the_way()


def _with(files: dict[str, Any], part: str, name: str, **how: Any) -> Case:
    return Case(part, name, _on(), files, copy=OLD_RUN, late="may_pass" in how, **how)


def _on(*words: str) -> tuple[str, ...]:
    usual = ("train", "--model", NET, "--data", POINTS, "--epochs", "2", "--keep-last")
    return (*usual, "--out", FOLDER, *words, "-q")


def _in_the_way() -> Iterator[Case]:
    part = "run folders: other runs"
    for words in (
        ("--seed", "1"), ("--lr", "0.5"), ("--batch-size", "7"), ("--optimizer", "adam"),
        ("--method", "sieve", "--layer", "stage1"),
        ("--model-option", "width=5"), ("--momentum", "0.1"), ("--data", "scratch.fuzz_few:odd"),
        ("--clip-norm", "1"),
    ):  # fmt: skip
        few = b"from fuzz_data import Points\ndef odd():\n    return Points(12)\n"
        yield Case(part, " ".join(words), _on(*words), {"fuzz_few.py": few}, copy=OLD_RUN)
    part = "run folders: in the way"
    for name in ("last.pt", "config.json", "model.pt", "training.json"):
        path = f"{OLD_RUN}/{name}"
        files = {path: _folder}
        yield Case(part, f"{name} is a folder", _on(), files, copy=OLD_RUN, late=True)
    for name, content in {"nothing": b"", "text": b"x", "a list": b"[]"}.items():
        files = {f"{OLD_RUN}/config.json": content, f"{OLD_RUN}/training.json": content}
        yield Case(part, f"JSON of {name}", _on(), files, copy=OLD_RUN, may_pass=True, late=True)


def _folder(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.mkdir()
    (path / "x").write_text("x")
