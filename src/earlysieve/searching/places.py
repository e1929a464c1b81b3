"""Trials by their place, which they keep when they are tried again after a kill.

Optuna gives every attempt a number of its own. The place of a trial is the number of trials, not
of attempts, before it; it names the folder, so that an attempt goes on where the last one stopped.
"""

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from earlysieve.searching.lock import is_free
from earlysieve.searching.storage import retry

if TYPE_CHECKING:
    import optuna
    from optuna.trial import FrozenTrial

PLAIN = "plain"  # mark of trial 0
FAILURE = "failure"  # why a trial could not be trained
_DONE = ("COMPLETE", "PRUNED")


def places_of(trials: Sequence["FrozenTrial"]) -> dict[int, int]:
    """The place of each attempt, by its number."""
    found: dict[int, int] = {}
    for trial in sorted(trials, key=lambda one: one.number):
        first = trial.system_attrs.get("failed_trial")
        found[trial.number] = len(set(found.values())) if first is None else found[first]
    return found


def finished(trials: Sequence["FrozenTrial"]) -> "dict[int, FrozenTrial]":
    """The finished trials by their place, the first of each."""
    places = places_of(trials)
    found: dict[int, FrozenTrial] = {}
    for trial in sorted(trials, key=lambda one: one.number):
        if trial.state.name in _DONE:
            found.setdefault(places[trial.number], trial)
    return dict(sorted(found.items()))


def folder_of(out: Path, place: int) -> Path:
    """The folder of a trial."""
    return out / "trials" / f"{place:03d}"


def is_all_begun(trials: Sequence["FrozenTrial"], wanted: int) -> bool:
    """Whether there is nothing left to begin: as many trials as wanted, and none that waits."""
    places = places_of(trials)
    begun = {places[t.number] for t in trials if t.state.name in (*_DONE, "RUNNING")}
    return begun >= set(range(wanted))


def take_up(study: "optuna.Study", out: Path, wanted: int) -> None:
    """Queue again what processes left that are dead, and what failed; nothing twice."""
    trials = study.get_trials(deepcopy=False)
    places = places_of(trials)
    mine = [trial for trial in trials if places[trial.number] < wanted]
    running = [trial for trial in mine if trial.state.name == "RUNNING"]
    dead = [trial for trial in running if is_free(folder_of(out, places[trial.number]))]
    alive = [trial for trial in running if trial not in dead]
    failed = [trial for trial in mine if trial.state.name == "FAIL"]
    settled = [trial for trial in mine if trial.state.name in (*_DONE, "WAITING")]
    cared_for = {places[trial.number] for trial in (*settled, *alive)}
    for trial in (*dead, *reversed(failed)):
        if places[trial.number] not in cared_for:
            # Queued before it is given up: a kill in between leaves one too many, never none.
            retry()(study, copy.deepcopy(trial))
            cared_for.add(places[trial.number])
    for trial in dead:
        study.tell(trial.number, state=type(trial.state).FAIL, skip_if_finished=True)
