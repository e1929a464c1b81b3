"""What `fix` and `groups` read besides model and data: audits, files of groups, older results."""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from tests.fuzz.case import NET, OLD_AUDIT, OLD_GROUPS, OLD_PICTURES, Case, fix, groups
from tests.fuzz.values import TEXTS, WRONG_TYPES, damaged, short

NETS = """
import torch
from torch import nn


class Pointwise(nn.Module):
    def __init__(self, num_classes=3):
        super().__init__()
        self.stage1 = nn.Sequential(nn.Linear(4, 6), nn.ReLU())
        self.stage2 = nn.Sequential(nn.Linear(6, 6), nn.ReLU())
        self.last = nn.Conv1d(6, num_classes, 1)

    def forward(self, x):
        return self.last(self.stage2(self.stage1(x))[:, :, None])[:, :, 0]


def pointwise(num_classes=3):
    return Pointwise(num_classes)
"""

DATA = """
import torch
from fuzz_data import Points


def one_class():
    data = Points()
    data.labels[:] = 1
    return data


def nan():
    data = Points()
    data.inputs[4, 2] = float("nan")
    return data


def beyond():
    data = Points()
    data.labels[4] = 9
    return data


def five():
    return Points(5)


def two():
    return Points(2)


def none():
    return Points(0)
"""


def cases(draw: Random, world: Path) -> Iterator[Case]:
    """Audits and groups of others, damaged files, data that cannot be used, options that clash."""
    yield from _held_out()
    yield from _besides()
    yield from _files(draw, world)
    yield from _clashes()


def _held_out() -> Iterator[Case]:
    files = {"fix_data.py": DATA.encode()}
    for name in ("one_class", "nan", "beyond", "five", "two", "none"):
        source = f"scratch/fix_data.py:{name}"
        usable = name in ("five", "two")
        words = fix("--data", source, "--out", "scratch/o")
        yield Case("fixes: data", name, words, files, may_pass=usable, late=True)
        for kind in ("errors", "xrm", "xrm-features", "disagreement", "eiil", "spare"):
            words = groups("--data", source, "--from", kind)
            part = f"groups: data of {kind}"
            fine = name in ("five", "two", "one_class") or (kind == "xrm" and name == "beyond")
            yield Case(part, name, words, files, may_pass=fine)


def _besides() -> Iterator[Case]:
    part = "fixes: besides"
    for place in (*TEXTS, OLD_AUDIT, OLD_PICTURES, "photos", "good.pt", "old-run"):
        fair = place == OLD_AUDIT  # of this very model on these very data
        where = ("--out", "scratch/o")
        name = short(place)
        yield Case(part, f"--audit {name}", fix("--audit", place, *where), late=True, may_pass=fair)
        words = fix("--groups-from", place, *where)
        yield Case(part, f"--groups-from {name}", words, late=True, may_pass=fair)
        yield Case(part, f"groups --from {name}", groups("--from", place), may_pass=fair)


def _files(draw: Random, world: Path) -> Iterator[Case]:
    content = (world / OLD_GROUPS).read_bytes()
    where = ("--groups-from", "scratch/g.csv", "--out", "scratch/o")
    for name, changed in damaged(draw, content, 18):
        files = {"g.csv": changed}
        yield Case("fixes: files of groups", name, fix(*where), files, may_pass=True, late=True)
        words = groups("--from", "scratch/g.csv")
        yield Case("groups: files of groups", name, words, files, may_pass=True)
    for value in WRONG_TYPES:
        # A text is a fair name of a group.
        text = f"index,group\n0,{json.dumps(value)}\n".encode()
        files = {"g.csv": text}
        yield Case(
            "fixes: files of groups", short(value), fix(*where), files, late=True, may_pass=True
        )
    kept: dict[str, Any] = {"o/candidates": b"x"}
    for name in ("model.pt", "fix.json", "report.html", "audit-before", "audit-after"):
        thing: Any = b"x" if name.startswith("audit") else _folder
        words = fix("--out", "scratch/o")
        yield Case("fixes: in the way", name, words, {f"o/{name}": thing}, late=True)
    yield Case("fixes: in the way", "candidates", fix("--out", "scratch/o"), kept, late=True)


def _clashes() -> Iterator[Case]:
    part, files = "fixes: clashes", {"fix_nets.py": NETS.encode()}
    where = ("--out", "scratch/o")
    other = "scratch/fix_nets.py:pointwise"
    for words in [
        ("--retrain", "--train-data", "nope"), ("--retrain", "--train-data", "photos"),
        ("--budget", "1e-9s"), ("--budget", "0.000001s"), ("--budget", "trials"),
        ("--data", "photos"), ("--split", "nope"), ("--model", "fuzz_nets:images"),
        ("--checkpoint", "nope.pt"), ("--num-classes", "7"), ("--limit", "1"),
        ("--model", NET, "--model-option", "width=9"),
    ]:  # fmt: skip
        yield Case(part, short(" ".join(words)), fix(*words, *where), late=True)
    words = ("fix", "--model", other, "--data", "fuzz_data:points", *where, "-q")
    yield Case(part, "no linear last layer, no weights", words, files, late=True, may_pass=True)
    rule = fix("--data", "photos", "--image-size", "8", "--model", "fuzz_nets:images",
               "--select", "worst_group_accuracy", *where)  # fmt: skip
    yield Case(part, "a rule without groups", rule, late=True)


def _folder(path: Path) -> None:
    path.mkdir(parents=True)
    (path / "x").write_text("x")
