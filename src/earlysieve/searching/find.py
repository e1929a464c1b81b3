"""The trials of a search in a folder, and the choice among them."""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earlysieve._files import is_there, output_folder
from earlysieve.errors import InputError
from earlysieve.methods.registry import method_settings
from earlysieve.runs.data_fingerprint import fingerprints_of
from earlysieve.runs.reporter import Reporter
from earlysieve.runs.train_data import open_parts
from earlysieve.searching.choice import choose
from earlysieve.searching.lock import held
from earlysieve.searching.one_trial import few_warnings
from earlysieve.searching.places import FAILURE, finished, take_up
from earlysieve.searching.plan import PLAN_NAME, Plan, keep, keep_data
from earlysieve.searching.result import TrialRow
from earlysieve.searching.space import Dimension, plain_config, space_of
from earlysieve.searching.storage import import_optuna, open_storage, quiet_optuna
from earlysieve.searching.titles import run_title
from earlysieve.searching.together import work_together
from earlysieve.searching.worker import CheckTime, Work, open_study, work_on

if TYPE_CHECKING:
    import optuna

    from earlysieve.training import TrainConfig
    from earlysieve.training.select_model import Choice

_LOOK = 1.0  # seconds between looks at what other processes have done
OnTrial = Callable[[TrialRow, TrialRow | None], None]


@dataclass(frozen=True)
class SearchOptions:
    """How much is searched, and where it is kept; none of it changes what a trial comes to.

    Attributes:
        trials: how many in all, >= 1, trial 0 included.
        timeout: seconds after which no more trials begin, > 0; None: never.
        jobs: processes that train, >= 1.
        storage: URL of Optuna, or "journal:PATH"; None: a file in the folder.
        seeds: how often the choice and the plain method are trained again, >= 1.

    Raises:
        InputError: one is out of its range.
    """

    trials: int = 50
    timeout: float | None = None
    jobs: int = 1
    storage: str | None = None
    seeds: int = 3

    def __post_init__(self) -> None:
        for name in ("trials", "jobs", "seeds"):
            if getattr(self, name) < 1:
                raise InputError(
                    f"Expected {name} to be at least 1, but got {getattr(self, name)}; give more"
                )
        if self.timeout is not None and not self.timeout > 0:
            raise InputError(
                f"Expected timeout to be above 0 seconds, but got {self.timeout}; give more time"
            )


@dataclass(frozen=True)
class Found:
    """What the trials of a search came to.

    Attributes:
        work: what was searched, and where.
        study: of Optuna.
        trials: those that are finished.
        place: of the chosen one; 0: the plain method stays.
        values: its settings.
        choice: why.
    """

    work: Work
    study: "optuna.Study"
    trials: list[TrialRow]
    place: int
    values: Mapping[str, Any]
    choice: "Choice"


def find(
    config: "TrainConfig",
    out: Path,
    *,
    fixed: Collection[str],
    space: Mapping[str, str],
    pruning: bool,
    options: SearchOptions,
    reporter: Reporter,
    on_trial: OnTrial | None,
    check_time: CheckTime | None = None,
) -> Found:
    """Train the trials of a search, or go on with them, and choose.

    Args:
        check_time: see `Work`; for the others see `search`.

    Raises:
        EarlysieveError: see `search`.
    """
    import_optuna()
    _check_validation(config)
    settings = asdict(method_settings(config.method, config.method_options))
    config = replace(config, method_options=settings)
    plan = Plan(config, searched_space(config, fixed, space), pruning)
    if not is_there(out / PLAN_NAME):
        _try_out(plan, out, options.storage)
    output_folder(out)
    data = fingerprints_of(open_parts(config, progress=False))
    with held(out):
        keep(plan, out)
        keep_data(data, out)
    until = None if options.timeout is None else time.time() + options.timeout
    work = Work(
        plan,
        out,
        options.storage,
        f"search {out.name}",
        options.trials,
        until,
        reporter.trackers,
        check_time,
        reporter.title or run_title(config),
    )
    study = open_study(work)
    _tell_kept(len(finished(study.get_trials(deepcopy=False))), options.trials, reporter)
    hear = _listener(study, on_trial)
    with quiet_optuna():
        _train_all(work, options.jobs, hear, study)
        done = finished(study.get_trials(deepcopy=False))
    place, choice = choose(config, out, done)
    return Found(work, study, _rows(done), place, dict(done[place].params), choice)


def _tell_kept(kept: int, trials: int, reporter: Reporter) -> None:
    if kept:
        what = "Nothing is left to search" if kept >= trials else "Going on with the search"
        reporter.tell(f"{what}: {kept} of {max(kept, trials)} trials are kept from earlier.")


def searched_space(
    config: "TrainConfig", fixed: Collection[str], space: Mapping[str, str]
) -> tuple[Dimension, ...]:
    """The dimensions of a search; the layers of the network are found where they are searched.

    Raises:
        EarlysieveError: see `space_of`, or the network cannot be built.
    """
    return space_of(config, fixed=fixed, given=space, layers=lambda: _layers(config))


def _check_validation(config: "TrainConfig") -> None:
    if config.validation is None:
        raise InputError(
            "Expected validation data to choose by, but got none; hold some out, for instance with "
            "--validation 0.2"
        )


def _try_out(plan: Plan, out: Path, storage: str | None) -> None:
    """Prepare trial 0 and reach the storage before a folder belongs to a plan that cannot be."""
    from earlysieve.runs.train_run import TrainRun

    with few_warnings():
        TrainRun.prepare(plain_config(plan.config, plan.space), out, Reporter())
    if storage is not None:
        with quiet_optuna():
            open_storage(storage, out)


def _train_all(
    work: Work,
    jobs: int,
    hear: Callable[[], None],
    study: "optuna.Study",
) -> None:
    if jobs > 1:
        work_together(partial(work_on, work, _ignore), jobs, hear)
    while not work.is_over:
        work_on(work, hear)
        trials = study.get_trials(deepcopy=False)
        if work.is_over or len([p for p in finished(trials) if p < work.trials]) >= work.trials:
            break
        hear()
        time.sleep(_LOOK)  # others are at work on the last trials
        take_up(study, work.out, work.trials)
    hear()


def _ignore() -> None:
    """Say nothing."""


def _listener(study: "optuna.Study", on_trial: OnTrial | None) -> Callable[[], None]:
    """Tells of each finished trial once, those of earlier calls and other processes included."""
    told: set[int] = set()

    def hear() -> None:
        rows = _rows(finished(study.get_trials(deepcopy=False)))
        scored = [r for r in rows if r.state == "complete" and r.score is not None]
        best = max(scored, key=lambda row: row.score or 0.0, default=None)
        for row in rows:
            if row.place not in told and on_trial is not None:
                on_trial(row, best)
            told.add(row.place)

    return hear


def _rows(done: "Mapping[int, optuna.trial.FrozenTrial]") -> list[TrialRow]:
    return [
        TrialRow(
            place,
            "failed" if FAILURE in trial.user_attrs else trial.state.name.lower(),
            trial.value,
            dict(trial.params),
            None if trial.duration is None else trial.duration.total_seconds(),
            str(trial.user_attrs.get(FAILURE, "")),
        )
        for place, trial in done.items()
    ]


def _layers(config: "TrainConfig") -> list[str]:
    """The layers that end the stages of the network."""
    from earlysieve.methods.stage_layer import stage_layers
    from earlysieve.runs.train_run import TrainRun

    bare = replace(config, method="erm", method_options={})
    return stage_layers(TrainRun.prepare(bare, Path(), Reporter()).job)
