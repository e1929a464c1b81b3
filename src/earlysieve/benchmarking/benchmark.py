"""A benchmark in a folder: cells, tables and a page; the same call goes on where it stopped."""

import os
from collections.abc import Callable, Mapping, Sequence, Set
from functools import partial
from pathlib import Path
from typing import Any

from earlysieve._files import check_output, output_folder
from earlysieve.benchmarking.arms import Arm
from earlysieve.benchmarking.cells import Cell, RunCell, cells_of, folder_of
from earlysieve.benchmarking.checks import check_grid
from earlysieve.benchmarking.gather import gather
from earlysieve.benchmarking.grid import Grid, grid_of, with_first_seed
from earlysieve.benchmarking.kept import check_same, keep, read_kept
from earlysieve.benchmarking.lines import BenchmarkResult
from earlysieve.benchmarking.page import write_page
from earlysieve.benchmarking.protocol import Protocol
from earlysieve.benchmarking.record import Record, read_record
from earlysieve.benchmarking.work import Hear, forget_failed, tell_over, work
from earlysieve.benchmarking.written import write_tables
from earlysieve.errors import InputError, MissingDependencyError
from earlysieve.runs.reporter import Reporter
from earlysieve.searching.lock import held
from earlysieve.searching.together import work_together
from earlysieve.tracking.named import prepare_trackers


def benchmark(
    protocol: Protocol,
    methods: Sequence[str | Mapping[str, Any] | Arm],
    out: str | os.PathLike[str],
    *,
    jobs: int = 1,
    retry_failed: bool = False,
    reporter: Reporter | None = None,
    on_cell: Callable[[Cell, Record], None] | None = None,
) -> BenchmarkResult:
    """Compare methods under one protocol, each with the same seeds, in a results folder.

    Every cell is an ordinary run in a folder of its own. What is over is never repeated: a
    benchmark that was stopped goes on, and data sets, methods and seeds may be added to it. Several
    processes may work on one folder.

    Args:
        protocol: data, seeds, budget, rule of choice and training, the same for all.
        methods: METHOD or METHOD@SOURCE, where SOURCE says whence groups come: audit, xrm,
            disagreement, errors, eiil, spare, true or a file; or mappings with `method`, `name` and
            `settings`. Plain training, which the others are compared with, is added.
        out: folder of the results.
        jobs: processes that train, >= 1; more than one need `if __name__ == "__main__":`.
        retry_failed: try again what has failed.
        reporter: passed on to runs.
        on_cell: called with each cell that becomes complete or fails, and with those that failed in
            an earlier call.

    Returns:
        All that the folder holds, of earlier calls, too.

    Raises:
        EarlysieveError: before anything is written: a method, a source, a setting, data or network
            do not fit, or the folder holds another protocol. Later: it cannot be written.

    Example:
        >>> import tempfile
        >>> import earlysieve as es
        >>> network = {"input_shape": (50,), "widths": (4,)}
        >>> model = {"model": "earlysieve.networks.small_mlp:SmallMLP", "model_options": network}
        >>> data = {"latents": es.DataSplits("latents", options={"limit": 300}, training=model)}
        >>> protocol = es.Protocol(data, seeds=(0,), budget=es.Budget(epochs=1))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     result = es.benchmark(protocol, ["crt"], folder)
        >>> result.table["name"].tolist()
        ['erm', 'crt']
    """
    return run_grid(
        grid_of(protocol, methods),
        Path(out),
        jobs=jobs,
        retry_failed=retry_failed,
        reporter=reporter,
        on_cell=on_cell,
    )


def run_grid(
    grid: Grid,
    out: Path,
    *,
    jobs: int = 1,
    retry_failed: bool = False,
    reporter: Reporter | None = None,
    on_cell: Callable[[Cell, Record], None] | None = None,
) -> BenchmarkResult:
    """As `benchmark`, of a grid."""
    if jobs < 1:
        raise InputError(f"Expected jobs to be at least 1, but got {jobs}; give more")
    grid = _as_begun(grid, out)
    prepare(grid, out, retry_failed=retry_failed)
    reporter, cells = reporter or Reporter(), cells_of(grid)
    kept = _kept(cells, out)
    _tell_kept(kept, len(cells), reporter)
    whole = {cell for cell, record in kept.items() if record.state == "complete"}
    hear = _told_once(_with_tables(on_cell or _ignore, set(kept), out), whole)
    prepare_trackers(reporter.trackers)
    if jobs > 1:
        silent = Reporter(trackers=reporter.trackers)
        task = partial(work, cells, grid, out, silent, _ignore)
        work_together(task, jobs, lambda: tell_over(cells, out, hear))
    work(cells, grid, out, reporter, hear)
    return conclude(out, reporter)


def _kept(cells: Sequence[Cell], out: Path) -> dict[Cell, Record]:
    found = {cell: read_record(folder_of(out, cell)) for cell in cells}
    return {cell: record for cell, record in found.items() if record is not None}


def _tell_kept(kept: Mapping[Cell, Record], total: int, reporter: Reporter) -> None:
    if not kept:
        return
    failed = sum(record.state == "failed" for record in kept.values())
    what = "Nothing is left to run" if len(kept) == total else "Going on with the benchmark"
    reporter.tell(
        f"{what}: {len(kept)} of {total} cells are kept from earlier"
        + (f", {failed} of which failed (--retry-failed tries again)." if failed else ".")
    )


def prepare(grid: Grid, out: Path, *, retry_failed: bool = False) -> None:
    """Check everything, and keep the protocol in the folder.

    Raises:
        EarlysieveError: see `benchmark`.
    """
    check_output(out)
    _check_empty(out)
    check_same(out, grid)
    check_grid(grid, out)
    output_folder(out)
    with held(out):
        keep(out, grid)
        if retry_failed:
            forget_failed(cells_of(grid), out)


def conclude(out: Path, reporter: Reporter) -> BenchmarkResult:
    """Gather what is over, and write tables and the page."""
    with held(out):
        result = gather(out)
        write_tables(result)
        try:
            write_page(result)
        except MissingDependencyError as error:
            reporter.tell(f"No page: {error}")
    return result


def _as_begun(grid: Grid, out: Path) -> Grid:
    """The grid whose searches see the data of the seed that the folder began with."""
    seeds = ((read_kept(out) or {}).get("protocol") or {}).get("seeds")
    return with_first_seed(grid, seeds[0]) if seeds else grid


def _check_empty(out: Path) -> None:
    """Refuse a folder of something else, whose runs would be taken for cells.

    Raises:
        InputError: it has runs or groups, but no protocol.
    """
    from earlysieve.benchmarking.cells import GROUPS, RUNS, SEARCHES
    from earlysieve.benchmarking.kept import PROTOCOL_NAME

    foreign = [name for name in (RUNS, GROUPS, SEARCHES) if (out / name).exists()]
    if foreign and not (out / PROTOCOL_NAME).exists():
        raise InputError(
            f"Expected the results of a benchmark, or an empty folder, in '{out}', but it holds "
            f"'{foreign[0]}' without {PROTOCOL_NAME}; choose another --out"
        )


def _ignore(_cell: Cell, _record: Record) -> None:
    """Say nothing."""


def _with_tables(hear: Hear, kept: Set[Cell], out: Path) -> Hear:
    """Writes the tables after each run that was not kept, so that a stop leaves no old ones."""

    def listen(cell: Cell, record: Record) -> None:
        hear(cell, record)
        if isinstance(cell, RunCell) and cell not in kept:
            with held(out):
                write_tables(gather(out))

    return listen


def _told_once(hear: Hear, before: Set[Cell]) -> Hear:
    """Without the cells that were told before."""
    told = set(before)

    def once(cell: Cell, record: Record) -> None:
        if cell not in told:
            told.add(cell)
            hear(cell, record)

    return once
