"""Files of a teacher's logits that are damaged, foreign or of other data."""

import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from tests.fuzz.case import OLD_KD, Case, distill, train
from tests.fuzz.catalogue.checkpoints import hostile, saved
from tests.fuzz.values import LONG, WRONG_TYPES, damaged, places, replaced, short, without

DAMAGED = 18
MAGIC = b"earlysieve logits 1\n"


def cases(draw: Random, world: Path) -> Iterator[Case]:
    """Kept files, arrays, tensors, others."""
    kept = (world / OLD_KD / "teacher.logits").read_bytes()
    for name, content in damaged(draw, kept, DAMAGED):
        yield _use(draw, "logits: kept", name, "x.logits", content, fair=True)
    yield from _headers(draw, kept)
    for name, content in _arrays().items():
        yield _use(draw, "logits: arrays", name, "x.npy", content)
    for name, content in damaged(draw, _arrays(good=True)["good"], DAMAGED // 2):
        yield _use(draw, "logits: arrays", name, "x.npy", content, fair=True)
    for name, content in _tensors().items():
        yield _use(draw, "logits: tensors", name, "x.pt", content, fair=name == "whole numbers")
    for name, content in hostile().items():
        yield _use(draw, "logits: code", name, f"x.{draw.choice(('pt', 'npy', 'logits'))}", content)
    for path in ("nope", "", "photos", "a\0b", LONG, "~nope", "fuzz_nets.py", "good.pt",
    "/dev/null", "/dev/full"):  # fmt: skip
        words = train("--method", "kd", "--teacher-logits", path)
        yield Case("logits: paths", short(path), words)
    for path in ("photos", "a\0b", LONG, "good.pt/x", "/dev/null/x", "/proc/x", "good.pt"):
        words = distill("kd", "--teacher-logits", path)
        yield Case("logits: paths to write", short(path), words)
    yield from _own(draw, kept)


def _use(draw: Random, part: str, name: str, file: str, content: Any, fair: bool = False) -> Case:
    method = draw.choice((("kd",), ("dedier", "--layer", "stage1")))
    words = train("--method", *method, "--teacher-logits", f"scratch/{file}")
    return Case(
        part, f"{method[0]} {file} {name}", words, {file: content}, may_pass=fair, late=True
    )


def _headers(draw: Random, kept: bytes) -> Iterator[Case]:
    start = len(MAGIC)
    end = kept.index(b"\n", start)
    header = json.loads(kept[start:end])
    data = kept[(end // 64 + 1) * 64 :]
    for place in places(header, 2):
        changed = _kept(json.dumps(without(header, place)).encode(), data)
        yield _use(draw, "logits: headers", f"without {place}", "x.logits", changed)
        for value in draw.sample(WRONG_TYPES, 2):
            changed = _kept(json.dumps(replaced(header, place, value)).encode(), data)
            name = f"{place} is {short(value)}"
            yield _use(draw, "logits: headers", name, "x.logits", changed, fair=True)
    for text in (b"", b"[]", b"5", b"null", b"{", b"\xff\xfe", b"[" * 100_000, b"9" * 5000,
    b'{"shape": [-1, -3]}', b'{"shape": [1e99, 3]}'):  # fmt: skip
        yield _use(draw, "logits: headers", f"is {short(text)}", "x.logits", _kept(text, data))


def _kept(header: bytes, data: bytes) -> bytes:
    start = MAGIC + header + b"\n"
    return start + b"\0" * (-len(start) % 64) + data


def _arrays(good: bool = False) -> dict[str, bytes]:
    import numpy as np

    values: dict[str, Any] = {"good": np.zeros((30, 3), np.float32)}
    if not good:
        values = {
            "one dimension": np.zeros(30, np.float32),
            "three dimensions": np.zeros((30, 3, 1), np.float32),
            "no dimension": np.float32(1),
            "too few rows": np.zeros((7, 3), np.float32),
            "no rows": np.zeros((0, 3), np.float32),
            "too many classes": np.zeros((30, 9), np.float32),
            "one class": np.zeros((30, 1), np.float32),
            "whole numbers": np.zeros((30, 3), np.int64),
            "texts": np.full((30, 3), "x"),
            "NaN": np.full((30, 3), np.nan, np.float32),
            "complex numbers": np.zeros((30, 3), np.complex64),
            "objects": np.full((30, 3), None, object),
            "fields": np.zeros(30, [("a", "f4"), ("b", "f4")]),
        }
    found = {name: _saved_array(value) for name, value in values.items()}
    return found if good else {**found, "nothing": b"", "text": b"hello", "the start": b"\x93NUMPY"}


def _saved_array(value: Any) -> bytes:
    import numpy as np

    stream = io.BytesIO()
    np.save(stream, value, allow_pickle=True)
    return stream.getvalue()


def _tensors() -> dict[str, Any]:
    import torch

    return {
        "a mapping": saved({"logits": torch.zeros(30, 3)}),
        "a list": saved([[0.0] * 3] * 30),
        "one dimension": saved(torch.zeros(30)),
        "too few rows": saved(torch.zeros(5, 3)),
        "NaN": saved(torch.full((30, 3), float("nan"))),
        "whole numbers": saved(torch.zeros(30, 3, dtype=torch.long)),
        "sparse": saved(torch.eye(30, 3).to_sparse()),
        "no device": saved(torch.zeros(30, 3, device="meta")),
        "complex numbers": saved(torch.zeros(30, 3, dtype=torch.complex64)),
        "nothing": b"",
        "text": b"hello",
        "a folder": lambda path: path.mkdir(),
        "a pipe": lambda path: os.mkfifo(path),
    }


def _own(draw: Random, kept: bytes) -> Iterator[Case]:
    """The file that a run keeps in its own folder, damaged before the run goes on."""
    words = (
        "train", "--method", "kd", "--teacher", "fuzz_nets:net", "--teacher-checkpoint", "good.pt",
        "--model",
        "fuzz_nets:net", "--data", "fuzz_data:points", "--epochs", "2", "--out",
        f"scratch/{OLD_KD}", "-q",
    )  # fmt: skip
    for name, content in damaged(draw, kept, DAMAGED // 2):
        files = {f"{OLD_KD}/teacher.logits": content}
        yield Case("logits: own", name, words, files, copy=OLD_KD, may_pass=True, late=True)
