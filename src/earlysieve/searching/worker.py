"""A process that works on a search: trial after trial, until there are enough."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from earlysieve.errors import (
    CheckpointError,
    EarlysieveError,
    MissingDependencyError,
    OutputError,
    UserCodeError,
)
from earlysieve.runs.reporter import Reporter
from earlysieve.searching.lock import held
from earlysieve.searching.one_trial import Record, keep_record, train_trial
from earlysieve.searching.places import FAILURE, PLAIN, folder_of, is_all_begun, places_of, take_up
from earlysieve.searching.plan import Plan, check_same
from earlysieve.searching.space import configured, plain_config, usual_values
from earlysieve.searching.storage import import_optuna, open_storage, quiet_optuna
from earlysieve.searching.titles import trial_title

if TYPE_CHECKING:
    import optuna

    from earlysieve.training import Event

CheckTime = Callable[[float, int], None]

_STARTUP = 8  # trials drawn at random before the sampler learns, and before any is pruned
# Errors that are not the fault of the values that were drawn.
_FATAL = (CheckpointError, MissingDependencyError, OutputError, UserCodeError)


class SurplusTrialError(Exception):
    """Another process was faster: this trial is one too many."""


@dataclass(frozen=True)
class Work:
    """What a process works on.

    Attributes:
        plan: of the search.
        out: its folder.
        storage: as `open_storage` takes it.
        study: name of the study there.
        trials: how many are wanted in all, trial 0 included.
        until: when no more trials begin, by `time.time`; None: never.
        trackers: who gets the figures of each trial.
        check_time: called in each trial with the seconds since it began and the present epoch; an
            EarlysieveError that it raises fails the trial.
        title: what trackers call a run, before its trial.
    """

    plan: Plan
    out: Path
    storage: str | None
    study: str
    trials: int
    until: float | None = None
    trackers: tuple[str, ...] = ()
    check_time: CheckTime | None = None
    title: str = ""

    @property
    def is_over(self) -> bool:
        """Whether no more trials may begin."""
        return self.until is not None and time.time() >= self.until


def open_study(work: Work) -> "optuna.Study":
    """The study of a search; trial 0, and trial 1 with the configured values, are queued in it.

    Raises:
        InputError: the storage cannot be reached, or holds another search under this name.
    """
    module = import_optuna()
    with held(work.out), quiet_optuna():
        storage = open_storage(work.storage, work.out)
        study: optuna.Study = module.create_study(
            storage=storage,
            study_name=work.study,
            direction="maximize",
            load_if_exists=True,
            pruner=_pruner(module, work.plan),
        )
        found = study.user_attrs.get("plan")
        if found is None:
            study.set_user_attr("plan", work.plan.to_dict())
        else:
            check_same(found, work.plan, f"the study '{work.study}'")
        _queue_first(module, study, work.plan)
        return study


def work_on(work: Work, on_trial: Callable[[], None]) -> None:
    """Train trial after trial until all that are wanted have begun, or time is over."""
    optuna = import_optuna()
    with quiet_optuna():
        study = open_study(work)
        while not work.is_over:
            take_up(study, work.out, work.trials)
            if is_all_begun(study.get_trials(deepcopy=False), work.trials):
                return
            try:
                study.optimize(
                    lambda trial: _objective(trial, work),
                    n_trials=1,
                    catch=(SurplusTrialError,),
                )
            except (
                optuna.exceptions.UpdateFinishedTrialError,
                AssertionError,
                ValueError,
            ) as error:
                # Slept longer than others wait: somebody else has told what came of this trial.
                if isinstance(error, EarlysieveError) or not _is_told(error):
                    raise
            on_trial()


def _objective(trial: "optuna.Trial", work: Work) -> float:
    study, plan = trial.study, work.plan
    trials = study.get_trials(deepcopy=False)
    place = places_of(trials)[trial.number]
    if place >= work.trials:
        raise SurplusTrialError
    is_plain = PLAIN in trial.user_attrs
    folder = folder_of(work.out, place)
    with held(folder):
        study.sampler = _sampler(plan.config.seed, place)
        values = {} if is_plain else _drawn(trial, trials[trial.number], plan)
        config = (
            plain_config(plan.config, plan.space)
            if is_plain
            else configured(plan.config, plan.space, values)
        )
        told = set(trials[trial.number].intermediate_values)
        pruned = _pruned(folder, values)

        def on_score(epoch: int, score: float) -> None:
            _report(trial, epoch, score, told)
            if plan.pruning and not is_plain and epoch < config.epochs and trial.should_prune():
                raise pruned(epoch)

        try:
            reporter = Reporter(
                trackers=work.trackers,
                on_event=_timed(work.check_time),
                title=trial_title(work.title, place),
            )
            record = train_trial(config, folder, values, on_score=on_score, reporter=reporter)
        except _FATAL:
            raise
        except EarlysieveError as error:
            if is_plain:
                raise
            record = keep_record(folder, Record(values, "failed", why=str(error)))
        return _told(trial, record, told)


def _timed(check_time: CheckTime | None) -> "Callable[[Event], None] | None":
    if check_time is None:
        return None
    began = time.monotonic()
    return lambda event: check_time(time.monotonic() - began, event.epoch)


def _drawn(trial: "optuna.Trial", begun: "optuna.trial.FrozenTrial", plan: Plan) -> dict[str, Any]:
    """The values of a trial; a kill between two of them does not change the second."""
    values, queued = {}, begun.system_attrs.get("fixed_params", {})
    for one in plan.space:
        if one.name in begun.params and one.name not in queued:
            one.skip(trial.study, begun)
        values[one.name] = one.draw(trial)
    return values


def _told(trial: "optuna.Trial", record: Record, told: set[int]) -> float:
    """The score for Optuna, of a trial that was trained now or is read."""
    for epoch, score in record.reports.items():
        _report(trial, epoch, score, told)
    if record.state == "failed":
        trial.set_user_attr(FAILURE, record.why)
    if record.state != "complete" or record.score is None or math.isnan(record.score):
        raise import_optuna().TrialPruned
    return record.score


def _report(trial: "optuna.Trial", epoch: int, score: float, told: set[int]) -> None:
    if epoch not in told and math.isfinite(score):
        trial.report(score, epoch)
        told.add(epoch)


def _pruned(folder: Path, values: dict[str, Any]) -> Callable[[int], Exception]:
    def pruned(epoch: int) -> Exception:
        why = f"behind the median of the others after epoch {epoch}"
        keep_record(folder, Record(values, "pruned", why=why))
        error: Exception = import_optuna().TrialPruned(why)
        return error

    return pruned


def _queue_first(optuna: Any, study: "optuna.Study", plan: Plan) -> None:
    trials = study.get_trials(deepcopy=False)
    waiting = optuna.trial.TrialState.WAITING
    if not trials:
        study.add_trial(optuna.create_trial(state=waiting, user_attrs={PLAIN: True}))
    if len(trials) <= 1:
        study.enqueue_trial(usual_values(plan.config, plan.space))


def _pruner(optuna: Any, plan: Plan) -> Any:
    if not plan.pruning:
        return optuna.pruners.NopPruner()
    warmup = max(1, plan.config.epochs // 3)
    return optuna.pruners.MedianPruner(n_startup_trials=_STARTUP, n_warmup_steps=warmup)


def _sampler(seed: int, place: int) -> Any:
    """The sampler of one trial: the same one after a kill, another one for each trial."""
    drawn = int(np.random.SeedSequence([seed, place]).generate_state(1)[0])
    return import_optuna().samplers.TPESampler(
        seed=drawn, n_startup_trials=_STARTUP, constant_liar=True
    )


def _is_told(error: Exception) -> bool:
    return not isinstance(error, ValueError) or str(error).startswith("Cannot tell a ")
