"""Folders of audits whose files lack fields, hold other types, or are damaged."""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from tests.fuzz.case import OLD_AUDIT, OLD_PICTURES, Case, report
from tests.fuzz.values import WRONG_TYPES, damaged, places, replaced, short, without

MISSING, MISTYPED, DAMAGED = 20, 50, 10
# An older version did not write the last two.
OPTIONAL = ("pictures", "swap_texts", "changed_pictures")
BAD_CELLS = (
    "",
    "nan",
    "x",
    "-1",
    "1e999",
    "99999999999999999999999",
    "[]",
    "True",
    "0.5",
    '"',
    "a\0b",
)


def cases(draw: Random, world: Path) -> Iterator[Case]:
    """audit.json, scores.csv, pictures."""
    raw = (world / OLD_AUDIT / "audit.json").read_bytes()
    document = json.loads(raw)
    for key in document:
        yield _json(without(document, (key,)), f"without {key}", fair=key in OPTIONAL)
    nested = [place for place in places(document, 3) if len(place) > 1]
    for place in draw.sample(nested, MISSING):
        yield _json(without(document, place), f"without {_dotted(place)}")
    for _ in range(MISTYPED):
        place, value = draw.choice([(key,) for key in document] + nested), draw.choice(WRONG_TYPES)
        yield _json(replaced(document, place, value), f"{_dotted(place)} is {short(value)}")
    for value in (None, [], {}, 5, "x", [document], {"format_version": 1}):
        yield _json(value, f"is {short(value)}", fair=False)
    for name, content in damaged(draw, raw, DAMAGED):
        yield _case({"audit.json": content}, "audit folders: damaged", name)
    for name, content in {
        "nothing": b"", "not UTF-8": b"\xff" + raw, "deep": b"[" * 200_000,
        "many digits": b"9" * 5000,
        "deep in an object": b'{"format_version": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    }.items():  # fmt: skip
        yield _case({"audit.json": content}, "audit folders: damaged", name, fair=False)
    yield from _scores(draw, world)
    yield from _pictures(draw, world)


def _scores(draw: Random, world: Path) -> Iterator[Case]:
    raw = (world / OLD_AUDIT / "scores.csv").read_bytes()
    rows = [line.split(",") for line in raw.decode().splitlines()]
    part = "audit folders: scores"
    for place, name in enumerate(rows[0]):
        changed = [[cell for i, cell in enumerate(row) if i != place] for row in rows]
        yield _case({"scores.csv": _table(changed)}, part, f"without the column {name}", fair=False)
        cell = draw.choice(BAD_CELLS)
        changed = [list(row) for row in rows]
        changed[draw.randrange(1, len(rows))][place] = cell
        yield _case({"scores.csv": _table(changed)}, part, f"{name} is {short(cell)}")
    for name, content in {
        "nothing": b"", "the header alone": _table(rows[:1]), "no header": _table(rows[1:]),
        "rows missing": _table(rows[:-3]), "rows twice": _table(rows + rows[1:]),
        "zeros": bytes(500),
        "another table": b"a,b\n1,2\n", "an open quote": raw + b'"', "not UTF-8": raw + b"\xff\xfe",
        "another order": _table([rows[0], *reversed(rows[1:])]),
    }.items():  # fmt: skip
        yield _case({"scores.csv": content}, part, name)
    for name, content in damaged(draw, raw, DAMAGED):
        yield _case({"scores.csv": content}, part, name)
    for name in ("scores.csv", "audit.json"):
        yield _case({name: _folder}, "audit folders: missing", f"{name} is a folder", fair=False)
        yield _case({name: _gone}, "audit folders: missing", f"no {name}", fair=False)


def _pictures(draw: Random, world: Path) -> Iterator[Case]:
    names = [p.name for p in sorted((world / OLD_PICTURES / "pictures").glob("*.png"))]
    for name in draw.sample(names, min(3, len(names))):
        for what, content in {"a folder": _folder, "gone": _gone, "nothing": b"",
        "text": b"<script>"}.items():  # fmt: skip
            part = "audit folders: pictures"
            fair = not callable(content)
            yield _case(
                {f"pictures/{name}": content}, part, f"{name} is {what}", OLD_PICTURES, fair
            )
    document = json.loads((world / OLD_PICTURES / "audit.json").read_text())
    fields = [place for place in places(document["pictures"], 2) if len(place) > 1]
    for place in fields:
        value = draw.choice([v for v in WRONG_TYPES if v != document["pictures"][0][place[1]]])
        changed = replaced(document, ("pictures", *place), value)
        content = json.dumps(changed).encode()
        name = f"pictures.{_dotted(place)} is {short(value)}"
        yield _case({"audit.json": content}, "audit folders: pictures", name, OLD_PICTURES)
    for index in (-1, 10**9, "../../good", 1.5):
        changed = replaced(document, ("pictures", 0, "index"), index)
        content = json.dumps(changed).encode()
        yield _case(
            {"audit.json": content}, "audit folders: pictures", f"index {index}", OLD_PICTURES
        )


def _json(document: Any, name: str, fair: bool = True) -> Case:
    content = json.dumps(document).encode()
    return _case({"audit.json": content}, "audit folders: fields", name, fair=fair)


def _case(
    files: dict[str, Any], part: str, name: str, of: str = OLD_AUDIT, fair: bool = True
) -> Case:
    placed = {f"{of}/{path}": content for path, content in files.items()}
    return Case(part, name, report(f"scratch/{of}"), placed, copy=of, may_pass=fair)


def _table(rows: list[list[str]]) -> bytes:
    return "".join(",".join(row) + "\n" for row in rows).encode()


def _dotted(place: tuple[Any, ...]) -> str:
    return ".".join(map(str, place))


def _gone(path: Path) -> None:
    path.unlink()


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
