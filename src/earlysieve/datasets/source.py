"""What an entry of the registry says of a data source."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

IMAGE_OPTIONS = ("image_size", "mean", "std")
TEXT_OPTIONS = ("text_column", "tokenizer", "max_length")


@dataclass(frozen=True)
class Source:
    """A kind of data that a specification can name.

    Attributes:
        name: what stands before the colon, or alone.
        summary: what it is, in one line.
        open: called with what stands after the colon (None where nothing does) and with those of
            `options` that were given, by name; returns the data.
        options: names of options of `load_source` that `open` takes: split, strict, root, seed,
            progress, and those of `IMAGE_OPTIONS` and `TEXT_OPTIONS`.
        path: whether something has to stand after the colon.
        splits: called with what stands after the colon (or None); names of the parts that these
            data are divided into, none where they are not divided. None: the parts are unknown.
    """

    name: str
    summary: str
    open: Callable[..., Any]
    options: tuple[str, ...] = ()
    path: Literal["none", "optional", "required"] = "required"
    splits: Callable[[str | None], Sequence[str]] | None = None
