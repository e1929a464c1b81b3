"""Files of weights that are damaged, foreign, of another network, or hostile."""

import io
import json
import os
import pickle
import struct
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

from tests.fuzz.case import Case, audit, distill, layers, train
from tests.fuzz.values import LONG, damaged, short

DAMAGED = 24
BAD = "scratch/bad.pt"


def cases(draw: Random, world: Path) -> Iterator[Case]:
    """Paths, contents, damaged bytes, wrong tensors, code."""
    good = (world / "good.pt").read_bytes()
    for path in ("", "nope.pt", "photos", "a\0b", LONG, "~nope/x.pt", "good.pt/x", "/dev/null",
    "/dev/zero", "fuzz_nets.py", "a\nb.pt", "good.pt\0", "/proc/self/mem"):  # fmt: skip
        words = _use(draw, path)
        yield Case("checkpoints: paths", f"{_how(words)} {short(path)}", words, may_pass=path == "")
    for name, content in _files(good).items():
        yield from _each(draw, "checkpoints: foreign files", name, content)
    for name, content in damaged(draw, good, DAMAGED):
        yield from _each(draw, "checkpoints: damaged", name, content, may_pass=True)
    legacy = saved(_good(world), legacy=True)
    for name, content in damaged(draw, legacy, DAMAGED // 2):
        yield from _each(
            draw, "checkpoints: damaged", f"old format, {name}", content, may_pass=True
        )
    yield from _tensors(draw, world)
    for name, content in hostile().items():
        yield from _each(draw, "checkpoints: code", name, content)
    yield from _safetensors(draw, world)
    yield from _folders(draw)


def saved(content: Any, *, legacy: bool = False) -> bytes:
    """What torch.save writes."""
    import torch

    stream = io.BytesIO()
    torch.save(content, stream, _use_new_zipfile_serialization=not legacy)
    return stream.getvalue()


class Code:
    """An object that runs a command where it is unpickled."""

    def __init__(self, call: Callable[..., Any], *arguments: str) -> None:
        self.reduced = (call, arguments)

    def __reduce__(self) -> Any:
        return self.reduced


def hostile() -> dict[str, bytes]:
    """Pickles that would leave a file called proof."""
    command = Code(os.system, "touch proof")
    found = {f"pickle of protocol {n}": pickle.dumps(command, protocol=n) for n in range(6)}
    found["evaluated"] = pickle.dumps(Code(eval, "open('proof', 'w').close()"))
    found["beside weights"] = saved({"state_dict": {}, "x": Code(exec, "open('proof', 'w')")})
    found["of many lives"] = saved({"state_dict": {}, "x": [Code(getattr, "a", "b")] * 3})
    found["beside weights, old format"] = saved({"a": Code(os.system, "touch proof")}, legacy=True)
    return found


def _use(draw: Random, path: str) -> tuple[str, ...]:
    return draw.choice(
        (
            audit("--checkpoint", path),
            train("--checkpoint", path),
            layers("--checkpoint", path),
            distill("kd", "--teacher-checkpoint", path),
            distill("simkd", "--teacher-checkpoint", path),
        )
    )


def _how(words: tuple[str, ...]) -> str:
    return " ".join(words[:1] + tuple(w for w in words if w in ("kd", "simkd")))


def _each(
    draw: Random, part: str, name: str, content: Any, may_pass: bool = False, suffix: str = ".pt"
) -> Iterator[Case]:
    path = f"scratch/bad{suffix}"
    words = _use(draw, path)
    files = {f"bad{suffix}": content}
    yield Case(part, f"{_how(words)} {name}", words, files, may_pass=may_pass, late=may_pass)


def _good(world: Path) -> dict[str, Any]:
    import torch

    state: dict[str, Any] = torch.load(world / "good.pt", weights_only=True)
    return state


def _files(good: bytes) -> dict[str, Any]:
    import gzip
    import zipfile

    import numpy as np

    empty, other, array = io.BytesIO(), io.BytesIO(), io.BytesIO()
    zipfile.ZipFile(empty, "w").close()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("readme.txt", "hello")
    np.save(array, np.zeros((3, 3)))
    return {
        "nothing": b"",
        "one byte": b"\x80",
        "text": b"hello\n",
        "JSON": b'{"state_dict": {}}',
        "an archive of nothing": empty.getvalue(),
        "an archive of text": other.getvalue(),
        "an array": array.getvalue(),
        "packed": gzip.compress(good),
        "a picture": b"\x89PNG\r\n\x1a\n" + bytes(50),
        "zeros": bytes(4096),
        "a program": b"\x7fELF" + bytes(200),
        "a page": b"<!doctype html><title>404</title>",
        "a pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n",
        "a folder": lambda path: path.mkdir(),
        "a link to itself": lambda path: path.symlink_to(path),
        "a pipe": lambda path: os.mkfifo(path),
        "a dangling link": lambda path: path.symlink_to("nope"),
    }


def _tensors(draw: Random, world: Path) -> Iterator[Case]:
    import torch

    good = _good(world)
    first = next(iter(good))
    value = good[first]
    changed: dict[str, Any] = {
        "an empty mapping": {},
        "a list": [value],
        "a number": 3,
        "None": None,
        "one tensor": value,
        "a text": "weights",
        "keys that are numbers": dict(enumerate(good.values())),
        "a key that is None": {**good, None: value},
        "a key that is a pair": {**good, ("a", 1): value},
        "a key that is true": {**good, True: value},
        "only a key None": {None: value},
        "a key of bytes": {**good, b"x": value},
        "a sparse tensor": {**good, first: value.to_sparse()},
        "whole numbers": {k: v.to(torch.int8) for k, v in good.items()},
        "complex numbers": {k: v.to(torch.complex64) for k, v in good.items()},
        "truths": {k: v > 0 for k, v in good.items()},
        "one of whole numbers": {**good, first: value.long()},
        "eight bits": {k: v.to(torch.float8_e4m3fn) for k, v in good.items()},
        "no device": {k: v.to("meta") for k, v in good.items()},
        "quantized": {**good, first: _quantized(value)},
        "NaN": {**good, first: value * float("nan")},
        "infinite": {**good, first: value / 0},
        "another shape": {**good, first: value[:2]},
        "no shape": {**good, first: value.sum()},
        "nothing of a tensor": {**good, first: value[:0]},
        "turned over": {**good, first: value.T},
        "a list as a tensor": {**good, first: value.tolist()},
        "text as a tensor": {**good, first: "x"},
        "None as a tensor": {**good, first: None},
        "a missing key": {k: v for k, v in good.items() if k != first},
        "a further key": {**good, "nope.weight": value},
        "an empty key": {**good, "": value},
        "a long key": {**good, LONG: value},
        "a prefix on some": {f"module.{k}" if k == first else k: v for k, v in good.items()},
        "two of one name": {**good, f"_orig_mod.{first}": value},
        "nested too deep": {"model": {"model": {"model": {"model": good}}}},
        "nested in a list": {"state_dict": [good]},
        "nested in nothing": {"state_dict": None, "model": {}},
        "only an optimiser": {"optimizer": {"state": {0: value}}},
        "itself": _cycle(),
    }
    fair = ("infinite", "NaN", "nested too deep", "eight bits")
    for name, content in changed.items():
        yield from _each(draw, f"checkpoints: {_kind(name)}", name, saved(content), name in fair)


def _quantized(value: Any) -> Any:
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # there are files of such weights, deprecated as they are
        return torch.quantize_per_tensor(value, 0.1, 0, torch.qint8)


def _kind(name: str) -> str:
    if "key" in name:
        return "keys"
    types = ("numbers", "truths", "bits", "sparse", "quantized", "device")
    return "types" if any(word in name for word in types) else "tensors"


def _cycle() -> dict[str, Any]:
    cycle: dict[str, Any] = {}
    cycle["model"] = cycle
    return cycle


def _folders(draw: Random) -> Iterator[Case]:
    """Folders of weights and indices that list nothing, too much, or files from elsewhere."""
    maps: dict[str, Any] = {
        "no list": [],
        "no map": {"weight_map": 3},
        "a map of lists": {"weight_map": {"a": ["b"]}},
        "nothing": {"weight_map": {}},
        "a file above": {"weight_map": {"a": "../good.pt"}},
        "a file at the root": {"weight_map": {"a": "/dev/zero"}},
        "no file": {"weight_map": {"a": "nope.safetensors"}},
        "itself": {"weight_map": {"a": "model.safetensors.index.json"}},
        "a long name": {"weight_map": {"a": LONG}},
        "an empty name": {"weight_map": {"a": ""}},
        "a folder": {"weight_map": {"a": "."}},
        "a zero": {"weight_map": {"a": "a\0b"}},
    }
    for name, content in maps.items():
        file = "bad/model.safetensors.index.json"
        written = {file: json.dumps(content).encode()}
        for path in ("scratch/bad", f"scratch/{file}"):
            words = _use(draw, path)
            shown = f"{_how(words)} an index: {name}"
            yield Case("checkpoints: folders", shown, words, written)
    for name, files in {
        "an adapter": {"bad/adapter_config.json": b"{}"},
        "no weights": {"bad/config.json": b"{}"},
        "weights that are text": {"bad/pytorch_model.bin": b"hello"},
    }.items():
        words = _use(draw, "scratch/bad")
        yield Case("checkpoints: folders", f"{_how(words)} a folder: {name}", words, files)


def _safetensors(draw: Random, world: Path) -> Iterator[Case]:
    from safetensors.torch import save

    good = save(_good(world))
    part = "checkpoints: safetensors"
    whole: dict[str, bytes] = {
        "nothing": b"",
        "a short header": b"\x08\0\0",
        "a huge header": struct.pack("<Q", 2**62) + good[8:],
        "no JSON": struct.pack("<Q", 8) + b"nonsense",
        "a list": struct.pack("<Q", 2) + b"[]",
        "no tensors": struct.pack("<Q", 2) + b"{}",
        "a pickle": hostile()["pickle of protocol 2"],
        "an archive": saved(_good(world)),
        "text": b"hello",
        "beyond the end": good[:-20],
        "more than said": good + bytes(99),
    }
    for name, content in whole.items():
        yield from _each(draw, part, name, content, suffix=".safetensors")
    for name, content in damaged(draw, good, DAMAGED // 2):
        yield from _each(draw, part, name, content, may_pass=True, suffix=".safetensors")
