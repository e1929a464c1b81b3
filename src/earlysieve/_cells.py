"""Text in CSV files that spreadsheets open: no cell is taken for a formula, and none is lost.

A spreadsheet runs what begins with =, +, -, @ and some other characters. Such text is written with
an apostrophe before it, as spreadsheets themselves mark text; so is text that begins with an
apostrophe, so that taking one away always gives back what there was.
"""

import csv
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pandas as pd

_MARK = "'"
# The full-width forms count as their plain ones in some spreadsheets.
_ACTIVE = tuple("=+-@\t\r\n\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}"
                "\N{FULLWIDTH HYPHEN-MINUS}\N{FULLWIDTH COMMERCIAL AT}" + _MARK)  # fmt: skip


def defused(value: Any) -> Any:
    """Text that is no formula in any spreadsheet; anything else as it is."""
    return _MARK + value if isinstance(value, str) and value.startswith(_ACTIVE) else value


def restored(value: str) -> str:
    """The text that `defused` was given."""
    return value.removeprefix(_MARK)


def csv_bytes(table: "pd.DataFrame") -> bytes:
    """A table as CSV in UTF-8, its texts defused, lines ended by a line feed alone."""
    texts = [name for name in table.columns if table[name].dtype.kind == "O"]
    safe = table.assign(**{str(name): table[name].map(defused) for name in texts})
    # A carriage return ends a row for some readers, but is not among what is quoted by itself.
    returns = any(safe[name].astype(str).str.contains("\r", regex=False).any() for name in texts)
    quoting: Literal[0, 1] = csv.QUOTE_ALL if returns else csv.QUOTE_MINIMAL
    written: str = safe.to_csv(index=False, lineterminator="\n", quoting=quoting)
    return written.encode("utf-8")
