"""Bad values of every kind: numbers, texts, bytes, and plain values of a wrong type."""

from collections.abc import Iterator
from random import Random
from typing import Any

LONG = "x" * 5000
BAD_INTS = (
    "-1",
    "-99999999999999999999999",
    "1.5",
    "x",
    "",
    " ",
    "nan",
    "inf",
    "0x10",
    "1e3",
    "9" * 5000,
)
BAD_FLOATS = ("x", "", "nan", "-inf", "-1", "-1e-9", "1,5", "0x1p3", "1e", "--", "½", "NULL")
HUGE = ("2147483648", "9223372036854775808", "1180591620717411303424", "99999999999999999999999")
TEXTS = (
    "",
    " ",
    ":",
    "::",
    "nope",
    "~nope",
    "../../nope",
    "/nope/nope",
    "a\nb",
    "a\0b",
    "\udcff",
    "\u202egnp.exe",
    "🙂",
    "%s%n{0}{x}",
    "-",
    "$(touch proof)",
    LONG,
    "http://127.0.0.1:9/x",
    "/dev/null/x",
)
# Values that a JSON file may hold where another type is wanted.
WRONG_TYPES: tuple[Any, ...] = (
    None, True, -1, 0, 1.5, 10**30, -(2.0**40), float("nan"), float("inf"), "", "nope", "a\0b",
    LONG, [], [1, "x"],
    {}, {"": None}, {"a": {"b": []}}, [[[]]], "__import__('os').system('touch proof')",
)  # fmt: skip


def damaged(draw: Random, content: bytes, count: int) -> Iterator[tuple[str, bytes]]:
    """Contents with cut, changed, repeated or foreign bytes, each with its description."""
    kinds = (_cut, _flipped, _zeroed, _inserted, _without, _doubled)
    for number in range(count):
        text, changed = kinds[number % len(kinds)](draw, content)
        yield text, changed


def _cut(draw: Random, content: bytes) -> tuple[str, bytes]:
    end = draw.randrange(len(content))
    return f"cut at byte {end}", content[:end]


def _flipped(draw: Random, content: bytes) -> tuple[str, bytes]:
    changed, places = bytearray(content), sorted(draw.sample(range(len(content)), 3))
    for place in places:
        changed[place] ^= 1 << draw.randrange(8)
    return f"bits flipped in the bytes {places}", bytes(changed)


def _zeroed(draw: Random, content: bytes) -> tuple[str, bytes]:
    start = draw.randrange(len(content))
    size = min(len(content) - start, draw.choice((1, 8, 64)))
    return f"{size} zeros at byte {start}", content[:start] + bytes(size) + content[start + size :]


def _inserted(draw: Random, content: bytes) -> tuple[str, bytes]:
    start, foreign = draw.randrange(len(content)), draw.randbytes(5)
    return f"{foreign.hex()} inserted at byte {start}", content[:start] + foreign + content[start:]


def _without(draw: Random, content: bytes) -> tuple[str, bytes]:
    start, size = draw.randrange(len(content)), draw.choice((1, 7, 60))
    return f"{size} bytes missing at byte {start}", content[:start] + content[start + size :]


def _doubled(draw: Random, content: bytes) -> tuple[str, bytes]:
    start = draw.randrange(len(content))
    return f"what follows byte {start} twice", content + content[start:]


def places(document: Any, depth: int = 3, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths to every field of nested objects, and to the first item of lists."""
    if path:
        yield path
    if depth == 0:
        return
    items: list[tuple[Any, Any]] = []
    if isinstance(document, dict):
        items = list(document.items())
    elif isinstance(document, list):
        items = list(enumerate(document[:1]))
    for key, value in items:
        yield from places(value, depth - 1, (*path, key))


def without(document: Any, path: tuple[Any, ...]) -> Any:
    """A copy that lacks the field at `path`."""
    return _changed(document, path, lambda parent, key: parent.pop(key))


def replaced(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy with another value at `path`."""
    return _changed(document, path, lambda parent, key: parent.__setitem__(key, value))


def _changed(document: Any, path: tuple[Any, ...], change: Any) -> Any:
    import copy

    changed = copy.deepcopy(document)
    parent = changed
    for key in path[:-1]:
        parent = parent[key]
    change(parent, path[-1])
    return changed


def short(value: Any) -> str:
    """A value in a few characters, for the name of a case."""
    text = ascii(value)
    return text if len(text) <= 60 else f"{text[:40]}... ({len(text)} characters)"
