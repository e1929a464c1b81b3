"""A page of docs/results, and a small JSON of each cell, from the results of a benchmark.

python benchmarks/methods_table.py results-quick-out quick
"""

import argparse
import json
import math
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from earlysieve._files import write_text
from earlysieve.benchmarking.gather import gather
from earlysieve.benchmarking.lines import BenchmarkResult, Line, by_data, failures
from earlysieve.benchmarking.record import RECORD_NAME
from earlysieve.benchmarking.remarks import remarks
from earlysieve.benchmarking.written import foot, interval
from earlysieve.comparing.written import markdown
from earlysieve.groups.over_seeds import over_seeds, paired_over_seeds

DOCS = Path(__file__).parent.parent / "docs" / "results"
FAILS = "shortcut fails"
# How the last line of a page begins, see `foot`.
FOOT = "Test data; mean and"
KEPT = ("state", "seconds", "figures", "groups", "best_epoch", "why")
HEADS = (
    *("method", "supervision", "seeds", "average", "{}", "minus erm"),
    *("average minus erm", "cost"),
)
# Where no group is one in which a planted cue misleads.
ELSE = ("worst_group", "worst_class")


@dataclass(frozen=True)
class Page:
    """What a page of results says before its tables.

    Attributes:
        file: of docs/results.
        title, command, words: as they stand there.
        data: what the data are.
    """

    file: str
    title: str
    command: str
    words: str
    data: str


PLANTED = (
    "Data are planted: a cue tells the class of\n95% of the examples, in training, validation and "
    "test data alike. *Cue fails* is the accuracy on\nthose test examples where it misleads, "
)
REAL = (
    'Data are real: tweets in which\n"mentions an identity" and "offensive" agree on 95% of '
    "training and validation tweets, and on half of\nthe test; and photographs of actions "
    "(BAR), in the test in other places. *Worst group* and *worst class*\nare of test data, "
)
NOTHING_TUNED = (
    "Nothing was tuned; epochs are chosen by accuracy on validation data with the same cue, which "
    "knows\nnothing of it."
)
PAGES = {
    "quick": Page(
        "methods.md", "What methods change", "make results-quick", NOTHING_TUNED, PLANTED
    ),
    "full": Page(
        "methods-full.md",
        "What methods change, with more data",
        "make results",
        NOTHING_TUNED,
        PLANTED,
    ),
    "real": Page(
        "real.md",
        "What methods change on tweets and photographs",
        "make results-real",
        "Nothing was tuned; epochs are chosen by accuracy on validation data, which are biased as "
        "the\ntraining data are.",
        REAL,
    ),
    "search": Page(
        "search.md",
        "The sieve by search",
        "make results-search",
        "Settings are searched on the data of seed 0 with 30 trials, and epochs chosen, by\n"
        "`pseudo_group_accuracy` on groups that an audit of a reference run infers from the\n"
        "validation data: nobody names a group. Trial 0 is plain training, and stays unless another"
        "\nis better by more than chance. What has not been run yet is not in the tables.",
        PLANTED,
    ),
}


def main() -> None:
    """Write both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="--out of earlysieve benchmark")
    parser.add_argument("name", choices=list(PAGES), help="of the grid")
    given = parser.parse_args()
    result = gather(given.results)
    export(result, given.name)
    path = DOCS / PAGES[given.name].file
    write_text(path, page(result, given.name, told_before(path)))


def export(result: BenchmarkResult, name: str) -> None:
    """A file for each cell, docs/results/data/methods/GRID/DATA/METHOD/seed-S.json."""
    target = DOCS / "data" / "methods" / name
    for data in by_data(result.lines):
        shutil.rmtree(target / data, ignore_errors=True)
    for line in result.lines:
        for seed, place in line.runs.items():
            record = read(result, place)
            text = json.dumps({key: record[key] for key in KEPT}, separators=(",", ":"))
            write_text(target / line.data / line.name / f"seed-{seed}.json", text + "\n")


def told_before(path: Path) -> dict[str, str]:
    """The sections of a page that is there: heading -> what stands below it.

    A results folder need not hold all data sets of a page: hours of work may be spread over
    machines.
    """
    if not path.exists():
        return {}
    sections = path.read_text(encoding="utf-8").split("\n## ")[1:]
    heads_and_texts = (section.split("\n", 1) for section in sections)
    return {head: text.split(f"\n{FOOT}")[0].strip("\n") for head, text in heads_and_texts}


def page(result: BenchmarkResult, name: str, before: Mapping[str, str]) -> str:
    """The page in Markdown; of data sets that these results lack it says what it did before."""
    said = PAGES[name]
    new = {
        data: f"{markdown([heads(lines, result), *rows(lines, result)])}"
        f"{searched(lines)}{failed(lines)}".strip("\n")
        for data, lines in by_data(result.lines).items()
        if len(lines) > 1
    }
    found = {**before, **new}
    tables = "\n\n".join(f"## {data}\n\n{text}" for data, text in found.items())
    return f"""# {said.title}

    {said.command}

runs the grid [benchmarks/grids/{name}.yaml](../../benchmarks/grids/{name}.yaml), and writes this
page and the [figures of each run](data/methods/{name}/). {said.data}*minus erm* its difference
to plain training, seed by seed.
{said.words}
A few seeds make wide intervals: where that of *minus erm* holds 0, a method has not
been shown to change anything. Costs are rough: of one machine, beside other programs.

{tables}

{foot(result)}

{"".join(f"- {one}" + chr(10) for one in remarks(result))}"""


def searched(lines: Sequence[Line]) -> str:
    """What searches chose."""
    told = "".join(
        f"- {line.name}, {line.trials} trials: {_chosen(line)}\n" for line in lines if line.tuned
    )
    return f"\n{told}" if told else ""


def _chosen(line: Line) -> str:
    kept = (f"{k}={v:.3g}" if isinstance(v, float) else f"{k}={v}" for k, v in line.chosen.items())
    return ", ".join(kept) or "plain training stays"


def heads(lines: Sequence[Line], result: BenchmarkResult) -> list[str]:
    """The head of each column."""
    name = "cue fails" if where_it_fails(lines[0], result) else _else(lines).replace("_", " ")
    return [head.format(name) for head in HEADS]


def _else(lines: Sequence[Line]) -> str:
    return next((name for name in ELSE if name in lines[0].figures), ELSE[-1])


def rows(lines: Sequence[Line], result: BenchmarkResult) -> list[list[str]]:
    """The lines of one data set as cells."""
    plain, other = where_it_fails(lines[0], result), _else(lines)
    found = []
    for line in lines:
        ours = where_it_fails(line, result)
        both = sorted(ours.keys() & plain.keys())
        gain = None if line is lines[0] or not both else _gain(ours, plain, both)
        worst = over_seeds(list(ours.values())) if ours else line.figures.get(other)
        found.append(
            [
                line.name,
                line.supervision,
                str(len(line.by_seed)),
                interval(line.figures.get("average")),
                interval(worst),
                interval(gain or line.differences.get(other), "+.3f"),
                interval(line.differences.get("average"), "+.3f"),
                "-" if math.isnan(line.cost) else f"{line.cost:.2f}",
            ]
        )
    return found


def where_it_fails(line: Line, result: BenchmarkResult) -> dict[int, float]:
    """By seed the accuracy on all test examples where the cue misleads."""
    found = {}
    for seed in line.by_seed:
        groups = read(result, line.runs[seed])["groups"]
        misled = [group for group in groups if group["name"].endswith(FAILS)]
        size = sum(group["n"] for group in misled)
        if size:
            found[seed] = sum(group["n"] * group["accuracy"] for group in misled) / size
    return found


def failed(lines: Sequence[Line]) -> str:
    """What failed, and why."""
    told = "".join(f"- {line.name}: {failures(line)}\n" for line in lines if line.failed)
    return f"\nFailed:\n\n{told}" if told else ""


def read(result: BenchmarkResult, place: str) -> dict[str, Any]:
    """The record of a cell."""
    found: dict[str, Any] = json.loads((result.folder / place / RECORD_NAME).read_text())
    return found


def _gain(ours: Mapping[int, float], theirs: Mapping[int, float], both: Sequence[int]) -> Any:
    return paired_over_seeds([ours[s] for s in both], [theirs[s] for s in both])


if __name__ == "__main__":
    main()
