"""Try one candidate: its logits on held-out examples, from weights that have not seen them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from earlysieve.datasets.example_groups import Groups
from earlysieve.errors import EarlysieveError
from earlysieve.fixing.basis import Basis
from earlysieve.fixing.budget import Budget, Pace
from earlysieve.fixing.candidates import Candidate
from earlysieve.fixing.retraining import Recipe, retrained
from earlysieve.repairing.cells import SmallGroupError
from earlysieve.repairing.fitting import cross_fitted_logits
from earlysieve.repairing.repair import repair

# What may be done in a fix, which takes no settings of its candidates.
_FEWEST_FOLDS, FEWEST_STEPS = 1, 5
_ADVICE = "add held-out examples or take groups from another source"


@dataclass(frozen=True, eq=False)
class Trial:
    """What came of a candidate.

    Attributes:
        candidate: what was tried.
        logits: shape (N, C); of a repair by last layers that were fitted to the other folds; None
            where it failed.
        seconds: that it took.
        failure: why it failed; empty where it did not.
        model: the retrained network; None for repairs, which are fitted again if chosen.
    """

    candidate: Candidate
    logits: Tensor | None
    seconds: float
    failure: str = ""
    model: nn.Module | None = None


@dataclass(frozen=True)
class Training:
    """What retraining needs.

    Attributes:
        data: training data.
        sources: groups of these, by the name of their source.
        recipe: how to train.
        progress: draw a bar.
        key: digest of the data; empty where nothing is kept.
    """

    data: Any
    sources: Mapping[str, Groups]
    recipe: Recipe
    progress: bool
    key: str = ""


def attempt(
    candidate: Candidate,
    basis: Basis,
    training: Training | None,
    *,
    seed: int,
    folder: Path | None = None,
    budget: Budget | None = None,
) -> Trial:
    """Try a candidate; that it cannot do with these data is an outcome, not an error.

    Args:
        candidate: a repair, or a training where there is `training`.
        basis: what candidates share.
        training: what retraining needs.
        seed: of folds and orders.
        folder: for checkpoints of a training; None: nowhere.
        budget: of time, looked at after every fold of a repair and every step of a training.

    Raises:
        BudgetSpentError: the time ends before the candidate does.
    """
    limit = budget or Budget()
    start = limit.clock()
    try:
        logits, model = _tries(candidate, basis, training, seed, folder, limit)
    except SmallGroupError as error:
        why = f"{error.found}; {_ADVICE}"
    except EarlysieveError as error:
        why = str(error)
    else:
        return Trial(candidate, logits, limit.clock() - start, "", model)
    return Trial(candidate, None, limit.clock() - start, why)


def _tries(
    candidate: Candidate,
    basis: Basis,
    training: Training | None,
    seed: int,
    folder: Path | None,
    budget: Budget,
) -> tuple[Tensor, nn.Module | None]:
    if candidate.kind == "repair" or training is None:
        return _repair_logits(candidate, basis, seed, Pace(budget, _FEWEST_FOLDS)), None
    model = retrained(
        basis.model,
        candidate,
        training.data,
        groups_of(candidate, training.sources),
        training.recipe,
        seed=seed,
        folder=folder,
        progress=training.progress,
        check=Pace(budget, FEWEST_STEPS),
    )
    return logits_of(model, basis), model


def _repair_logits(
    candidate: Candidate, basis: Basis, seed: int, check: Callable[[float], None]
) -> Tensor:
    return cross_fitted_logits(
        basis.features,
        basis.features.place.map_of(basis.model),
        candidate.method,
        dict(candidate.settings),
        groups_of(candidate, basis.sources),
        seed=seed,
        check=check,
    )


def groups_of(candidate: Candidate, sources: Mapping[str, Groups]) -> Groups | None:
    """The groups that a candidate takes; None where it takes none."""
    return None if candidate.source is None else sources[candidate.source]


def logits_of(model: nn.Module, basis: Basis) -> Tensor:
    """Logits of the held-out examples, in their order; shape (N, C)."""
    from earlysieve.training import evaluate

    found = evaluate(model, basis.data.data, keep_logits=True).logits
    return torch.as_tensor(found)


def finished(trial: Trial, basis: Basis, *, seed: int) -> nn.Module:
    """The model that a trial stands for; a repair is fitted to all held-out examples."""
    candidate = trial.candidate
    if trial.model is not None:
        return trial.model
    return repair(
        basis.model,
        basis.data,
        groups=groups_of(candidate, basis.sources),
        method=candidate.method,
        settings=dict(candidate.settings),
        features=basis.features,
        seen_in_training=False,
        progress=False,
        seed=seed,
    )
