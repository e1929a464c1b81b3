"""The search for the settings of an arm, on data of one seed, and what it chose."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earlysieve.benchmarking.cells import RunCell, SearchCell, folder_of
from earlysieve.benchmarking.configs import config_of, plain_config, plain_settings, with_layer
from earlysieve.benchmarking.log import Clock, Log, logging
from earlysieve.benchmarking.made_with import note_data, write_made_with
from earlysieve.benchmarking.record import Record, read_record
from earlysieve.runs.data_fingerprint import fingerprints_of
from earlysieve.runs.reporter import Reporter
from earlysieve.runs.train_data import open_parts
from earlysieve.runs.train_run import TrainRun
from earlysieve.searching import space
from earlysieve.searching.find import Found, SearchOptions, find, searched_space
from earlysieve.searching.one_trial import few_warnings
from earlysieve.searching.result import TrialRow
from earlysieve.tracking.named import prepare_trackers

if TYPE_CHECKING:
    from earlysieve.benchmarking.grid import Grid
    from earlysieve.benchmarking.tuning import Tuning
    from earlysieve.training import TrainConfig

SEARCH_NAME = "search"


def make_search(cell: SearchCell, grid: "Grid", out: Path, reporter: Reporter) -> Record:
    """Search, or go on where it stopped; `as_chosen` reads what the record says.

    Raises:
        EarlysieveError: the plain method cannot be trained.
    """
    folder, tuned = folder_of(out, cell), _tuning(cell)
    config, fixed = _searched(cell, grid, out)
    prepare_trackers(reporter.trackers)
    log = Log(folder)
    log(f"{cell.title}: begun or taken up")
    write_made_with(folder)
    plain = plain_config(grid.protocol, cell.data, cell.run.seed)
    note_data(cell, out, fingerprints_of(open_parts(plain, progress=False)))
    clock = Clock(folder, config.device)

    def on_trial(row: TrialRow, _best: TrialRow | None) -> None:
        clock.keep()
        score = "" if row.score is None else f" {row.score:.4g}"
        log(f"trial {row.place}: {row.state}{score}")

    found = find(
        config,
        folder / SEARCH_NAME,
        fixed=fixed,
        space=tuned.space,
        pruning=True,
        options=SearchOptions(trials=tuned.trials),
        reporter=replace(logging(reporter, log, _ignore), title=cell.run.title),
        on_trial=on_trial,
        check_time=grid.protocol.budget.check_time,
    )
    log(f"{cell.title}: over after {clock.seconds:.1f} s; {found.choice.explanation}")
    return Record(
        "complete",
        clock.seconds,
        settings=_settings(found),
        notes=[found.choice.explanation],
        processor=clock.processor,
    )


def check_search(cell: SearchCell, grid: "Grid", out: Path) -> None:
    """Check what is searched, before anything is written.

    Raises:
        EarlysieveError: a range is not one of its setting, nothing is left to search, or Optuna is
            not installed.
    """
    from earlysieve.searching.storage import import_optuna

    import_optuna()
    config, fixed = _searched(cell, grid, out)
    searched_space(replace(config, groups_from=None), fixed, _tuning(cell).space)


def as_chosen(config: "TrainConfig", cell: RunCell, out: Path) -> "TrainConfig":
    """The configuration of a run with what a search chose for its arm, if there is one.

    Where the plain method stayed and a method has no settings under which it is that, this is plain
    training.
    """
    if cell.search is None:
        return config
    record = read_record(folder_of(out, cell.search))
    if record is None:
        raise RuntimeError(f"{cell.title} comes before its search")
    chosen = record.settings
    if chosen["method"] != config.method:
        return plain_settings(config)
    options = {**config.method_options, **chosen["method_options"]}
    return replace(config, method_options=options, **chosen["fields"])


def _settings(found: Found) -> dict[str, Any]:
    """What is chosen, as fields of a configuration, and how many trials there were."""
    plan = found.work.plan
    own = {item.name for item in plan.space if item.of_method}
    values, method = found.values, plan.config.method
    options: Mapping[str, Any] = {k: v for k, v in values.items() if k in own}
    if found.place == 0:
        stayed = space.plain_config(plan.config, plan.space)
        method, now = stayed.method, plan.config.method_options
        options = {k: v for k, v in stayed.method_options.items() if k not in now or v != now[k]}
    return {
        "method": method,
        "method_options": dict(options),
        "fields": {k: v for k, v in values.items() if k not in own},
        "searched": [item.name for item in plan.space],
        "trials": len(found.trials),
        "chosen": found.place,
    }


def _searched(cell: SearchCell, grid: "Grid", out: Path) -> tuple["TrainConfig", set[str]]:
    """Where the search begins, and which settings it leaves as they are."""
    run, tuned = cell.run, _tuning(cell)
    config = config_of(run, grid.protocol, out)
    fixed = set(cell.arm.settings)
    if tuned.settings:
        fixed = set(config.method_options) - set(tuned.names)
    if config.method_options.get("layer", "") is None and "layer" in fixed:
        plain = plain_config(grid.protocol, cell.data, run.seed)
        with few_warnings():
            bare = TrainRun.prepare(plain_settings(plain), out, Reporter())
            config = with_layer(config, bare)
    return config, fixed


def _tuning(cell: SearchCell) -> "Tuning":
    if cell.arm.tuned is None:
        raise RuntimeError(f"{cell.title}, of which nothing is tuned")
    return cell.arm.tuned


def _ignore(_event: Any) -> None:
    """Say nothing."""
