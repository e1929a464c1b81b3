"""Small pieces of HTML for notebooks: everything escaped, styles inline, nothing to install.

A page has its own templates (`earlysieve.report`). A notebook shows a fragment among other people's
styles, light or dark, and may strip style sheets and scripts.
"""

from collections.abc import Sequence
from html import escape

_CELL = "padding: 2px 12px 2px 0; text-align: {}; vertical-align: top"
_SOFT = "opacity: .75"


def box(*pieces: str) -> str:
    """One fragment around others."""
    return f'<div style="max-width: 60em; line-height: 1.5">{"".join(pieces)}</div>'


def line(text: str, *, bold: bool = False, soft: bool = False) -> str:
    """A paragraph of plain text."""
    style = f"margin: 4px 0; {'font-weight: 600; ' if bold else ''}{_SOFT if soft else ''}"
    return f'<p style="{style.rstrip("; ")}">{escape(text)}</p>'


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of texts; columns after the first are flush right."""
    sides = ["left", *["right"] * (len(columns) - 1)]
    top = f"<thead>{_row('th', columns, sides)}</thead>" if any(columns) else ""
    body = "".join(_row("td", row, sides) for row in rows)
    return f'<table style="margin: 6px 0; color: inherit">{top}<tbody>{body}</tbody></table>'


def figures(shown: Sequence[tuple[str, str]], width: int = 96) -> str:
    """Pictures side by side, each an address that holds it and what stands below."""
    style = f"display: inline-block; width: {width}px; margin: 6px 8px 0 0; vertical-align: top"
    return "".join(
        f'<figure style="{style}"><img src="{escape(source)}" alt="{escape(below)}" '
        f'style="width: {width}px; height: auto"><figcaption style="font-size: 80%; {_SOFT}">'
        f"{escape(below)}</figcaption></figure>"
        for source, below in shown
    )


def _row(tag: str, texts: Sequence[str], sides: Sequence[str]) -> str:
    cells = "".join(
        f'<{tag} style="{_CELL.format(side)}">{escape(text)}</{tag}>'
        for text, side in zip(texts, sides, strict=True)
    )
    return f"<tr>{cells}</tr>"
