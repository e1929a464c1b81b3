"""docs/results/teachers.md: DeDiER against its rivals, all from teachers trained by group DRO.

Two lengths of training, one benchmark each.

python benchmarks/teacher_table.py results-teachers-5-out results-teachers-12-out
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

from earlysieve._files import write_text
from earlysieve.benchmarking.gather import gather
from earlysieve.benchmarking.lines import BenchmarkResult, Line, by_data
from earlysieve.benchmarking.written import interval
from earlysieve.comparing.written import markdown
from earlysieve.groups.over_seeds import over_seeds, paired_over_seeds
from methods_table import DOCS, export, failed, told_before, where_it_fails

OURS = "dedier"
HEADS = ("method", "seeds", "average", "cue fails", f"{OURS} minus it, cue fails")
HEADS += (f"{OURS} minus it, average",)


def main() -> None:
    """Write the page and the figures of each run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, nargs="+", help="--out of earlysieve benchmark, each")
    found = [gather(folder) for folder in parser.parse_args().results]
    for result in found:
        export(result, f"distil-{_epochs(result)}")
    path = DOCS / "teachers.md"
    write_text(path, page(found, told_before(path)))


def page(found: list[BenchmarkResult], before: Mapping[str, str]) -> str:
    """The page in Markdown; of a length that these results lack it says what it did before."""
    new = {
        f"{data}, {_epochs(result)} epochs": (
            f"{markdown([list(HEADS), *_rows(lines, result)])}{failed(lines)}".strip("\n")
        )
        for result in found
        for data, lines in by_data(result.lines).items()
    }
    told = {**before, **new}
    tables = "\n\n".join(f"## {head}\n\n{text}" for head, text in told.items())
    lengths = sorted({int(head.split()[-2]) for head in told})
    links = ", ".join(f"[{n} epochs](data/methods/distil-{n}/)" for n in lengths)
    links += " (the other length has not been run yet)" if len(lengths) == 1 else ""
    return f"""# Debiased distillation from a teacher without the shortcut

    make results-teachers

runs the grids [benchmarks/grids/distil-5.yaml](../../benchmarks/grids/distil-5.yaml) and
[distil-12.yaml](../../benchmarks/grids/distil-12.yaml), and writes this page and the figures of
each run: {links}.
The teacher of each seed is trained by group DRO on *true* groups; students (kd, simkd, dett,
dedier) have the same network and length, with their default settings. A cue tells the
class of 95% of the examples; *cue fails* is the accuracy on test examples where it misleads.
Differences are seed by seed, with 95% t-intervals.

{tables}
"""


def _rows(lines: list[Line], result: BenchmarkResult) -> list[list[str]]:
    by_name = {line.name: line for line in lines}
    ours = by_name.get(OURS)
    return [
        [
            line.name,
            str(len(line.by_seed)),
            interval(line.figures.get("average")),
            interval(_over(where_it_fails(line, result))),
            *(_against(ours, line, result) if ours is not None and line is not ours else "--"),
        ]
        for line in lines
    ]


def _against(ours: Line, other: Line, result: BenchmarkResult) -> tuple[str, str]:
    fails = _paired(where_it_fails(ours, result), where_it_fails(other, result))
    means = [{s: one["average"] for s, one in line.by_seed.items()} for line in (ours, other)]
    return fails, _paired(*means)


def _paired(ours: Mapping[int, float], theirs: Mapping[int, float]) -> str:
    both = sorted(ours.keys() & theirs.keys())
    found = paired_over_seeds([ours[s] for s in both], [theirs[s] for s in both]) if both else None
    return interval(found, "+.3f")


def _over(found: Mapping[int, float]) -> object:
    return over_seeds(list(found.values())) if found else None


def _epochs(result: BenchmarkResult) -> int:
    return int(result.protocol["budget"]["epochs"])


if __name__ == "__main__":
    main()
