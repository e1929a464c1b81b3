"""From the records of cells to lines: means and intervals over seeds, differences seed by seed."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from earlysieve._files import is_there
from earlysieve.benchmarking.arms import PLAIN, Arm, Kind, supervision_of
from earlysieve.benchmarking.cells import RUNS, RunCell, SearchCell, all_needs, folder_of
from earlysieve.benchmarking.grid import as_in_grid
from earlysieve.benchmarking.kept import PROTOCOL_NAME, read_kept
from earlysieve.benchmarking.lines import FIGURES, BenchmarkResult, Line
from earlysieve.benchmarking.protocol import infers_groups
from earlysieve.benchmarking.record import RECORD_NAME, Record, read_record
from earlysieve.benchmarking.tuning import ALL, Tuning
from earlysieve.errors import InputError
from earlysieve.groups.over_seeds import OverSeeds, over_seeds, paired_over_seeds


def gather(out: Path) -> BenchmarkResult:
    """All that is over in a results folder.

    Raises:
        InputError: it is none.
        CheckpointError: a record cannot be read.
    """
    kept = read_kept(out)
    if kept is None:
        raise InputError(
            f"Expected the results of a benchmark in '{out}', but it has none; give the --out of "
            "'earlysieve benchmark'"
        )
    protocol = kept["protocol"]
    arms = [_arm(name, one, protocol) for name, one in kept["methods"].items()]
    by_groups = infers_groups(protocol["select"], protocol["training"])
    arms = [Arm(PLAIN, PLAIN), *(arm for arm in arms if arm.name != PLAIN)]
    arms = [replace(arm, by_groups=by_groups) for arm in arms]
    arms = list(as_in_grid(tuple(arms)))
    lines = [line for data in protocol["data"] for line in _lines(data, arms, protocol, out)]
    return BenchmarkResult(out, protocol, kept["digest"], tuple(lines))


def run_folders(out: Path) -> list[Path]:
    """The folders of all finished runs of a benchmark, method by method.

    Raises:
        InputError, CheckpointError: as for `gather`.
    """
    lines = gather(out).lines
    return [out / line.runs[seed] for line in lines for seed in line.by_seed]


def runs_in(folder: Path) -> list[Path] | None:
    """The finished runs of the folder of a benchmark, of one of its data sets, or of a method.

    Args:
        folder: OUT, OUT/runs/DATA or OUT/runs/DATA/METHOD.

    Returns:
        Their folders, method by method; None where the folder is of no benchmark.

    Raises:
        InputError: none is finished.
        CheckpointError: as for `gather`.
    """
    place = folder.resolve()
    above = [place, *place.parents[:3]]
    out = next((one for one in above if is_there(one / PROTOCOL_NAME)), None)
    if out is None or place.relative_to(out).parts[:1] not in ((), (RUNS,)):
        return None
    if is_there(place / RECORD_NAME):
        return None  # a run itself
    found = [run for run in run_folders(out) if run.is_relative_to(place)]
    if not found:
        raise InputError(
            f"Expected finished runs of a benchmark in '{folder}', but it has none; give the --out "
            f"of 'earlysieve benchmark', or a folder of {RUNS}/ in it"
        )
    return [folder / run.relative_to(place) for run in found]


def _arm(name: str, kept: Mapping[str, Any], protocol: Mapping[str, Any]) -> Arm:
    tuned = None
    if "tuned" in kept:
        trials = protocol["budget"]["trials"]
        tuned = Tuning(tuple(kept["tuned"]), trials, protocol["seeds"][0])
    kind = Kind(**kept["kind"]) if "kind" in kept else None
    # Only its name counts: `as_in_grid` puts the arm of that name in its place.
    teacher = Arm(kept["teacher"], kept["teacher"]) if "teacher" in kept else None
    return Arm(name, kept["method"], kept["source"], kept["settings"], tuned, kind, teacher)


def _lines(data: str, arms: Sequence[Arm], protocol: Mapping[str, Any], out: Path) -> list[Line]:
    seeds = protocol["seeds"]
    found = {arm.name: _records([RunCell(data, arm, seed) for seed in seeds], out) for arm in arms}
    plain = found[PLAIN]
    return [
        _line(data, arm, found[arm.name], plain, protocol, out) for arm in arms if found[arm.name]
    ]


def _records(cells: Sequence[RunCell], out: Path) -> dict[int, Record]:
    found = {cell.seed: read_record(folder_of(out, cell)) for cell in cells}
    return {seed: record for seed, record in found.items() if record is not None}


def _line(
    data: str,
    arm: Arm,
    records: Mapping[int, Record],
    plain: Mapping[int, Record],
    protocol: Mapping[str, Any],
    out: Path,
) -> Line:
    done = {seed: one for seed, one in records.items() if one.state == "complete"}
    base = {seed: one for seed, one in plain.items() if one.state == "complete"}
    cells = {seed: RunCell(data, arm, seed) for seed in records}
    return Line(
        data,
        arm.name,
        arm.method,
        arm.source,
        supervision_of(arm, protocol["select"]),
        _tuned_words(data, arm, out),
        {seed: cell.place for seed, cell in cells.items()},
        {seed: one.figures for seed, one in done.items()},
        _means(done),
        {} if arm.name == PLAIN else _differences(done, base),
        _cost({seed: cells[seed] for seed in done}, done, base, out),
        {seed: one.why for seed, one in records.items() if one.state == "failed"},
        _group_means(done),
        *_search_of(data, arm, out),
        _chance(done),
    )


def _search_of(data: str, arm: Arm, out: Path) -> tuple[int, dict[str, Any], bool]:
    """How many trials there were, what they chose, and whether that is the plain method.

    One and nothing where nothing is tuned.
    """
    record = None if arm.tuned is None else read_record(folder_of(out, SearchCell(data, arm)))
    if record is None or record.state == "failed":
        return (1, {}, False) if arm.tuned is None else (0, {}, False)
    found = record.settings
    chosen = {**found["method_options"], **found["fields"]}
    return int(found["trials"]), chosen, found.get("chosen") == 0


def _tuned_words(data: str, arm: Arm, out: Path) -> str:
    """The settings that are searched; empty where nothing is tuned."""
    if arm.tuned is None:
        return ""
    record = read_record(folder_of(out, SearchCell(data, arm)))
    names = arm.tuned.names if record is None else record.settings.get("searched", arm.tuned.names)
    return ", ".join(names) or ALL


def _means(done: Mapping[int, Record]) -> dict[str, OverSeeds]:
    return {
        name: over_seeds([one.figures[name] for one in done.values()])
        for name in FIGURES
        if done and all(name in one.figures for one in done.values())
    }


def _differences(done: Mapping[int, Record], base: Mapping[int, Record]) -> dict[str, OverSeeds]:
    found = {}
    for name in FIGURES:
        both = [
            s for s in done if s in base and name in done[s].figures and name in base[s].figures
        ]
        if both:
            ours, theirs = ([one[s].figures[name] for s in both] for one in (done, base))
            found[name] = paired_over_seeds(ours, theirs)
    return found


def _cost(
    cells: Mapping[int, RunCell],
    done: Mapping[int, Record],
    base: Mapping[int, Record],
    out: Path,
) -> float:
    """Of all that is needed, relative to plain training; by the clock where a GPU did some."""
    shared = [seed for seed in done if seed in base]
    needed = [one for seed in shared for one in all_needs(cells[seed])]
    records = [read_record(folder_of(out, one)) for one in needed]
    spent = [*(one for one in records if one is not None), *(done[seed] for seed in shared)]
    plain = [base[seed] for seed in shared]
    on_processors = all(one.processor is not None for one in (*spent, *plain))
    ours, theirs = (
        math.fsum((one.processor or 0.0) if on_processors else one.seconds for one in group)
        for group in (spent, plain)
    )
    return ours / theirs if theirs else math.nan


def _chance(done: Mapping[int, Record]) -> float | None:
    """What guessing comes to where classes are equally frequent."""
    known = [one.classes for one in done.values() if one.classes]
    return 1 / min(known) if known else None


def _group_means(done: Mapping[int, Record]) -> dict[str, float]:
    by_name: dict[str, list[float]] = {}
    for one in done.values():
        for group in one.groups:
            by_name.setdefault(str(group["name"]), []).append(float(group["accuracy"]))
    return {name: math.fsum(found) / len(found) for name, found in by_name.items()}
