"""What a benchmark came to, as cells, CSV, Markdown, LaTeX and JSON."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earlysieve._cells import csv_bytes
from earlysieve._files import write_text, write_with
from earlysieve._json import plain
from earlysieve.benchmarking.gather import BenchmarkResult, Line
from earlysieve.benchmarking.on_test import FIGURES
from earlysieve.comparing.written import Cells, latex, markdown

if TYPE_CHECKING:
    import pandas as pd

    from earlysieve.groups.over_seeds import OverSeeds

JSON_NAME = "results.json"
_DIFFERENCES = ("average", "worst_group", "worst_class")


def cells_of_data(lines: Sequence[Line]) -> Cells:
    """The lines of one data set below a row of heads; figures that none has are left out."""
    figures = [name for name in FIGURES if any(name in line.figures for line in lines)]
    compared = [name for name in _DIFFERENCES if name in figures]
    heads = [
        *("method", "seeds", *map(_words, figures)),
        *(f"{_words(name)} minus erm" for name in compared),
        *("supervision", "tuned", "cost", "failed"),
    ]
    return [heads, *(_row(line, figures, compared) for line in lines)]


def by_data(lines: Sequence[Line]) -> dict[str, list[Line]]:
    """The lines of each data set."""
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(line.data, []).append(line)
    return found


def failures(line: Line) -> str:
    """Which seeds failed and why; a reason that is the same is said once."""
    seeds: dict[str, list[int]] = {}
    for seed, why in line.failed.items():
        seeds.setdefault(why, []).append(seed)
    return "; ".join(f"seed {', '.join(map(str, who))}: {why}" for why, who in seeds.items())


def frame(lines: Sequence[Line]) -> "pd.DataFrame":
    """One row per line; figures and differences with their intervals as numbers, else NaN."""
    import pandas as pd

    return pd.DataFrame([_numbers(line) for line in lines])


def write_tables(result: BenchmarkResult) -> list[Path]:
    """Write results.json, table.md, table.csv and table.tex.

    Raises:
        OutputError: they cannot be written.
    """
    out = result.folder
    tables = {name: cells_of_data(lines) for name, lines in by_data(result.lines).items()}
    notes = {name: _notes(lines) for name, lines in by_data(result.lines).items()}
    text = "\n".join(
        f"### {name}\n\n{markdown(_without_reasons(cells))}{notes[name]}"
        for name, cells in tables.items()
    )
    content = csv_bytes(frame(result.lines))
    write_text(out / JSON_NAME, json.dumps(_as_json(result), indent=2, allow_nan=False) + "\n")
    write_text(out / "table.md", f"{text}\n{foot(result)}\n")
    write_with(out / "table.csv", lambda path: _write_bytes(path, content))
    tex = "\n".join(f"% {name}\n{latex(_without_reasons(c))}" for name, c in tables.items())
    write_text(out / "table.tex", tex)
    return [out / name for name in (JSON_NAME, "table.md", "table.csv", "table.tex")]


def foot(result: BenchmarkResult) -> str:
    """What the figures are, in a sentence or two."""
    p = result.protocol
    trials = p["budget"]["trials"]
    return (
        "Test data; mean and 95% t-interval over seeds, differences seed by seed. Epochs chosen by "
        f"{p['select']} on validation data, of {p['budget']['epochs']}; {trials} "
        f"trial{'s' if trials > 1 else ''} per method; cost: seconds relative to erm, those of "
        f"what a method needs included. Protocol {result.digest}."
    )


def interval(found: "OverSeeds | None", form: str = ".3f") -> str:
    """A mean with its interval; a dash where it is not known."""
    if found is None:
        return "-"
    bounds = "" if math.isnan(found.low) else f" [{found.low:{form}}, {found.high:{form}}]"
    return f"{found.mean:{form}}{bounds}"


def _row(line: Line, figures: Sequence[str], compared: Sequence[str]) -> list[str]:
    return [
        line.name,
        str(len(line.by_seed)),
        *(interval(line.figures.get(name)) for name in figures),
        *(interval(line.differences.get(name), "+.3f") for name in compared),
        line.supervision,
        line.tuned or "nothing",
        "-" if math.isnan(line.cost) else f"{line.cost:.2f}",
        failures(line) or "-",
    ]


def _without_reasons(cells: Cells) -> Cells:
    """A column of failures only where there are some; reasons stand below the table."""
    if all(row[-1] == "-" for row in cells[1:]):
        return [row[:-1] for row in cells]
    return [cells[0], *([*row[:-1], "-" if row[-1] == "-" else "see below"] for row in cells[1:])]


def _notes(lines: Sequence[Line]) -> str:
    told = "".join(f"- {line.name}, {failures(line)}\n" for line in lines if line.failed)
    return f"\nFailed:\n\n{told}" if told else ""


def _numbers(line: Line) -> dict[str, Any]:
    row: dict[str, Any] = {
        "data": line.data,
        "name": line.name,
        "method": line.method,
        "source": line.source,
        "seeds": len(line.by_seed),
        "supervision": line.supervision,
        "tuned": line.tuned,
        "cost": line.cost,
    }
    for ending, found in (("", line.figures), ("_minus_erm", line.differences)):
        for name in FIGURES:
            one, key = found.get(name), f"{name}{ending}"
            row |= {
                key: math.nan if one is None else one.mean,
                f"{key}_low": math.nan if one is None else one.low,
                f"{key}_high": math.nan if one is None else one.high,
            }
    return {**row, "failed": failures(line)}


def _as_json(result: BenchmarkResult) -> dict[str, Any]:
    values: dict[str, Any] = plain(
        {
            "digest": result.digest,
            "protocol": result.protocol,
            "lines": [vars(line) for line in result.lines],
        }
    )
    return values


def _words(name: str) -> str:
    return name.replace("_", " ")


def _write_bytes(path: Path, content: bytes) -> None:
    path.write_bytes(content)
