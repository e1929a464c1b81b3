"""A search in a folder: trials, choice, and both the choice and plain training again."""

import json
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from earlysieve._files import is_there, output_folder, write_text
from earlysieve._json import plain
from earlysieve.errors import InputError, MissingDependencyError
from earlysieve.methods.registry import method_settings
from earlysieve.runs.reporter import Reporter
from earlysieve.searching.again import differences, fresh_seeds, train_again
from earlysieve.searching.choice import choose
from earlysieve.searching.lock import held
from earlysieve.searching.places import FAILURE, finished, take_up
from earlysieve.searching.plan import PLAN_NAME, Plan, keep
from earlysieve.searching.result import RESULT_NAME, SearchResult, TrialRow
from earlysieve.searching.space import configured, plain_config, space_of
from earlysieve.searching.storage import import_optuna, open_storage, quiet_optuna
from earlysieve.searching.together import work_together
from earlysieve.searching.worker import Work, open_study, work_on

if TYPE_CHECKING:
    import optuna

    from earlysieve.training import TrainConfig

_LOOK = 1.0  # seconds between looks at what other processes have done


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


def search(
    config: "TrainConfig",
    out: Path,
    *,
    fixed: Collection[str] = (),
    space: Mapping[str, str] | None = None,
    pruning: bool = True,
    options: SearchOptions | None = None,
    reporter: Reporter | None = None,
    on_trial: Callable[[TrialRow, TrialRow | None], None] | None = None,
) -> SearchResult:
    """Search for the settings of a method, choose, and train the choice again with fresh seeds.

    The same call goes on where it was stopped, however that was.

    Args:
        config: what is not searched; its validation data and `select` decide.
        out: folder of the search.
        fixed: settings of the method that are not searched.
        space: further or other dimensions, see `space_of`.
        pruning: stop trials that lag behind the median.
        options: how much, and where it is kept.
        reporter: hears what is done.
        on_trial: called with each trial that is finished, and the best so far.

    Raises:
        EarlysieveError: there are no validation data, `out` belongs to another search, the storage
            cannot be reached, or trial 0 cannot be trained.
    """
    options, reporter = options or SearchOptions(), reporter or Reporter()
    import_optuna()
    _check_validation(config)
    settings = asdict(method_settings(config.method, config.method_options))
    config = replace(config, method_options=settings)
    plan = Plan(
        config,
        space_of(config, fixed=fixed, given=space, layers=lambda: _layers(config)),
        pruning,
    )
    if not is_there(out / PLAN_NAME):
        _try_out(plan, out, options.storage)
    output_folder(out)
    with held(out):
        keep(plan, out)
    until = None if options.timeout is None else time.time() + options.timeout
    work = Work(
        plan, out, options.storage, f"search {out.name}", options.trials, until, reporter.trackers
    )
    study = open_study(work)
    hear = _listener(study, on_trial)
    with quiet_optuna():
        _train_all(work, options.jobs, hear, study)
        done = finished(study.get_trials(deepcopy=False))
    result = _conclude(work, done, options.seeds, reporter)
    write_text(out / RESULT_NAME, json.dumps(plain(result), indent=2) + "\n")
    _write_page(result, work, study, reporter)
    return result


def _write_page(
    result: SearchResult, work: Work, study: "optuna.Study", reporter: Reporter
) -> None:
    from earlysieve.searching.page import PAGE_NAME, render_search
    from earlysieve.searching.plots import plots_of

    try:
        plots = plots_of(result.trials, study, result.select)
        page = render_search(result, plots, work.plan.config)
    except MissingDependencyError as error:
        reporter.tell(f"No page: {error}")
        return
    write_text(work.out / PAGE_NAME, page)


def _check_validation(config: "TrainConfig") -> None:
    if config.validation is None:
        raise InputError(
            "Expected validation data to choose by, but got none; hold some out, for instance with "
            "--validation 0.2"
        )


def _try_out(plan: Plan, out: Path, storage: str | None) -> None:
    """Prepare trial 0 and reach the storage before a folder belongs to a plan that cannot be."""
    from earlysieve.runs.train_run import TrainRun

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


def _listener(
    study: "optuna.Study", on_trial: Callable[[TrialRow, TrialRow | None], None] | None
) -> Callable[[], None]:
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


def _conclude(
    work: Work, done: "Mapping[int, optuna.trial.FrozenTrial]", seeds: int, reporter: Reporter
) -> SearchResult:
    config = work.plan.config
    place, choice = choose(config, work.out, done)
    reporter.tell(choice.explanation)
    fresh = fresh_seeds(config.seed, seeds)
    base = train_again(plain_config(config, work.plan.space), 0, work.out, fresh, reporter)
    values = dict(done[place].params)
    best = None
    if place:
        chosen = configured(config, work.plan.space, values)
        best = train_again(chosen, place, work.out, fresh, reporter)
    return SearchResult(
        place,
        values,
        choice.explanation,
        choice.select,
        choice.supervision,
        _rows(done),
        base,
        best,
        {} if best is None else differences(best, base),
    )


def _layers(config: "TrainConfig") -> list[str]:
    """The layers that end the stages of the network."""
    from earlysieve.methods.stage_layer import stage_layers
    from earlysieve.runs.train_run import TrainRun

    bare = replace(config, method="erm", method_options={})
    return stage_layers(TrainRun.prepare(bare, Path(), Reporter()).job)
