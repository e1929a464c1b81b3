"""What a search says to people: how much there is to try, how far it is, how long it will take."""

from collections.abc import Sequence
from pathlib import Path

from earlysieve._progress import duration
from earlysieve.fixing.budget import Budget
from earlysieve.fixing.candidates import Candidate
from earlysieve.fixing.durations import enough
from earlysieve.fixing.trials import Trial

_KINDS = {
    "repair": ("repair of the last layer", "repairs of the last layer"),
    "retrain": ("training of the whole network", "trainings of the whole network"),
}
_LISTED = 4


def announced(candidates: Sequence[Candidate], budget: Budget) -> str:
    """How many candidates there are, by kind, and what limits them."""
    parts = [_counted(kind, _of_kind(kind, candidates)) for kind in _KINDS]
    found = " and ".join(part for part in parts if part) or "none"
    limit = f", within a budget of {budget.text}" if budget.text else ""
    return f"Candidates: {found}{limit}."


def told(
    trials: Sequence[Trial],
    candidates: Sequence[Candidate],
    *,
    kept: bool,
    place: int | None = None,
) -> str:
    """What came of the last trial, and after the first of each kind how long the rest will take.

    Args:
        trials: so far.
        candidates: all of them.
        kept: whether an earlier call had done the last trial.
        place: of the last trial among the candidates, 1 for the first; None: none was passed over.
    """
    place = len(trials) if place is None else place
    trial = trials[-1]
    line = f"{place} of {len(candidates)}: {trial.candidate.name}, "
    if trial.failure:
        again = any(one.failure == trial.failure for one in trials[:-1])
        return f"{line}cannot be used here{', as before.' if again else f'. {trial.failure}'}"
    line += "kept from an earlier call." if kept else f"tried in {trial.seconds:.1f} s."
    kind = trial.candidate.kind
    first = all(one.candidate.kind != kind or one.failure for one in trials[:-1])
    left = _of_kind(kind, candidates[place:])
    if not first or not left:
        return line
    return f"{line} About {duration(trial.seconds * left)} for {_counted(kind, left)} more."


def all_trainings_failed(trials: Sequence[Trial]) -> str:
    """That no training of the whole network could be done, and why; empty where one could."""
    trainings = [one for one in trials if one.candidate.kind == "retrain"]
    if not trainings or not all(one.failure for one in trainings):
        return ""
    why = " ".join(dict.fromkeys(_sentence(one.failure) for one in trainings))
    which = f"all {len(trainings)} trainings" if len(trainings) > 1 else "the one training"
    return f"The whole network was not trained again: {which} failed. {why}"


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def others_kept(folder: Path | None) -> str:
    """That a folder holds trials of something else."""
    return (
        f"'{folder}' holds what was tried with another model, other data or other settings: it is "
        "not used, and makes place for what is tried now."
    )


def too_small(budget: Budget) -> str:
    """That a budget has no time for one candidate, and how much would do."""
    if not budget.timed:
        return f"Expected a budget for one candidate at least, but got {budget.text}; allow more"
    rest = duration(budget.reserved)
    return (
        f"Expected a budget for one candidate at least, but of {budget.text} "
        f"{duration(budget.spent)} are spent, and what comes after the candidates, a second audit "
        f"and the page, takes about {rest}; {enough(budget)}"
    )


def what_is_left(budget: Budget, tried: int, left: Sequence[str]) -> str:
    """Which candidates were not tried, since the budget ended."""
    names = ", ".join(f"'{name}'" for name in left[:_LISTED])
    more = "" if len(left) <= _LISTED else f" and {len(left) - _LISTED} more"
    return (
        f"The budget of {budget.text} ended after {tried} of {tried + len(left)} candidates: what "
        f"was chosen is the best so far. Not tried: {names}{more}."
    )


def _of_kind(kind: str, candidates: Sequence[Candidate]) -> int:
    return sum(one.kind == kind for one in candidates)


def _counted(kind: str, count: int) -> str:
    one, many = _KINDS[kind]
    return "" if not count else f"{count} {one if count == 1 else many}"
