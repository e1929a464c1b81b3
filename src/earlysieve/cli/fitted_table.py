"""Tables as wide as a terminal: words stay whole, names break at their marks, columns fold."""

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len

from earlysieve.cli.cells import Cell

if TYPE_CHECKING:
    from rich.table import Table

_FRAME = 3  # of each column, and one more of the table
_SHORT = 16
# A name goes on in the next line after one of these.
_PIECES = re.compile(r"[^/\\_.\-]*[/\\_.\-]+|[^/\\_.\-]+")


def fitting(
    columns: Sequence[str], rows: Sequence[Sequence[Cell]], title: str, width: int
) -> list["Table"]:
    """The table; where words would break, several, which begin with the same first column.

    Args:
        columns: heads.
        rows: cells.
        title: of the first.
        width: characters of a line.
    """
    numeric = [any(isinstance(row[k], int | float) for row in rows) for k in range(len(columns))]
    texts = [[_written(value) for value in row] for row in rows]
    every = [[head, *(row[k] for row in texts)] for k, head in enumerate(columns)]
    if _with_frame([max(map(cell_len, "\n".join(one).split("\n"))) for one in every]) <= width:
        return [_table(every, numeric, title, None)]
    least = [max(map(_least, one)) for one in every]
    tables = []
    for part in _folded(least, width):
        some = [every[k] for k in part]
        found = _widths([least[k] for k in part], [max(map(cell_len, one)) for one in some], width)
        tables.append(_table(some, [numeric[k] for k in part], title, found))
        title = ""
    return tables


def wrapped(text: str, width: int) -> str:
    """A text in lines of at most `width` characters, but for pieces that are longer.

    Lines end at spaces, and within a word that is too long by itself after a slash, a dash, an
    underscore or a dot.
    """
    return "\n".join(_lines(line, width) for line in text.split("\n"))


def _lines(text: str, width: int) -> str:
    lines = [""]
    for word in _words(text, width):
        pieces = [word] if cell_len(word) <= width else _PIECES.findall(word)
        for place, piece in enumerate(pieces):
            joint = " " if place == 0 and lines[-1] else ""
            if lines[-1] and cell_len(lines[-1]) + len(joint) + cell_len(piece) > width:
                lines.append(piece)
            else:
                lines[-1] += joint + piece
    return "\n".join(lines)


def _words(text: str, width: int) -> list[str]:
    """What spaces part, but an interval in brackets as one where it fits."""
    found: list[str] = []
    for one in re.split(r" (?=\[)", text):
        found += [one] if one.startswith("[") and cell_len(one) <= width else one.split(" ")
    return found


def _least(text: str) -> int:
    """The width in which nothing of a text breaks but long names, and these at their marks."""
    return max((_least_of_word(word) for word in text.split()), default=1)


def _least_of_word(word: str) -> int:
    whole = cell_len(word)
    return min(whole, max(_SHORT, *map(cell_len, _PIECES.findall(word))))


def _with_frame(widths: Sequence[int]) -> int:
    return sum(widths) + _FRAME * len(widths) + 1


def _folded(least: Sequence[int], width: int) -> list[list[int]]:
    """Places of the columns of each table, each with the first column and one more at least."""
    parts = [[0]]
    for place in range(1, len(least)):
        with_it = [*parts[-1], place]
        if len(parts[-1]) > 1 and _with_frame([least[k] for k in with_it]) > width:
            parts.append([0, place])
        else:
            parts[-1] = with_it
    return parts


def _widths(least: Sequence[int], most: Sequence[int], width: int) -> list[int]:
    """Widths of the columns, so that their longest texts take about as many lines each."""
    found, left = list(least), width - _with_frame(least)
    while left > 0 and any(a < b for a, b in zip(found, most, strict=True)):
        lines = [b / max(1, a) for a, b in zip(found, most, strict=True)]
        found[lines.index(max(lines))] += 1
        left -= 1
    return found


def _table(
    every: Sequence[Sequence[str]],
    numeric: Sequence[bool],
    title: str,
    widths: Sequence[int] | None,
) -> "Table":
    from rich.table import Table

    shown = Table(title=title or None, title_justify="left", title_style="bold")
    cells = [list(one) for one in every]
    for place, column in enumerate(cells):
        if widths is not None:
            column[:] = [wrapped(text, widths[place]) for text in column]
        # What is wider than a terminal itself breaks anywhere.
        justify = "right" if numeric[place] else "left"
        shown.add_column(column[0], justify=justify, overflow="fold")  # type: ignore[arg-type]
    for row in zip(*(column[1:] for column in cells), strict=True):
        shown.add_row(*row)
    return shown


def _written(value: Cell) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    if isinstance(value, float):
        return f"{value:.3f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
