"""A comparison as cells, Markdown, LaTeX and CSV."""

import math
from collections.abc import Sequence
from pathlib import Path

from earlysieve._cells import csv_bytes
from earlysieve._files import output_folder, write_text, write_with
from earlysieve._imports import need
from earlysieve.comparing.compare import COLUMNS, Comparison
from earlysieve.comparing.data_told import sentences
from earlysieve.comparing.estimated import WHERE_MISLED, Estimated
from earlysieve.comparing.folded import Line
from earlysieve.comparing.labels import labels
from earlysieve.comparing.leans import differ
from earlysieve.comparing.tex import PACKAGES, Cells, printable, tex_table
from earlysieve.errors import MissingDependencyError

_FOLDED = "Seeds of one configuration: mean and 95% t-interval over seeds."


def lines_as_cells(comparison: Comparison, columns: Sequence[str]) -> Cells:
    """The lines with these figures, below a row of heads; a dash where one is not known.

    Verdict and best epoch are left out where no line has one, and what models lean on where that is
    the same.
    """
    lines = comparison.lines
    judged, leaning = any(line.verdict for line in lines), differ(lines)
    trained = any(line.best_epoch is not None for line in lines)
    heads = [
        *("model", "seeds", *(["verdict"] if judged else [])),
        *(["relies on"] if leaning else []),
        *columns,
        *(["best epoch"] if trained else []),
    ]
    rows = [
        [
            label,
            str(len(line.entries)),
            *([line.verdict or "-"] if judged else []),
            *([line.leans_on or "-"] if leaning else []),
            *(_cell(line.figures.get(name)) for name in columns),
            *([_epoch(line)] if trained else []),
        ]
        for line, label in zip(lines, labels(lines), strict=True)
    ]
    return [heads, *rows]


def names_of_lines(comparison: Comparison) -> list[str]:
    """What each short name of the tables stands for."""
    lines = comparison.lines
    return [
        f"'{label}' stands for {line.name}"
        for label, line in zip(labels(lines), lines, strict=True)
        if label not in (line.name, str(line.entries[0].path))
    ]


def differences_as_cells(comparison: Comparison, columns: Sequence[str]) -> Cells:
    """The differences of these figures to the first line, below a row of heads."""
    lines = comparison.lines
    short = dict(zip((line.name for line in lines), labels(lines), strict=True))
    rows = [
        [
            short[one.name],
            str(len(one.seeds) or "-"),
            *(_cell(one.figures.get(n), "+.3f") for n in columns),
        ]
        for one in comparison.differences
    ]
    return [["minus the first", "seeds", *columns], *rows]


def markdown(cells: Cells) -> str:
    """A table in Markdown."""
    safe = [[printable(cell).replace("|", "\\|") for cell in row] for row in cells]
    lines = [f"| {' | '.join(row)} |" for row in safe]
    return "\n".join([lines[0], "|" + "---|" * len(cells[0]), *lines[1:]]) + "\n"


def write_comparison(comparison: Comparison, out: Path, *, all_columns: bool = False) -> list[Path]:
    """Write compare.csv (numbers), compare.md, compare.tex and, with Jinja2, compare.html; where.

    Args:
        comparison: what is written.
        out: folder.
        all_columns: in compare.tex, too, which has else those columns that a page has room for.

    Raises:
        OutputError: they cannot be written.
    """
    folder = output_folder(out)
    tables = all_cells(comparison)
    content = csv_bytes(comparison.table)
    write_with(folder / "compare.csv", lambda path: _write_bytes(path, content))
    about = [*names_of_lines(comparison), *sentences(comparison.lines)]
    text = [*map(markdown, tables), *(f"- {line}" for line in about), "", *comparison.notes]
    write_text(folder / "compare.md", "\n".join(text))
    write_text(folder / "compare.tex", latex_tables(comparison, all_columns=all_columns))
    written = [folder / f"compare.{ending}" for ending in ("csv", "md", "tex")]
    try:
        write_text(folder / "compare.html", page(comparison))
    except MissingDependencyError:
        return written
    return [*written, folder / "compare.html"]


def latex_tables(comparison: Comparison, *, all_columns: bool = False) -> str:
    """Both tables for a paper; what their lines stand for, and the notes, are comments above."""
    about = [*names_of_lines(comparison), *sentences(comparison.lines), *comparison.notes]
    cells = all_cells(comparison, short=not all_columns)
    known = dict.fromkeys(line.measured_on for line in comparison.lines if line.measured_on)
    data = f" on {' and '.join(known)}" if known else ""
    folded = any(len(line.entries) > 1 for line in comparison.lines)
    means = "; of seeds the mean and 95% t-interval" if folded else ""
    captions = (f"Models side by side{data}{means}.", f"Differences to the first line{data}.")
    tables = (
        tex_table(name, one, caption=caption)
        for name, one, caption in zip(("compare", "differences"), cells, captions, strict=False)
    )
    return "\n".join([*PACKAGES, *(f"% {printable(line)}" for line in about), *tables])


def page(comparison: Comparison) -> str:
    """The tables as one page that needs nothing but a browser.

    Raises:
        MissingDependencyError: Jinja2 is not installed.
    """
    from earlysieve.report.plain_page import render_plain
    from earlysieve.report.sections import Section, table

    titles = (("lines", "Side by side"), ("differences", "Minus the first"))
    sections = []
    for (name, title), cells in zip(titles, all_cells(comparison), strict=False):
        numeric = [place for place, head in enumerate(cells[0]) if place and head not in _WORDS]
        caption = (
            " ".join(
                (
                    _FOLDED,
                    *(f"{one}." for one in names_of_lines(comparison)),
                    *sentences(comparison.lines),
                    *comparison.notes,
                )
            )
            if name == "lines"
            else "Differences to the first line, over the seeds that both have"
        )
        sections.append(
            Section(
                name,
                title,
                [table(cells[0], _stacked(cells[1:]), caption=caption, numeric=numeric)],
            )
        )
    return render_plain("compare", f"{len(comparison.lines)} models side by side", sections)


# Columns of words.
_WORDS = ("verdict", "relies on")


def _stacked(rows: Sequence[Sequence[str]]) -> Cells:
    """Cells in which an interval stands below its figure, and long words below each other."""
    return [[one if place == 0 else narrow(one) for place, one in enumerate(r)] for r in rows]


def narrow(cell: str) -> str:
    """A cell in which an interval, or long words, stand below, in small print."""
    value, bracket, rest = cell.partition(" [")
    if not bracket and " " not in cell:
        return cell
    markup = need("markupsafe", extra="report").Markup
    interval = f"[{rest}".replace(" ", "\u00a0") if bracket else cell
    shown: str = markup('{}<span class="detail">{}</span>').format(
        value if bracket else "", interval
    )
    return shown


def _write_bytes(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _epoch(line: Line) -> str:
    """The best epoch, or the mean of those of several seeds."""
    if line.best_epoch is None:
        return "-"
    return f"{line.best_epoch:.1f}" if len(line.entries) > 1 else f"{line.best_epoch:g}"


def _cell(one: Estimated | None, form: str = ".3f") -> str:
    if one is None or math.isnan(one.value):
        return "-"
    interval = "" if math.isnan(one.low) else f" [{one.low:{form}}, {one.high:{form}}]"
    return f"{one.value:{form}}{interval}"


def all_cells(comparison: Comparison, *, short: bool = False) -> Sequence[Cells]:
    """Both tables, the second where there is one.

    Args:
        comparison: what is shown.
        short: with those columns alone that a terminal or a paper has room for, where one is
            known.
    """
    columns = comparison.columns
    if short:
        known = {name for line in comparison.lines for name in line.figures}
        columns = tuple(name for name in (*COLUMNS, WHERE_MISLED) if name in known)
    second = [differences_as_cells(comparison, columns)] if comparison.differences else []
    return [lines_as_cells(comparison, columns), *second]
