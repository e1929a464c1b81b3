"""What a benchmark came to, as cells, CSV, Markdown, LaTeX and JSON."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earlysieve._cells import csv_bytes
from earlysieve._files import write_text, write_with
from earlysieve._json import plain
from earlysieve.benchmarking.code_remark import remarks_on_code
from earlysieve.benchmarking.lines import (
    SHOWN,
    BenchmarkResult,
    Line,
    by_data,
    failures,
    row_name,
    seeds_of,
)
from earlysieve.benchmarking.remarks import remarks, remarks_on_data
from earlysieve.comparing.tex import PACKAGES, Cells, tex_table
from earlysieve.comparing.written import markdown

if TYPE_CHECKING:
    from earlysieve.groups.over_seeds import OverSeeds

JSON_NAME = "results.json"
_DIFFERENCES = ("average", "group_mean", "worst_group", "worst_class")


def cells_of_data(lines: Sequence[Line], names: Sequence[str] = SHOWN) -> Cells:
    """The lines of one data set below a row of heads; figures that none has are left out."""
    figures = [name for name in names if any(name in line.figures for line in lines)]
    compared = [name for name in _DIFFERENCES if name in figures]
    heads = [
        *("method", "supervision", "seeds", *map(_words, figures)),
        *(f"{_words(name)} minus erm" for name in compared),
        *("cost", "trials", "tuned", "failed"),
    ]
    return [heads, *(_row(line, figures, compared) for line in lines)]


def short_cells(lines: Sequence[Line]) -> Cells:
    """As `cells_of_data`, with the columns that a terminal or a paper has room for."""
    worst = "worst_group" if any("worst_group" in line.figures for line in lines) else "worst_class"
    name = _words(worst)
    heads = ["method", "seeds", "average", name, f"{name} minus erm", "supervision", "cost"]
    rows = [
        [
            row_name(line),
            seeds_of(line),
            interval(line.figures.get("average")),
            interval(line.figures.get(worst)),
            interval(line.differences.get(worst), "+.3f"),
            line.supervision,
            _cost(line),
        ]
        for line in lines
    ]
    return [heads, *rows]


def write_tables(result: BenchmarkResult) -> list[Path]:
    """Write results.json, table.md, table.csv, and table.tex with the columns for a paper.

    Raises:
        OutputError: they cannot be written.
    """
    out, said = result.folder, foot(result)
    tables = {name: cells_of_data(lines) for name, lines in by_data(result.lines).items()}
    notes = {name: _notes(lines) for name, lines in by_data(result.lines).items()}
    text = "\n".join(
        f"### {name}\n\n{markdown(without_reasons(cells))}{notes[name]}"
        for name, cells in tables.items()
    )
    content = csv_bytes(result.table)
    write_text(out / JSON_NAME, json.dumps(_as_json(result), indent=2, allow_nan=False) + "\n")
    listed = "".join(f"- {one}\n" for one in remarks(result))
    write_text(out / "table.md", f"{text}\n{said}\n" + (f"\n{listed}" if listed else ""))
    write_with(out / "table.csv", lambda path: _write_bytes(path, content))
    write_text(out / "table.tex", latex_tables(result))
    return [out / name for name in (JSON_NAME, "table.md", "table.csv", "table.tex")]


def latex_tables(result: BenchmarkResult) -> str:
    """A table of each data set with the columns for a paper; what is to know of it stands below."""
    code = remarks_on_code(result.lines, result.folder)
    found = []
    for name, lines in by_data(result.lines).items():
        failed = [f"{line.name} failed, {failures(line)}." for line in lines if line.failed]
        notes = [foot(result), *failed, *remarks_on_data(result, name), *code]
        caption = f"{name}: methods on test data, mean and 95% t-interval over seeds."
        found.append(tex_table(name, short_cells(lines), caption=caption, notes=notes))
    return "\n".join([*PACKAGES, *found])


def foot(result: BenchmarkResult) -> str:
    """What the figures are, in a sentence or two; `remarks` says what they do not show."""
    p = result.protocol
    trials = p["budget"]["trials"]
    searched = (
        f"settings of {', '.join(p['tuned'])} by {trials} trials on training and validation data "
        f"of one seed{_stayed(result)}; "
        if p["tuned"]
        else ""
    )
    return (
        "Test data; mean and 95% t-interval over seeds, differences seed by seed. Epochs chosen by "
        f"{p['select']} on validation data, of {p['budget']['epochs']}; {searched}cost: "
        "processor time (seconds by the clock on other devices) relative to erm, that of what a "
        f"method needs included. Protocol {result.digest}."
    )


def _stayed(result: BenchmarkResult) -> str:
    """Which searches found nothing better, so that a method ran as the plain one."""
    plain = [f"{one.name} on {one.data}" for one in result.lines if one.stayed and one.by_seed]
    return f", where the plain method stayed for {', '.join(plain)}" if plain else ""


def interval(found: "OverSeeds | None", form: str = ".3f") -> str:
    """A mean with its interval; a dash where it is not known."""
    if found is None:
        return "-"
    mean, low, high = (round(one, 3) + 0.0 for one in (found.mean, found.low, found.high))
    bounds = "" if math.isnan(low) else f" [{low:{form}}, {high:{form}}]"
    return f"{mean:{form}}{bounds}"


def _row(line: Line, figures: Sequence[str], compared: Sequence[str]) -> list[str]:
    return [
        row_name(line),
        line.supervision,
        seeds_of(line),
        *(interval(line.figures.get(name)) for name in figures),
        *(interval(line.differences.get(name), "+.3f") for name in compared),
        _cost(line),
        str(line.trials),
        line.tuned or "nothing",
        failures(line) or "-",
    ]


def without_reasons(cells: Cells) -> Cells:
    """The cells with a column of failures only where there are some, and without reasons."""
    if all(row[-1] == "-" for row in cells[1:]):
        return [row[:-1] for row in cells]
    return [cells[0], *([*row[:-1], "-" if row[-1] == "-" else "see below"] for row in cells[1:])]


def _notes(lines: Sequence[Line]) -> str:
    told = "".join(f"- {line.name}, {failures(line)}\n" for line in lines if line.failed)
    return f"\nFailed:\n\n{told}" if told else ""


def _as_json(result: BenchmarkResult) -> dict[str, Any]:
    values: dict[str, Any] = plain(
        {
            "digest": result.digest,
            "protocol": result.protocol,
            "remarks": remarks(result),
            "lines": [vars(line) for line in result.lines],
        }
    )
    return values


def _cost(line: Line) -> str:
    return "-" if math.isnan(line.cost) else f"{line.cost:.2f}"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _write_bytes(path: Path, content: bytes) -> None:
    path.write_bytes(content)
