"""What tells others: exports, gates, the schema, what is installed, completion."""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random

from tests.fuzz.case import OLD_AUDIT, OLD_PICTURES, SCRATCH, Case, audit, fix, report
from tests.fuzz.values import LONG, short

GATES = ("", ",", " ", "nope", "shortcut,nope", "SHORT CUT", "🙂", LONG)
SHARES = ("-0.1", "1.1", "nan", "x", "", "inf")


def cases(draw: Random, world: Path) -> Iterator[Case]:
    """What is typed, then audits that lack what an export needs."""
    yield from _exports(world)
    for name, command in {"audit": audit, "fix": fix}.items():
        for flag, values in {"--fail-on": GATES, "--min-worst-group": SHARES}.items():
            for value in values:
                yield Case("gates", f"{name} {flag} {short(value)}", command(flag, value))
    for flag, values in {"--fail-on": GATES, "--min-worst-group": SHARES}.items():
        for value in values:
            yield Case("gates", f"report {flag} {short(value)}", report(OLD_AUDIT, flag, value))
    for words in [
        ("doctor", "x"), ("doctor", "--out", "x"), ("schema", "x"), ("schema", "--json"),
        ("completion",), ("completion", "nope"), ("completion", ""), ("completion", "bash", "zsh"),
        ("methods", "nope"), ("datasets", "nope"), ("datasets", "verify"),
        ("datasets", "verify", "nope", "photos"), ("datasets", "verify", "waterbirds", "photos"),
    ]:  # fmt: skip
        yield Case("commands that tell", " ".join(map(short, words)), words)


def _exports(world: Path) -> Iterator[Case]:
    part = "exports"
    for kind in ("nope", "", "FIFTYONE"):
        yield Case(part, f"of kind {kind}", report(OLD_AUDIT, "--export", kind))
    for kind in ("fiftyone", "huggingface"):
        yield Case(part, f"{kind} of points", report(OLD_AUDIT, "--export", kind))
    pictures = (OLD_PICTURES, "--export", "fiftyone")
    for root in ("nope", "", "good.pt", "old-run", LONG):
        yield Case(part, f"--root {short(root)}", report(*pictures, "--root", root))
    yield Case(part, "--root of a page", report(OLD_PICTURES, "--root", "photos"))
    yield Case(part, "huggingface of photos", report(OLD_PICTURES, "--export", "huggingface"))
    for kind in ("fiftyone", "model-card"):
        for out in ("", "photos", "good.pt/x", "/proc/nope", LONG):
            words = report(OLD_PICTURES, "--export", kind, "--out", out)
            yield Case(part, f"{kind} to {short(out)}", words)
    document = json.loads((world / OLD_PICTURES / "audit.json").read_text("utf-8"))
    for field in ("config", "class_names", "summary"):
        for value in (None, 3, [], {}, "x"):
            changed = json.dumps({**document, field: value}).encode()
            files = {f"{OLD_PICTURES}/audit.json": changed}
            for kind in ("fiftyone", "model-card"):
                words = report(f"{SCRATCH}/{OLD_PICTURES}", "--export", kind)
                named = f"{kind} with {field} {short(value)}"
                yield Case(part, named, words, files, copy=OLD_PICTURES, may_pass=True)
