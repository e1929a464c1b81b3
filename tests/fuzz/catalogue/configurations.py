"""Configurations that are no JSON, have wrong fields, or name code."""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from tests.fuzz.case import OLD_KD, OLD_RUN, Case, train
from tests.fuzz.values import LONG, TEXTS, WRONG_TYPES, damaged, short

PER_FIELD = 2
CONFIG = "scratch/c.json"
NESTED = ("data_options", "model_options", "method_options")
FILES: dict[str, bytes] = {
    "nothing": b"",
    "an open brace": b"{",
    "a list": b"[]",
    "a number": b"5",
    "null": b"null",
    "text": b'"erm"',
    "YAML": b"epochs: 3\n",
    "not UTF-8": b'{"data": "\xff"}',
    "UTF-16": '{"epochs": 1}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"nope": 1}',
    "NaN": b'{"lr": NaN}',
    "minus infinity": b'{"lr": -Infinity}',
    "a fraction of epochs": b'{"epochs": 1.5}',
    "a huge seed": b'{"seed": 1180591620717411303424}',
    "more digits than Python reads": b'{"seed": ' + b"9" * 5000 + b"}",
    "lists in lists": b'{"data_options": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "objects in objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a field twice": b'{"lr": 0.1, "lr": "x"}',
    "a comment": b'{"epochs": 1} // one',
    "a comma": b'{"epochs": 1,}',
    "an empty field": b'{"": 1}',
    "a long field": json.dumps({LONG: 1}).encode(),
    "a field with a zero": b'{"a\\u0000b": 1}',
    "half a character": b'{"method": "\\ud800"}',
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(50),
    "a pickle": b"\x80\x04K\x01.",
}
DATA_OPTIONS: dict[str, Any] = {
    "nope": 1, "seed": 3, "split": 5, "image_size": 1.5, "shortcut": "nope", "correlation": "x",
    "limit": "x",
    "strict": "x", "text_column": 7, "tokenizer": 7, "max_length": "x", "mean": "x", "std": {},
    "spec": "digits",
    "self": 1, "tokenizer_": None, "": 1,
}  # fmt: skip
MODEL_OPTIONS: dict[str, Any] = {"nope": 1, "width": "x", "num_classes": [], "": 1, "self": 2}
EVIL = b"open('proof', 'w').close()\ndef odd(**_):\n    open('proof', 'w').close()\n"
CODE = (
    "os:system",
    "fuzz_evil:odd",
    "scratch.fuzz_evil:odd",
    "builtins:exec",
    "subprocess:getoutput",
    "os:mkdir",
)


def cases(draw: Random, world: Path) -> Iterator[Case]:
    """Files, fields, nested options, code."""
    for name, content in FILES.items():
        yield _with(content, "configurations: files", name)
    good = json.loads((world / OLD_RUN / "config.json").read_text())
    for name, content in damaged(draw, json.dumps(good).encode(), 10):
        yield _with(content, "configurations: damaged", name, may_pass=True)
    for path in draw.sample([p for p in TEXTS if p], 6):
        words = train("--config", path)
        yield Case("configurations: paths", short(path), words)
    for path in ("photos", "good.pt", "/dev/null", "old-run/last.pt"):
        yield Case("configurations: paths", path, train("--config", path))
    for field in [name for name in good if name not in (*NESTED, "versions", "data", "model")]:
        for value in draw.sample(WRONG_TYPES, PER_FIELD):
            yield _fields({field: value}, "configurations: types", may_pass=True)
        yield _fields({field: 10**30}, "configurations: types", may_pass=True)
    for field in NESTED:
        for value in draw.sample([v for v in WRONG_TYPES if v is not None and v != {}], 4):
            yield _fields({field: value}, f"configurations: {field}")
    for key, value in DATA_OPTIONS.items():
        yield _fields(
            {"data_options": {key: value}}, "configurations: data_options", may_pass=key == "split"
        )
    for key, value in MODEL_OPTIONS.items():
        part = "configurations: model_options"
        yield _fields({"model_options": {key: value}}, part, user_code=True)
    kd = json.loads((world / OLD_KD / "config.json").read_text())
    for key in kd["method_options"]:
        value = draw.choice(WRONG_TYPES)
        fields = {"method": "kd", "method_options": {"teacher": "fuzz_nets:net", key: value}}
        yield _fields(fields, "configurations: method_options", may_pass=True)
    yield from _code()


def _with(content: bytes, part: str, name: str, **how: Any) -> Case:
    return Case(part, name, train("--config", CONFIG), {"c.json": content}, late=True, **how)


def _fields(fields: dict[str, Any], part: str, **how: Any) -> Case:
    content = json.dumps(fields).encode()
    return _with(content, part, short(fields), **how)


def _code() -> Iterator[Case]:
    """A file never chooses code; nothing of it may run."""
    part = "configurations: code"
    places: dict[str, dict[str, Any]] = {
        "model": {"model": "{}"},
        "data": {"data": "{}"},
        "validation": {"validation": "{}"},
        "teacher": {"method": "kd", "method_options": {"teacher": "{}"}},
        "teacher of simkd": {"method": "simkd", "method_options": {"teacher": "{}"}},
    }
    options = {"command": "touch proof", "name": "proof"}
    for place, fields in places.items():
        for spec in CODE:
            chosen = json.loads(json.dumps(fields).replace("{}", spec))
            chosen["model_options"] = options if place == "model" else {}
            if "method_options" in chosen:
                chosen["method_options"]["teacher_options"] = options
            words = [
                "train",
                "--config",
                CONFIG,
                "--out",
                OLD_RUN,
                "--fresh",
                "--epochs",
                "1",
                "-q",
            ]
            words += [] if place == "model" else ["--model", "fuzz_nets:net"]
            words += [] if place == "data" else ["--data", "fuzz_data:points"]
            files = {"c.json": json.dumps(chosen).encode(), "fuzz_evil.py": EVIL}
            yield Case(part, f"{place} {spec}", tuple(words), files)
    for field in ("model_options", "data_options", "method_options"):
        fields = {"model": "hf:scratch/evil", field: {"trust_remote_code": True}}
        content = json.dumps(fields).encode()
        files = {"c.json": content, "evil/config.json": REMOTE, "evil/evil.py": EVIL}
        words = (
            "train",
            "--config",
            CONFIG,
            "--data",
            "fuzz_data:points",
            "--out",
            OLD_RUN,
            "--fresh",
            "-q",
        )
        yield Case(part, f"trust_remote_code in {field}", words, files)


REMOTE = json.dumps(
    {
        "model_type": "evil",
        "architectures": ["EvilForSequenceClassification"],
        "auto_map": {
            "AutoConfig": "evil.odd",
            "AutoModelForSequenceClassification": "evil.odd",
        },
    }
).encode()
