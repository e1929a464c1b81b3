"""Cell after cell, by one process or several on one folder; each cell is made by one of them."""

import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from earlysieve.benchmarking.cells import Cell, RunCell, SearchCell, folder_of
from earlysieve.benchmarking.grid import Grid
from earlysieve.benchmarking.one_groups import make_groups
from earlysieve.benchmarking.one_run import make_run
from earlysieve.benchmarking.one_search import make_search
from earlysieve.benchmarking.record import RECORD_NAME, Record, keep_record, read_record
from earlysieve.errors import CheckpointError, MissingDependencyError, OutputError, one_line
from earlysieve.runs.reporter import Reporter
from earlysieve.searching.lock import held_if_free

_LOOK = 0.5  # seconds between looks at what other processes have done
# Errors that are not the fault of a cell.
_FATAL = (CheckpointError, MissingDependencyError, OutputError)
Hear = Callable[[Cell, Record], None]


def work(cells: Sequence[Cell], grid: Grid, out: Path, reporter: Reporter, hear: Hear) -> None:
    """Make all cells that are not over; wait for those that other processes have in hand.

    A lock on the folder of a cell says who makes it. It goes with the process, so that what a dead
    one has begun is taken up by another. A cell that fails is kept as failed, and the others go on.

    Args:
        cells: each after what it needs.
        grid: whose they are.
        out: folder of the results.
        reporter: hears of each cell that this process begins; passed on to runs.
        hear: told of each cell when it is over, those of other processes included.
    """
    left = list(cells)
    if any(read_record(folder_of(out, cell)) is None for cell in left):
        _import_what_cells_import()
    while left:
        worked = False
        for cell in list(left):
            record = read_record(folder_of(out, cell))
            if record is None and _is_ready(cell, out):
                place = f"{cells.index(cell) + 1} of {len(cells)}"
                record = _made(cell, grid, out, reporter, place)
                worked = worked or record is not None
            if record is not None:
                left.remove(cell)
                hear(cell, record)
        if left and not worked:
            time.sleep(_LOOK)


def tell_over(cells: Sequence[Cell], out: Path, hear: Hear) -> None:
    """Tell of all cells that are over."""
    for cell in cells:
        record = read_record(folder_of(out, cell))
        if record is not None:
            hear(cell, record)


def forget_failed(cells: Sequence[Cell], out: Path) -> None:
    """Let failed cells be tried again."""
    for cell in cells:
        folder = folder_of(out, cell)
        record = read_record(folder)
        if record is not None and record.state == "failed":
            with suppress(FileNotFoundError):  # another process was faster
                (folder / RECORD_NAME).unlink()


def _import_what_cells_import() -> None:
    """Import what takes seconds first, or costs would charge it to the cell that comes first."""
    import pandas  # noqa: F401
    import scipy.stats  # noqa: F401


def _is_ready(cell: Cell, out: Path) -> bool:
    return all(read_record(folder_of(out, one)) is not None for one in cell.after)


def _made(cell: Cell, grid: Grid, out: Path, reporter: Reporter, place: str) -> Record | None:
    """What came of a cell; None where another process makes it."""
    folder = folder_of(out, cell)
    with held_if_free(folder) as ours:
        if not ours:
            return None
        found = read_record(folder)  # another process may have just been over
        if found is not None:
            return found
        reporter.tell(f"{place}: {cell.title} ...")
        return keep_record(folder, _tried(cell, grid, out, reporter))


def _tried(cell: Cell, grid: Grid, out: Path, reporter: Reporter) -> Record:
    for one in cell.needs:
        needed = read_record(folder_of(out, one))
        if needed is not None and needed.state == "failed":
            return Record("failed", 0.0, why=f"{one.title} failed: {needed.why}")
    start = time.monotonic()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            if isinstance(cell, RunCell):
                return make_run(cell, grid, out, reporter)
            if isinstance(cell, SearchCell):
                return make_search(cell, grid, out, reporter)
            return make_groups(cell, grid, out, reporter.progress)
    except _FATAL:
        raise
    except Exception as error:  # noqa: BLE001 - networks, data and methods may raise anything
        kind = (
            "" if type(error).__module__.startswith("earlysieve") else f"{type(error).__name__}: "
        )
        why = f"{kind}{one_line(error)}"
        return Record("failed", time.monotonic() - start, why=why)
