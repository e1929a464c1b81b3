"""Additional sections of the page, built from pieces whose content is always escaped."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Union
from urllib.parse import quote

from earlysieve.errors import InputError
from earlysieve.report.templating import macro
from earlysieve.report.words import data_uri

if TYPE_CHECKING:
    from markupsafe import Markup

Piece = Union["Markup", str]

_IDENTIFIER = re.compile(r"[a-z][a-z0-9-]*")


@dataclass(frozen=True)
class Section:
    """A section between the examples and the next steps.

    Attributes:
        id: address of the section on the page: lower case letters, digits and hyphens.
        title: its heading, also in the navigation.
        pieces: what it holds. Markup, as the functions here and `line_chart` return it, is put in
            as it is; a plain string becomes an escaped paragraph.

    Raises:
        InputError: `id` cannot be an address.
    """

    id: str
    title: str
    pieces: Sequence[Piece]

    def __post_init__(self) -> None:
        if not _IDENTIFIER.fullmatch(self.id):
            raise InputError(
                f"Expected a section id of lower case letters, digits and hyphens, but got "
                f"'{self.id}'; write for instance 'before-and-after'"
            )


@dataclass(frozen=True)
class Tile:
    """A picture in a grid: PNG or JPEG bytes, what it shows, and a line under it."""

    image: bytes
    alt: str
    caption: str = ""


def paragraph(text: str) -> "Markup":
    """A paragraph of plain text."""
    return macro("pieces.html.j2", "paragraph", text)


def bullets(texts: Sequence[str]) -> "Markup":
    """A list of plain texts."""
    return macro("pieces.html.j2", "bullets", texts)


def link(text: str, path: str) -> "Markup":
    """A link to a page beside this one.

    Args:
        text: what is found there.
        path: from the folder of this page; what could be read as an address is written out.
    """
    return macro("pieces.html.j2", "link", text, quote(path))


def links(items: Sequence[tuple[str, str]]) -> "Markup":
    """Links to files or folders beside this page, in one line, as for a cell of a table.

    Args:
        items: what is found there, and its path from the folder of this page; what could be read as
            an address is written out.
    """
    return macro("pieces.html.j2", "links", [(text, quote(path)) for text, path in items])


def callout(title: str, text: str) -> "Markup":
    """A remark that should not be missed."""
    return macro("pieces.html.j2", "callout", title, text)


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    caption: str,
    numeric: Sequence[int] = (),
    stressed: int | None = None,
) -> "Markup":
    """A table that scrolls sideways on a narrow screen.

    Args:
        columns: headings.
        rows: cells as text, the first cell heads its row.
        caption: what the table shows.
        numeric: positions of columns that are set flush right.
        stressed: a row to point out.

    Raises:
        InputError: a row has not one cell for each column.
    """
    for row in rows:
        if len(row) != len(columns):
            raise InputError(
                f"Expected {len(columns)} cells in each row of the table '{caption}', but got "
                f"{len(row)}; give one cell for each column"
            )
    return macro("pieces.html.j2", "table", columns, rows, caption, set(numeric), stressed)


def picture_grid(
    columns: Sequence[str], rows: Sequence[tuple[str, Sequence[Tile]]], *, caption: str
) -> "Markup":
    """Pictures in named rows and columns, such as input, plain and sieved side by side.

    Raises:
        InputError: a row has not one picture for each column, or one is neither PNG nor JPEG.
    """
    for name, tiles in rows:
        if len(tiles) != len(columns):
            raise InputError(
                f"Expected {len(columns)} pictures in row '{name}', but got {len(tiles)}; "
                "give one picture for each column"
            )
    shown = [(name, [(data_uri(tile.image), tile) for tile in tiles]) for name, tiles in rows]
    return macro("pieces.html.j2", "picture_grid", columns, shown, caption)
