"""What a benchmark came to, as one page that needs nothing but a browser."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from earlysieve._files import write_text
from earlysieve.benchmarking.arms import PLAIN
from earlysieve.benchmarking.lines import (
    MAIN,
    BenchmarkResult,
    Line,
    by_data,
    of_all,
    reasons,
)
from earlysieve.benchmarking.page_headline import best
from earlysieve.benchmarking.remarks import remarks
from earlysieve.benchmarking.written import cells_of_data, foot, without_reasons
from earlysieve.comparing.written import narrow
from earlysieve.report.plain_page import plot, render_plain
from earlysieve.report.sections import Piece, Section, bullets, links, paragraph, table
from earlysieve.searching.result import settings_text

if TYPE_CHECKING:
    from pathlib import Path

    from earlysieve.comparing.tex import Cells

PAGE_NAME = "report.html"


def write_page(result: BenchmarkResult) -> "Path":
    """Write report.html beside the tables.

    Raises:
        MissingDependencyError: Jinja2 or matplotlib is not installed.
        OutputError: it cannot be written.
    """
    path = result.folder / PAGE_NAME
    write_text(path, render(result))
    return path


def render(result: BenchmarkResult) -> str:
    """The page as a string.

    Raises:
        MissingDependencyError: Jinja2 or matplotlib is not installed.
    """
    groups = by_data(result.lines)
    methods = len({line.name for line in result.lines})
    seeds = len(result.protocol["seeds"])
    headline = (
        f"{methods} method{'s' if methods != 1 else ''} on {len(groups)} data "
        f"set{'s' if len(groups) != 1 else ''}, {seeds} seed{'s' if seeds != 1 else ''}"
    )
    sections = [
        _of_data(number, name, ranked(lines), result)
        for number, (name, lines) in enumerate(groups.items())
    ]
    depth = [_by_depth(result)] if any(line.differences for line in result.lines) else []
    tuned = [_tuned(result.lines)] if any(line.tuned for line in result.lines) else []
    failed = [_failures(result.lines)] if any(line.failed for line in result.lines) else []
    return render_plain(
        "benchmark",
        headline,
        [*_remarks(result), *sections, *depth, *tuned, *failed, _protocol(result), _help()],
        lead=[*map(best, groups.values()), foot(result)],
        subject=[("data", ", ".join(groups)), ("protocol", result.digest)],
    )


def _remarks(result: BenchmarkResult) -> list[Section]:
    found = remarks(result)
    return [Section("remarks", "What to know of these figures", [bullets(found)])] if found else []


def ranked(lines: Sequence[Line]) -> list[Line]:
    """The best in the worst group first, or in the worst class where there are no groups.

    Those of which seeds failed come after all that are whole: the seeds that went well say little
    of the others.
    """

    def key(line: Line) -> tuple[bool, bool, float]:
        one = line.figures.get("worst_group") or line.figures.get("worst_class")
        return one is None, bool(line.failed), 0.0 if one is None else -one.mean

    return sorted(lines, key=key)


def _of_data(number: int, name: str, lines: Sequence[Line], result: BenchmarkResult) -> Section:
    from earlysieve.benchmarking.pictures import grid_of_pictures
    from earlysieve.benchmarking.plots import plots_of

    pieces: list[Piece] = list(_tables(name, lines))
    methods = [line.name for line in result.lines]
    pieces += [plot(tile) for tile in plots_of(lines, methods)]
    if any(line.groups for line in lines):
        pieces.append(_by_group(name, lines))
    pictures = grid_of_pictures(lines, result.folder)
    return Section(f"data-{number}", name, pieces if pictures is None else [*pieces, pictures])


def _by_depth(result: BenchmarkResult) -> Section:
    from earlysieve.benchmarking.depth import depth_of
    from earlysieve.benchmarking.plots import gains_by_depth

    names = by_data(result.lines)
    found = {name: depth_of(name, result.protocol["seeds"], result.folder) for name in names}
    known = {name: one for name, one in found.items() if one.share is not None}
    pieces: list[Piece] = [plot(tile) for tile in gains_by_depth(result.lines, known)]
    out = [f"{name} ({one.why})" for name, one in found.items() if one.share is None]
    if out:
        pieces.append(paragraph(f"Left out, since the depth is unknown: {'; '.join(out)}."))
    return Section("depth", "Gain by depth of the cue", pieces)


def _tables(name: str, lines: Sequence[Line]) -> list[Piece]:
    """Figures with links to the runs, then differences from plain training."""
    heads, *rows = without_reasons(cells_of_data(lines, MAIN))
    apart = [k for k, head in enumerate(heads) if head.endswith(" minus erm")]
    kept = [k for k, head in enumerate(heads) if k not in apart]
    plain = next((k for k, line in enumerate(lines) if line.name == PLAIN), None)
    figures: Cells = [
        [row[0], row[1], _runs(line), *(row[k] for k in kept[2:])]
        for row, line in zip(rows, lines, strict=True)
    ]
    shown = [heads[0], heads[1], "runs", *(heads[k] for k in kept[2:])]
    last = ", those of which seeds failed last" if any(line.failed for line in lines) else ""
    words = (*shown[:3], "tuned", "failed")
    numbers = [k for k, head in enumerate(shown) if head not in words]
    found: list[Piece] = [
        table(
            shown,
            _stacked(figures, [k for k in numbers if shown[k] != "seeds"]),
            caption=f"{name}: test data, mean and 95% t-interval over seeds, the best first{last}",
            numeric=numbers,
            stressed=plain,
        )
    ]
    compared = [
        [row[0], _seeds_of_differences(line), *(row[k] for k in apart)]
        for row, line in zip(rows, lines, strict=True)
        if line.differences
    ]
    if compared:
        kinds = range(1, 2 + len(apart))
        found.append(
            table(
                ["method", "seeds", *(heads[k].removesuffix(" minus erm") for k in apart)],
                _stacked(compared, kinds[1:]),
                caption=f"{name}: minus plain training, seed by seed",
                numeric=kinds,
            )
        )
    return found


def _seeds_of_differences(line: Line) -> str:
    return of_all(next(iter(line.differences.values())).seeds, line)


def _stacked(rows: "Cells", numbers: Sequence[int]) -> "Cells":
    """The rows with intervals below their figures, so that more columns fit a page."""
    return [[narrow(one) if k in numbers else one for k, one in enumerate(row)] for row in rows]


def _runs(line: Line) -> Any:
    return links([(f"{seed}", f"{place}/") for seed, place in line.runs.items()])


def _by_group(name: str, lines: Sequence[Line]) -> Piece:
    groups = list(dict.fromkeys(group for line in lines for group in line.groups))
    rows = [
        [line.name, *(_share(line.groups.get(group)) for group in groups)]
        for line in lines
        if line.groups
    ]
    caption = f"{name}: accuracy of each group of the test data, mean over seeds"
    return table(["method", *groups], rows, caption=caption, numeric=range(1, 1 + len(groups)))


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _tuned(lines: Sequence[Line]) -> Section:
    rows: Cells = [
        [
            line.name,
            line.data,
            str(line.trials),
            line.tuned,
            _chosen_text(line),
        ]
        for line in lines
        if line.tuned
    ]
    caption = "Settings that were searched on training and validation data of the first seed"
    heads = ["method", "data", "trials", "searched", "chosen"]
    return Section("tuned", "What was tuned", [table(heads, rows, caption=caption, numeric=[2])])


def _chosen_text(line: Line) -> str:
    if not line.trials:
        return "-"
    text = settings_text(line.chosen)
    if not text:
        return "the plain method"
    return f"{text} (the plain method)" if line.stayed else text


def _failures(lines: Sequence[Line]) -> Section:
    rows: Cells = [
        [line.name, line.data, links([(str(s), f"{line.runs[s]}/") for s in seeds]), why]
        for line in lines
        for why, seeds in reasons(line).items()
    ]
    heads = ["method", "data", "seeds", "why"]
    shown = table(heads, rows, caption="Cells that failed; the others count without them")
    return Section("failed", "What failed", [shown])


def _protocol(result: BenchmarkResult) -> Section:
    p = result.protocol
    rows = [[key, value] for key, value in _flat({k: v for k, v in p.items() if k != "seeds"})]
    rows.append(["seeds", ", ".join(map(str, p["seeds"]))])
    caption = f"Protocol {result.digest}, the same for all methods"
    where = paragraph("Settings of each method: protocol.json; of each run: its config.json.")
    return Section("protocol", "Protocol", [table(["what", "value"], rows, caption=caption), where])


def _flat(values: Mapping[str, Any], name: str = "") -> list[tuple[str, str]]:
    found = []
    for key, value in values.items():
        inner = f"{name}.{key}".lstrip(".")
        if isinstance(value, Mapping) and value:
            found += _flat(value, inner)
        elif value not in ({}, None):
            found.append((inner, value if isinstance(value, str) else json.dumps(value)))
    return found


def _help() -> Section:
    return Section(
        "help",
        "How to read this page",
        [
            "Every figure is of test data, opened once for each run after its epoch was chosen on "
            "validation data. Intervals are over seeds, not over examples; differences are taken "
            "seed by seed, so that what a seed does to all methods cancels.",
            "Supervision says what a method knows of true groups: none, groups in validation (to "
            "choose an epoch or to fit a last layer), or groups in training. Compare methods that "
            "know the same.",
            "Cost counts the plain run and the groups that a method needs. With a few seeds an "
            "interval that holds 0 says little; one that lies above 0 for one of many methods may "
            "be luck.",
        ],
    )
