"""Searches, benchmarks and comparisons: bad words, spaces, storages, grids, and damaged folders."""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from tests.fuzz.case import (
    OLD_AUDIT,
    OLD_RUN,
    SCRATCH,
    Case,
    benchmark,
    compare,
    search,
)
from tests.fuzz.values import LONG, damaged, short

STORAGES = (
    "", " ", "nope", "sqlite:////nope/x.db", "sqlite:///photos", "journal:", "journal:photos",
    "journal:/proc/nope/x", "journal:good.pt/x", "journal:good.pt", "postgresql://127.0.0.1:9/x",
    "http://127.0.0.1:9/x", "a\nb", LONG,
)  # fmt: skip
SPACES = (
    "", "=", "lr", "lr=", "nope=0:1", "lr=1:0.1", "lr=0:1:log", "lr=x:y", "lr=nan:1", "lr=0.1:inf",
    "lr=0.1:0.2:exp", "lr=0.1:0.2:0.3", "alpha=-1:1", "epochs=1.5:3", "batch_size=0:4", "mode=nope",
    "readout_width=1:2:log:log", "layer=stage1,nope", "=0.1:1", "lr=" + "9" * 400 + ":1", "🙂=0:1",
)  # fmt: skip
METHODS = (
    "", ",", "nope", "siev", "erm@audit", "dfr@", "@audit", "group-dro@nope", "dfr@audit@xrm",
    "group-dro@photos", "erm,nope", LONG,
)  # fmt: skip
SETTINGS = (
    "", "x", "erm.nope=1", "early-reweighting.alpha", "nope.x=1", "early-reweighting.alpha=-1",
    "early-reweighting.alpha=nan", "early-reweighting.layer=nope", "early-reweighting.stage=99",
    ".=1", "early-reweighting.=1",
)  # fmt: skip
GRIDS = (
    b"", b"x", b"[]", b"{}", b"\xff\xfe", b"a: [", b"\0", b"- 1", b"protocol: 3\nmethods: [erm]",
    b"protocol: {data: {}}\nmethods: [erm]", b"protocol:\nmethods:", b"a: &a [*a]",
    b"!!python/object/apply:os.system ['touch proof']", b"[" * 3000,
    b"methods: !!python/object/apply:os.system ['touch proof']",
)  # fmt: skip
GOOD_GRID: dict[str, Any] = {
    "protocol": {
        "data": {"points": {"data": "fuzz_data:points", "test": "fuzz_data:points"}},
        "seeds": 1,
        "budget": {"epochs": 1},
        "training": {"model": "fuzz_nets:net"},
    },
    "methods": ["erm"],
}
WRONG: tuple[Any, ...] = (None, True, -1, 1e400, "nope", [], [None], {"nope": 1})


def cases(draw: Random, world: Path) -> Iterator[Case]:
    """What is typed, then what is read."""
    yield from _searches()
    yield from _benchmarks()
    yield from _grids()
    yield from _compared(draw, world)
    yield from _kept()


def _searches() -> Iterator[Case]:
    for flag, values in {"--storage": STORAGES, "--space": SPACES}.items():
        for value in values:
            yield Case(f"search: {flag}", short(value), search(flag, value))
    for flag, values in {
        "--trials": ("0", "-1", "x", "1.5"),
        "--seeds": ("0", "x"),
        "--jobs": ("0", "-1", "x"),
        "--timeout": ("", "x", "-1", "nan", "1w", "0", "2h30"),
        "--method": ("", "nope", "erm,sieve", "kd"),
        "--validation": ("0", "1", "nan", "split:nope", "nope:nope"),
        "--select": ("nope", "worst_pseudo_group_accuracy"),
        "--layer": ("nope", ""),
        "--model": ("nope", "fuzz_nets:nope"),
        "--data": ("nope", ""),
    }.items():
        for value in values:
            yield Case("search: words", f"{flag} {short(value)}", search(flag, value))
    words = search("--space", "lr=0.1:0.2", "--space", "lr=0.1:0.3")
    yield Case("search: words", "one space twice", words, may_pass=True)


def _benchmarks() -> Iterator[Case]:
    for flag, values in {
        "--methods": METHODS,
        "--seeds": ("0", "-1", "x", "1.5"),
        "--trials": ("0", "x"),
        "--minutes": ("0", "-1", "nan", "x"),
        "--epochs": ("0", "-1", "x"),
        "--jobs": ("0", "x"),
        "--test": ("", "nope", "split:nope", "nope:nope"),
        "--validation": ("0", "1.5", "nan", "split:nope"),
        "--data": ("", "=", "a=", "a=nope", "nope", "/=fuzz_data:points", "..=fuzz_data:points"),
        "--tuned": ("", "x", "nope=3"),
        "--select": ("nope", ""),
        "--model": ("nope", "fuzz_nets:nope", "fuzz_nets:images"),
        "--teacher": ("fuzz_nets:net",),
    }.items():
        for value in values:
            words = benchmark(flag, value)
            failing = (flag, value) == ("--model", "fuzz_nets:images")  # a cell that fails is told
            yield Case("benchmark: words", f"{flag} {short(value)}", words, may_pass=failing)
    for value in SETTINGS:
        words = benchmark("--methods", "erm,early-reweighting", "--set", value)
        yield Case("benchmark: --set", short(value), words)
    twice = benchmark("--data", "a=fuzz_data:points", "--data", "a=digits")
    yield Case("benchmark: words", "one name twice", twice)


def _grids() -> Iterator[Case]:
    words = ("benchmark", "--grid", f"{SCRATCH}/g.yaml", "--out", f"{SCRATCH}/o", "-q")
    part = "benchmark: grids"
    for content in GRIDS:
        yield Case(part, short(content), words, {"g.yaml": content})
    for place in ("protocol", "methods", "data", "seeds", "budget", "training", "points"):
        for value in WRONG:
            changed = json.loads(json.dumps(GOOD_GRID))
            where = next(
                found
                for found in (changed, changed["protocol"], changed["protocol"]["data"])
                if place in found
            )
            where[place] = value
            files = {"g.yaml": json.dumps(changed).encode()}
            named = f"{place}: {short(value)}"
            fair = place in ("budget", "training") and value is None
            yield Case(part, named, words, files, may_pass=fair)
    for name in ("nope", "", "photos", "good.pt", "/dev/null"):
        yield Case(part, f"--grid {name}", ("benchmark", "--grid", name, "--out", "scratch/o"))
    yield Case(part, "a module of the user's", words, {"g.yaml": json.dumps(GOOD_GRID).encode()})
    both = {"g.yaml": json.dumps(GOOD_GRID).encode()}
    yield Case(part, "words, too", (*words, "--epochs", "1"), both)


def _compared(draw: Random, world: Path) -> Iterator[Case]:
    part = "compare"
    for folders in [
        (), ("",), ("nope",), ("photos",), ("good.pt",), (OLD_RUN, "nope"), (OLD_RUN, "photos"),
        (OLD_AUDIT, ""), ("/dev/null", OLD_RUN), (LONG, OLD_RUN), ("a\nb", OLD_RUN),
    ]:  # fmt: skip
        yield Case(part, " ".join(map(short, folders)) or "none", compare(*folders))
    for out in ("", "good.pt", "good.pt/x", "/proc/nope", LONG):
        words = compare(OLD_RUN, OLD_AUDIT, "--out", out)
        yield Case(part, f"--out {short(out)}", words)
    for folder, name in ((OLD_RUN, "config.json"), (OLD_RUN, "training.json")):
        content = (world / folder / name).read_bytes()
        some = [*damaged(draw, content, 6), *((c.decode("latin1"), c) for c in (b"", b"[]", b"1"))]
        for what, changed in some:
            words = compare(folder, f"{SCRATCH}/{folder}")
            files = {f"{folder}/{name}": changed}
            # A changed figure is still a figure.
            yield Case(f"compare: {name}", what, words, files, copy=folder, may_pass=True)


def _kept() -> Iterator[Case]:
    for name, thing in {
        "plan.json": b"x",
        "plan.json of another kind": b"[]",
        "plan.json of nothing": b"{}",
        "search.db": b"x" * 200,
        "trials": b"x",
    }.items():
        files = {f"o/{name.partition(' ')[0]}": thing}
        yield Case("search: kept", name, search(), files, late=True)
    for name, thing in {
        "protocol.json": b"x",
        "protocol.json of another kind": b"[]",
        "protocol.json of nothing": b"{}",
        "protocol.json of no protocol": b'{"protocol": 3, "digest": "x"}',
        "runs": b"x",
    }.items():
        files = {f"o/{name.partition(' ')[0]}": thing}
        yield Case("benchmark: kept", name, benchmark(), files, late=True)
