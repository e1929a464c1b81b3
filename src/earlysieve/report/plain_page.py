"""A page of a headline and sections, with everything inside that it shows."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from earlysieve._version import __version__
from earlysieve.report.page import assembled
from earlysieve.report.sections import Piece, Section, Tile, paragraph
from earlysieve.report.templating import macro
from earlysieve.report.words import data_uri

if TYPE_CHECKING:
    from markupsafe import Markup


def render_plain(
    brand: str,
    headline: str,
    sections: Sequence[Section],
    *,
    lead: Sequence[str] = (),
    subject: Sequence[tuple[str, str]] = (),
) -> str:
    """The page as a string: HTML with its style, its script and its pictures inside.

    Args:
        brand: what the page is of, after the name of this package.
        headline: a sentence.
        sections: in their order; plain strings among their pieces are escaped.
        lead: paragraphs below the headline.
        subject: what it is about, such as ("data", "digits").

    Raises:
        MissingDependencyError: Jinja2 is not installed.
    """
    shown = [
        {"id": one.id, "title": one.title, "pieces": [_piece(piece) for piece in one.pieces]}
        for one in sections
    ]
    context = {
        "brand": brand,
        "headline": headline,
        "sections": shown,
        "lead": list(lead),
        "subject": list(subject),
        "version": __version__,
    }
    return assembled("plain.html.j2", context, ("plain.css",))


def plot(tile: Tile) -> "Markup":
    """A picture as wide as the page.

    Raises:
        InputError: it is neither PNG nor JPEG.
    """
    return macro("pieces.html.j2", "plot", data_uri(tile.image), tile.alt, tile.caption)


def _piece(piece: Piece) -> Piece:
    return piece if hasattr(piece, "__html__") else paragraph(piece)
