"""A table of a benchmark for a paper, in LaTeX."""

import re
from collections.abc import Sequence

from earlysieve.comparing.written import Cells, escaped, latex

_WORDS = ("method", "supervision")  # columns of words, set flush left


def tex_table(name: str, cells: Cells, *, caption: str, notes: Sequence[str]) -> str:
    """A floating table with the rules of booktabs, a label `tab:NAME`, and notes below it.

    Args:
        name: of the data.
        cells: rows below one of heads.
        caption: of the table, plain text.
        notes: plain text, a paragraph each.
    """
    label = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-") or "data"
    left = [place for place, head in enumerate(cells[0]) if head in _WORDS]
    below = "\\par\n".join(escaped(note) for note in notes)
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering\small\setlength{\tabcolsep}{4pt}",
            rf"\caption{{{escaped(caption)}}}",
            rf"\label{{tab:{label}}}",
            latex(cells, left=left).rstrip(),
            r"\par\medskip",
            r"\begin{minipage}{\linewidth}\footnotesize\raggedright",
            below,
            r"\end{minipage}",
            r"\end{table}",
            "",
        ]
    )
