"""Pictures of examples, and their files in the folder of an audit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from earlysieve.auditing.fields import Fields, damaged

_KINDS = ("image", "heatmap")
_SUFFIXES = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpg"}


@dataclass(frozen=True)
class Picture:
    """What a person sees of one example: a small image or a text, and where the model looked."""

    index: int
    kind: Literal["image", "text"]
    role: Literal["flagged", "correct"]
    image: bytes | None = None
    text: str | None = None
    heatmap: bytes | None = None


def picture_files(pictures: Sequence[Picture]) -> dict[str, bytes]:
    """Content by file name, below the folder of the audit."""
    return {
        _file_name(picture, kind): content
        for picture in pictures
        for kind in _KINDS
        if (content := getattr(picture, kind)) is not None
    }


def picture_entry(picture: Picture) -> dict[str, Any]:
    """What the document says of a picture: everything but the bytes, which have files."""
    files = {
        kind: None if getattr(picture, kind) is None else _file_name(picture, kind)
        for kind in _KINDS
    }
    named = {"index": picture.index, "kind": picture.kind, "role": picture.role}
    return {**named, "text": picture.text, **files}


def named_files(entry: Fields, known: Sequence[str] | None) -> dict[str, str]:
    """The files of a picture by kind, "image" or "heatmap".

    Args:
        entry: what the document says of it.
        known: the files that were saved; None for documents of format 1, which named none.

    Raises:
        DataError: the entry is damaged.
    """
    if known is None:
        index = entry.get("index", int)
        return {k: f"pictures/{index}-{k}.png" for k in _KINDS if entry.get(k, bool)}
    names = {kind: entry.get(kind, str | None) for kind in _KINDS}
    for kind, name in names.items():
        if name is not None and name not in known:
            raise damaged(entry.path, f"{entry.where}.{kind}", "one of the saved files", name)
    return {kind: name for kind, name in names.items() if name is not None}


def picture_from(entry: Fields, contents: dict[str, bytes]) -> Picture:
    """The picture of an entry and the content of its files by kind.

    Raises:
        DataError: the entry is damaged.
    """
    return Picture(
        entry.get("index", int),
        entry.get("kind", Literal["image", "text"]),
        entry.get("role", Literal["flagged", "correct"]),
        text=entry.get("text", str | None),
        **contents,
    )


def _file_name(picture: Picture, kind: str) -> str:
    content: bytes = getattr(picture, kind)
    suffix = next((name for head, name in _SUFFIXES.items() if content.startswith(head)), "bin")
    return f"pictures/{picture.index}-{kind}.{suffix}"
