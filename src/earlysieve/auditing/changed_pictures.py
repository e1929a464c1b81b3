"""One example with something taken away, for the page and the folder of an audit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from earlysieve.auditing.fields import Fields
from earlysieve.auditing.saved_pictures import known_files, suffix
from earlysieve.auditing.survival.found import Changed, Survival
from earlysieve.auditing.swap_pictures import image_of
from earlysieve.auditing.token_words import words_of
from earlysieve.errors import MissingDependencyError

_LONGEST = 400


@dataclass(frozen=True)
class ChangedShown:
    """An example as it is, or with something taken away.

    Attributes:
        change: as in `earlysieve.auditing.survival.found.Survived`.
        index: row of the data set.
        label: its class.
        answer: the model's class for it.
        image: a small image; None for texts.
        text: what is left of the words; None for images.
    """

    change: str
    index: int
    label: int
    answer: int
    image: bytes | None = None
    text: str | None = None


def changed_pictures(survival: Survival, tokenizer: Any = None) -> list[ChangedShown]:
    """The example that was kept, changed in each way; nothing of tables.

    Args:
        survival: what was found.
        tokenizer: tells what tokens are; without one, their numbers are shown.
    """
    try:
        return [_shown(changed, tokenizer) for changed in survival.example]
    except MissingDependencyError:
        return []


def _shown(changed: Changed, tokenizer: Any) -> ChangedShown:
    is_image = changed.values.ndim == 3
    words = None if is_image else words_of(changed.values.tolist(), tokenizer)
    return ChangedShown(
        changed.change,
        changed.index,
        changed.label,
        changed.answer,
        image=image_of(changed.values) if is_image else None,
        text=None if words is None else _cut(words),
    )


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST].rsplit(' ', 1)[0]} …"


def changed_files(shown: Sequence[ChangedShown]) -> dict[str, bytes]:
    """Content by file name, below the folder of the audit."""
    return {
        _file_name(number, one): one.image
        for number, one in enumerate(shown)
        if one.image is not None
    }


def changed_entry(number: int, shown: ChangedShown) -> dict[str, Any]:
    """What the document says of it: everything but the bytes, which have a file."""
    return {**vars(shown), "image": None if shown.image is None else _file_name(number, shown)}


def changed_named_files(entry: Fields, known: Sequence[str]) -> dict[str, str]:
    """Its file, by "image", where it has one.

    Raises:
        DataError: the entry is damaged.
    """
    return known_files({"image": entry.get("image", str | None)}, entry, known)


def changed_from(entry: Fields, contents: dict[str, bytes]) -> ChangedShown:
    """What an entry and the content of its file say.

    Raises:
        DataError: the entry is damaged.
    """
    numbers = {name: entry.get(name, int) for name in ("index", "label", "answer")}
    return ChangedShown(
        change=entry.get("change", str),
        text=entry.get("text", str | None),
        image=contents.get("image"),
        **numbers,
    )


def _file_name(number: int, shown: ChangedShown) -> str:
    return f"pictures/change-{number}.{suffix(shown.image or b'')}"
