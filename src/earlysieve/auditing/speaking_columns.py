"""Which columns of a row side with what the readout of an early layer says of it.

A reader of one column alone speaks for the label of an example or against it; so does the readout.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from earlysieve._readable import VALUES, column_and_values
from earlysieve.auditing.saved_pictures import Picture
from earlysieve.auditing.token_words import Piece
from earlysieve.datasets.table import SHOWN_COLUMNS

if TYPE_CHECKING:
    import pandas as pd

COLUMN_SCORE = "score of column "
_MOST, _CLEARLY = 3, 0.3


def with_speaking_columns(
    pictures: Sequence[Picture],
    columns: Sequence[str],
    examples: "pd.DataFrame",
    *,
    source: object = None,
    leans_on: str | None = None,
) -> list[Picture]:
    """The pictures, rows of a table with the columns marked that the verdict names.

    Where it names none, those that clearly side with the readout. Where a row has more columns than
    are shown, the marked ones come first.

    Args:
        pictures: of some examples; a row is shown as "name=value, name=value".
        columns: names of the table's columns; empty: it is no table.
        examples: the example table, with the scores of readers of columns.
        source: the data set; one that writes rows (`Table.row_text`) can write them in that order.
        leans_on: what the verdict is about, as "column ward", "columns ward and age" or "values of
            ward: 7".
    """
    if not columns or not any(str(name).startswith(COLUMN_SCORE) for name in examples):
        return list(pictures)
    rows = examples.set_index("index")
    write = getattr(source, "row_text", None) if len(columns) > SHOWN_COLUMNS else None
    named = _named(leans_on or "", columns)

    def marked(one: Picture) -> Picture:
        shown = set(named) or _siding(rows.loc[one.index], columns)
        if write is None:
            return replace(one, pieces=_pieces(one.text or "", columns, shown))
        first = [name for name in columns if name in shown]
        text = write(one.index, first)
        return replace(
            one, text=text, pieces=_pieces(text, list(dict.fromkeys([*first, *columns])), shown)
        )

    return [marked(one) if one.kind == "text" else one for one in pictures]


def _named(leans_on: str, columns: Sequence[str]) -> list[str]:
    kind, _, names = leans_on.partition(" ")
    several = names.split(" and ") if kind == "columns" else [names] if kind == "column" else []
    if leans_on.startswith(VALUES):
        several = [column_and_values(leans_on)[0]]
    return [name for name in columns if name.removeprefix("column ") in several]


def _siding(row: Any, columns: Sequence[str]) -> set[str]:
    """The columns whose readers say clearly what the readout says: for the label, or against it."""
    side = -1.0 if row["readout_prediction"] == row["label"] else 1.0
    scores = {name: side * float(row.get(_score_of(name), 0.0)) for name in columns}
    clear = [name for name in columns if scores[name] >= _CLEARLY]
    return set(sorted(clear, key=lambda name: -scores[name])[:_MOST])


def _score_of(name: str) -> str:
    return f"{COLUMN_SCORE}{name.removeprefix('column ')}"


def _pieces(text: str, columns: Sequence[str], marked: set[str]) -> list[Piece]:
    """A row in pieces, one for each column; none where it is not written as a row is."""
    found, rest = [], text
    for name, following in zip(columns, [*columns[1:], None], strict=True):
        if not rest.startswith(f"{name}="):
            break
        end = -1 if following is None else rest.find(f", {following}=", len(name))
        if end < 0:
            break
        found.append(Piece(rest[: end + 1], name in marked))
        rest = rest[end + 2 :]
    last = next((name for name in columns if rest.startswith(f"{name}=")), "")
    return [*found, Piece(rest, last in marked)] if found or last else []
