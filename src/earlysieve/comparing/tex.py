"""Tables for a paper, in LaTeX."""

import re
from collections.abc import Sequence

Cells = list[list[str]]

# What the tables need, as comments above them.
PACKAGES = (r"% \usepackage{booktabs}", r"% \usepackage{graphicx}")
_WORDS = ("method", "supervision", "verdict", "relies on")  # columns of words, set flush left
_FIGURE = re.compile(r"[+-]?\d+(\.\d+)?( \[[^][]*\])?")
_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}"},
    **{c: f"\\{c}" for c in "&%$#_{}"},
}


def tex_table(name: str, cells: Cells, *, caption: str, notes: Sequence[str] = ()) -> str:
    """A floating table with the rules of booktabs, a label `tab:NAME`, and notes below it.

    It is shrunk to the width of a line where it is wider than that.

    Args:
        name: of what it is of.
        cells: rows below one of heads.
        caption: of the table, plain text.
        notes: plain text, a paragraph each.
    """
    label = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-") or "data"
    left = [place for place, head in enumerate(cells[0]) if not place or head in _WORDS]
    below = [
        r"\par\medskip",
        r"\begin{minipage}{\linewidth}\footnotesize\raggedright",
        "\\par\n".join(escaped(note) for note in notes),
        r"\end{minipage}",
    ]
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering\small\setlength{\tabcolsep}{4pt}",
            rf"\caption{{{escaped(caption)}}}",
            rf"\label{{tab:{label}}}",
            r"\sbox0{%",
            latex(cells, left=left).rstrip() + "}%",
            r"\ifdim\wd0>\linewidth\resizebox{\linewidth}{!}{\usebox0}\else\usebox0\fi",
            *(below if notes else []),
            r"\end{table}",
            "",
        ]
    )


def latex(cells: Cells, *, left: Sequence[int] = (0,)) -> str:
    """A table in LaTeX with the rules of booktabs; everything else in it is escaped.

    Args:
        cells: rows below one of heads.
        left: positions of columns that are set flush left; the others are set flush right.
    """
    rows = [" & ".join(map(_cell, row)) + r" \\" for row in cells]
    body = [rows[0], r"\midrule", *rows[1:]]
    kinds = "".join("l" if place in left else "r" for place in range(len(cells[0])))
    begin = rf"\begin{{tabular}}{{{kinds}}}"
    return "\n".join([begin, r"\toprule", *body, r"\bottomrule", r"\end{tabular}"]) + "\n"


def _cell(text: str) -> str:
    """A cell, in which figures have signs as wide as a plus."""
    found = escaped(text)
    return found.replace("-", "$-$") if _FIGURE.fullmatch(text) else found


def printable(text: str) -> str:
    """The text with a space in place of what cannot be printed."""
    return "".join(c if c.isprintable() else " " for c in text)


def escaped(text: str) -> str:
    """Plain text for LaTeX, without what cannot be printed."""
    return "".join(_LATEX.get(c, c) for c in printable(text)).replace("--", "-{}-")
