"""Pictures of examples, and their files in the folder of an audit."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from earlysieve.auditing.fields import Fields, damaged
from earlysieve.auditing.token_words import Piece

Role = Literal["flagged", "correct", "shortcut fails", "misled", "label doubtful", "rare or hard"]

_KINDS = ("image", "heatmap")
_SWAP_KINDS = ("before", "given", "after")
_SUFFIXES = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpg"}


@dataclass(frozen=True)
class Picture:
    """What a person sees of one example: a small image or a text, and where the model looked.

    `role` says why it was taken: for its pile, as flagged, or for comparison. `pieces` are a text
    with the words marked that speak for the readout's answer; empty where that is not known.
    """

    index: int
    kind: Literal["image", "text"]
    role: Role
    image: bytes | None = None
    text: str | None = None
    heatmap: bytes | None = None
    pieces: list[Piece] = field(default_factory=list)


@dataclass(frozen=True)
class SwapShown:
    """One swap between two examples, as small images.

    Attributes:
        part: the part that was swapped, as "colour".
        receiver, donor: rows of the data set.
        receiver_label, donor_label: their classes, both read correctly.
        answer: the model's class for what was swapped.
        before, given: the receiver and the donor.
        after: the receiver with the donor's part; None where that was swapped in the network.
    """

    part: str
    receiver: int
    donor: int
    receiver_label: int
    donor_label: int
    answer: int
    before: bytes
    given: bytes
    after: bytes | None = None


def picture_files(pictures: Sequence[Picture]) -> dict[str, bytes]:
    """Content by file name, below the folder of the audit."""
    return {
        _file_name(picture, kind): content
        for picture in pictures
        for kind in _KINDS
        if (content := getattr(picture, kind)) is not None
    }


def swap_files(swaps: Sequence[SwapShown]) -> dict[str, bytes]:
    """Content by file name, below the folder of the audit."""
    return {
        _swap_name(number, swap, kind): content
        for number, swap in enumerate(swaps)
        for kind in _SWAP_KINDS
        if (content := getattr(swap, kind)) is not None
    }


def swap_entry(number: int, swap: SwapShown) -> dict[str, Any]:
    """What the document says of a swap: everything but the bytes, which have files."""
    names = {
        kind: None if getattr(swap, kind) is None else _swap_name(number, swap, kind)
        for kind in _SWAP_KINDS
    }
    return {**vars(swap), **names}


def swap_named_files(entry: Fields, known: Sequence[str]) -> dict[str, str]:
    """The files of a swap by kind: "before", "given", "after".

    Raises:
        DataError: the entry is damaged.
    """
    hints = {"before": str, "given": str, "after": str | None}
    return known_files({kind: entry.get(kind, hint) for kind, hint in hints.items()}, entry, known)


def swap_from(entry: Fields, contents: dict[str, bytes]) -> SwapShown:
    """The swap of an entry and the content of its files by kind.

    Raises:
        DataError: the entry is damaged.
    """
    names = ("receiver", "donor", "receiver_label", "donor_label", "answer")
    numbers = {name: entry.get(name, int) for name in names}
    return SwapShown(part=entry.get("part", str), **numbers, **contents)  # type: ignore[arg-type]


def picture_entry(picture: Picture) -> dict[str, Any]:
    """What the document says of a picture: everything but the bytes, which have files."""
    files = {
        kind: None if getattr(picture, kind) is None else _file_name(picture, kind)
        for kind in _KINDS
    }
    named = {"index": picture.index, "kind": picture.kind, "role": picture.role}
    marked = {"pieces": [asdict(piece) for piece in picture.pieces]} if picture.pieces else {}
    return {**named, "text": picture.text, **files, **marked}


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
    return known_files({kind: entry.get(kind, str | None) for kind in _KINDS}, entry, known)


def known_files(
    names: dict[str, str | None], entry: Fields, known: Sequence[str]
) -> dict[str, str]:
    """The files that there are, all of them among those that were saved.

    Raises:
        DataError: another one is named.
    """
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
        entry.get("role", Role),
        text=entry.get("text", str | None),
        pieces=entry.get_or("pieces", list[Piece], []),
        **contents,
    )


def _file_name(picture: Picture, kind: str) -> str:
    return f"pictures/{picture.index}-{kind}.{suffix(getattr(picture, kind))}"


def _swap_name(number: int, swap: SwapShown, kind: str) -> str:
    return f"pictures/swap-{number}-{kind}.{suffix(getattr(swap, kind))}"


def suffix(content: bytes) -> str:
    """The ending of a picture's file, by its content."""
    return next((name for head, name in _SUFFIXES.items() if content.startswith(head)), "bin")
