"""One cell: an ordinary run in its folder, then its figures on the test data."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earlysieve.benchmarking.cells import RunCell, folder_of
from earlysieve.benchmarking.configs import (
    config_of,
    parts_for,
    plain_config,
    plain_settings,
    with_layer,
)
from earlysieve.benchmarking.log import Clock, Log, logging
from earlysieve.benchmarking.made_with import note_data, write_made_with
from earlysieve.benchmarking.on_test import figures_on_test
from earlysieve.benchmarking.one_search import as_chosen
from earlysieve.benchmarking.record import Record
from earlysieve.datasets.group_sizes import sizes_of
from earlysieve.datasets.opened_data import opened
from earlysieve.measures.by_cell import shares_of
from earlysieve.methods.registry import method_named
from earlysieve.runs.data_fingerprint import fingerprints_of
from earlysieve.runs.reporter import Reporter
from earlysieve.runs.train_data import Parts, open_parts
from earlysieve.runs.train_run import TrainRun
from earlysieve.searching.one_trial import few_warnings
from earlysieve.tracking.listening import tracked
from earlysieve.tracking.named import prepare_trackers

if TYPE_CHECKING:
    from earlysieve.benchmarking.grid import Grid
    from earlysieve.training import Event, FitResult, TrainConfig


def make_run(cell: RunCell, grid: "Grid", out: Path, reporter: "Reporter") -> Record:
    """Train a cell, or go on where it stopped, and measure it on the test data.

    Raises:
        EarlysieveError: it cannot be trained, or takes longer than the budget allows.
    """
    folder, protocol = folder_of(out, cell), grid.protocol
    plain, log = plain_config(protocol, cell.data, cell.seed), Log(folder)

    def listen(event: "Event") -> None:
        if event.kind != "step":
            clock.keep()
        protocol.budget.check_time(clock.seconds, event.epoch)

    heard = replace(logging(reporter, log, listen), title=cell.title)
    log(f"{cell.title}: begun or taken up")
    write_made_with(folder)
    run, parts = prepared(cell, grid, out, heard)
    note_data(cell, out, fingerprints_of(parts))
    prepare_trackers(reporter.trackers)
    # What is loaded and tried out once in a process is not the cost of the first method.
    clock = Clock(folder, plain.device)
    with few_warnings():
        result = run.train(resume=True)
    run.save(result)
    seconds, processor = clock.seconds, clock.processor
    clock.keep()
    found = figures_on_test(
        run.algorithm.model,
        plain,
        protocol.data[cell.data].test,
        folder,
        chosen=_chosen(run, result),
        shares=_shares(parts.train),
    )
    note_data(cell, out, {"test": found.data})
    track_test(run, found.figures, result, heard)
    log(f"{cell.title}: over after {seconds:.1f} s")
    return Record(
        "complete",
        seconds,
        found.figures,
        found.groups,
        None if cell.arm.is_repair else result.best_epoch,
        run.config.method_options,
        list(run.job.notes),
        processor=processor,
        classes=found.classes,
        validation_groups=sizes_of(parts.validation),
    )


def track_test(
    run: TrainRun, figures: Mapping[str, float], result: "FitResult", reporter: Reporter
) -> None:
    """Pass figures on the test data to the trackers, in the run that holds those of training."""
    from earlysieve.training.events import Event

    watching = reporter.trackers, run.config.to_dict(), run.out, reporter.tell
    with tracked(*watching, title=reporter.title) as hear:
        hear(Event("test", result.epochs, result.steps, figures))


def prepared(
    cell: RunCell, grid: "Grid", out: Path, reporter: "Reporter"
) -> tuple[TrainRun, Parts]:
    """The run of a cell, ready to start, and the data of the plain run; nothing is written.

    Raises:
        EarlysieveError: something is missing, wrong, or does not fit.
    """
    plain = plain_config(grid.protocol, cell.data, cell.seed)
    parts = open_parts(plain, progress=False)
    config = as_chosen(config_of(cell, grid.protocol, out), cell, out)
    with few_warnings():
        if "layer" in config.method_options:
            bare = TrainRun.prepare(plain_settings(plain), out, Reporter(), parts=parts)
            config = with_layer(config, bare)
        own = parts_for(cell, parts)
        run = TrainRun.prepare(config, folder_of(out, cell), reporter, parts=own)
    return run, parts


def _shares(train: Any) -> dict[int, float] | None:
    """The share of each group of the training data; None where they name none."""
    groups = opened(train).groups
    return None if groups is None else shares_of(groups)


def _chosen(run: TrainRun, result: "FitResult") -> str:
    config: TrainConfig = run.config
    if method_named(config.method).starts_trained:
        return "a repair of the plain run, fitted to validation data; nothing was chosen"
    if result.restored_best:
        return f"epoch {result.best_epoch} of {result.epochs}, chosen by {config.select}"
    return f"the last of {result.epochs} epochs, which nothing chose"
