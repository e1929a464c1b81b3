"""Damaged files of logits give one sentence, whatever is wrong with them, and never wrong code."""

import io
import json
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from earlysieve.distill import keep_logits, open_logits
from earlysieve.distill.logits_file import MAGIC, Header
from earlysieve.errors import DataError, EarlysieveError, InputError

from ..weighting.helpers import Planted, net

DATA = Planted(24)
KINDS = ("logits", "npy", "pt", "safetensors")


def intact(kind: str, folder: Path) -> bytes:
    """The bytes of a file of logits for 24 examples and 3 classes."""
    path = folder / f"intact.{kind}"
    keep_logits(net(1), DATA, path if kind == "logits" else None)
    values = np.arange(72, dtype=np.float32).reshape(24, 3)
    if kind == "npy":
        np.save(path, values)
    elif kind == "pt":
        torch.save(torch.from_numpy(values), path)
    elif kind == "safetensors":
        safetensors = pytest.importorskip("safetensors.torch")
        safetensors.save_file({"logits": torch.from_numpy(values)}, path)
    return path.read_bytes()


def one_sentence(path: Path) -> None:
    """Opening the file works, or ends with one sentence of our own."""
    try:
        kept = open_logits(path)
        kept.of(DATA.batch(torch.arange(24)))
    except EarlysieveError as error:
        text = str(error)
    else:
        return
    assert text.startswith("Expected ")
    assert "\n" not in text
    assert "; " in text


def flipped(content: bytes, draw: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(draw.choice([1, 1, 2, 8])):
        changed[draw.randrange(min(len(changed), 400))] = draw.randrange(256)
    return bytes(changed)


def cut(content: bytes, draw: random.Random) -> bytes:
    return content[: draw.randrange(len(content))]


def doubled(content: bytes, draw: random.Random) -> bytes:
    place = draw.randrange(len(content))
    return content[:place] + content[draw.randrange(len(content)) :]


def emptied(content: bytes, draw: random.Random) -> bytes:
    start = draw.randrange(len(content))
    return content[:start] + bytes(min(64, len(content) - start)) + content[start + 64 :]


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_files_of_each_kind(kind: str, tmp_path: Path) -> None:
    draw, content = random.Random(f"{kind} 0"), intact(kind, tmp_path)
    damages: list[Callable[[bytes, random.Random], bytes]] = [flipped, cut, doubled, emptied]
    path = tmp_path / f"damaged.{kind}"
    for number in range(120):
        path.write_bytes(damages[number % len(damages)](content, draw))
        one_sentence(path)


HEADERS = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"3",
    b'"text"',
    b"\xff\xfe",
    b"[" * 4000,
    json.dumps({"teacher": "", "data": ""}).encode(),
    json.dumps({"shape": [24, 3], "data": ""}).encode(),
    json.dumps({"shape": [24, 3], "teacher": ""}).encode(),
    *(
        json.dumps({"shape": shape, "teacher": "", "data": ""}).encode()
        for shape in (24, [24], [24, 3, 1], ["24", "3"], [-24, -3], [2.5, 3], [True, 3], None)
    ),
    json.dumps({"shape": [10**30, 3], "teacher": "", "data": ""}).encode(),
    json.dumps({"shape": [24, 3], "teacher": 5, "data": ""}).encode(),
    json.dumps({"shape": [24, 3], "teacher": "", "data": None}).encode(),
]


@pytest.mark.parametrize("header", HEADERS, ids=range(len(HEADERS)))
def test_headers_that_say_nothing_of_use(header: bytes, tmp_path: Path) -> None:
    path = tmp_path / "damaged.logits"
    for rest in (b"", b"\n", b"\n" + bytes(24 * 8 + 72 * 4)):
        path.write_bytes(MAGIC + header + rest)
        with pytest.raises(DataError, match="^Expected .* to begin with the shape and the origin"):
            open_logits(path)


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (24, 0), (24, 4), (2**39, 2**39)])
def test_shapes_that_the_file_does_not_have(shape: tuple[int, int], tmp_path: Path) -> None:
    path = tmp_path / "damaged.logits"
    path.write_bytes(Header(shape, "", "").encode() + bytes(24 * 8 + 72 * 4))
    with pytest.raises(DataError, match="but its size is another; copy it again"):
        open_logits(path)


@pytest.mark.parametrize(
    "value",
    [
        torch.zeros(24, 3, dtype=torch.int64),
        torch.zeros(24, 3, dtype=torch.complex64),
        torch.zeros(24, 3).to_sparse(),
        torch.zeros(24, 3, device="meta"),
        torch.zeros(24),
        {"logits": torch.zeros(24, 3)},
        None,
        "text",
    ],
    ids=["integers", "complex", "sparse", "meta", "flat", "nested", "none", "text"],
)
def test_values_that_are_no_logits(value: object, tmp_path: Path) -> None:
    torch.save(value, tmp_path / "other.pt")
    with pytest.raises(InputError, match="^Expected floating-point logits of shape"):
        open_logits(tmp_path / "other.pt")


def test_arrays_of_other_kinds(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(24, 3))
    for kind in ("<f2", "<f4", ">f4", ">f8", "g"):
        np.save(tmp_path / "other.npy", values.astype(kind))
        given = open_logits(tmp_path / "other.npy").of(DATA.batch(torch.arange(24)))
        torch.testing.assert_close(given, torch.tensor(values).float(), rtol=1e-2, atol=1e-2)
    objects = io.BytesIO()
    np.save(objects, np.array([[object()]]), allow_pickle=True)
    (tmp_path / "other.npy").write_bytes(objects.getvalue())
    with pytest.raises(DataError, match="cannot be read"):
        open_logits(tmp_path / "other.npy")


@pytest.mark.parametrize("name", ["none.npy", "a" * 5000, "nul\0byte"], ids=["no", "long", "nul"])
def test_names_that_no_file_has(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such file"):
        open_logits(tmp_path / name)
