"""Misled examples before and after: rows of pictures, or a table of texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from earlysieve.report.cards import excerpt
from earlysieve.report.fix_view import ExampleRow, FixData
from earlysieve.report.sections import Tile, picture_grid
from earlysieve.report.words import cut, name_of

if TYPE_CHECKING:
    from markupsafe import Markup

MOST_TEXTS = 8
COLUMNS = ("input", "before", "after")


@dataclass(frozen=True)
class TextRow:
    """A text with its class and what each model says of it."""

    text: str
    label: str
    before: str
    after: str


def pictures(rows: Sequence[ExampleRow]) -> "Markup | None":
    """Input and heat maps side by side; None without rows.

    Raises:
        InputError: a row has not three pictures, or one is neither PNG nor JPEG.
    """
    if not rows:
        return None
    shown = [(cut(row.label), _tiles(row)) for row in rows]
    caption = "Where the model looked for the true class (Grad-CAM), and what it said"
    return picture_grid(COLUMNS, shown, caption=caption)


def _tiles(row: ExampleRow) -> list[Tile]:
    said = ("", _said(row.before, row.label), _said(row.after, row.label))
    name = f"Example {cut(row.id)}, labelled {cut(row.label)}"
    alts = (name, f"{name}: where the model looked before", f"{name}: where it looks after")
    return [Tile(*one) for one in zip(row.images, alts, said, strict=False)]


def _said(answer: str, label: str) -> str:
    return f"{'✓' if answer == label else '✗'} {cut(answer)}"


def texts(data: FixData) -> list[TextRow]:
    """Up to eight texts of the audit, those that are misled first; empty without."""
    if not data.changed:
        return []
    found = [one for one in data.before.pictures if one.kind == "text" and one.role != "correct"]
    found.sort(key=lambda one: one.role not in ("shortcut fails", "misled"))
    before, after = (audit.examples.set_index("index") for audit in (data.before, data.after))
    return [
        _text_row(one.text or "", before.loc[one.index], after.loc[one.index], data)
        for one in found[:MOST_TEXTS]
        if one.index in before.index and one.index in after.index
    ]


def _text_row(text: str, before: Any, after: Any, data: FixData) -> TextRow:
    names = data.before.class_names
    numbers = (before["label"], before["prediction"], after["prediction"])
    return TextRow(excerpt(text), *(name_of(names, int(number), "class") for number in numbers))
