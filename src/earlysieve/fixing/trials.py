"""Try one candidate: its logits on held-out examples, from weights that have not seen them."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from earlysieve.datasets.example_groups import Groups
from earlysieve.errors import EarlysieveError
from earlysieve.fixing.basis import Basis
from earlysieve.fixing.candidates import Candidate
from earlysieve.fixing.retraining import Recipe, retrained
from earlysieve.repairing.fitting import cross_fitted_logits
from earlysieve.repairing.last_layer import LastLayer
from earlysieve.repairing.repair import repair


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
        folder: for checkpoints; None: nowhere.
        progress: draw a bar.
    """

    data: Any
    sources: Mapping[str, Groups]
    recipe: Recipe
    folder: Path | None
    progress: bool


def attempt(candidate: Candidate, basis: Basis, training: Training | None, *, seed: int) -> Trial:
    """Try a candidate; that it cannot do with these data is an outcome, not an error.

    Args:
        candidate: a repair, or a training where there is `training`.
        basis: what candidates share.
        training: what retraining needs.
        seed: of folds and orders.
    """
    start = time.monotonic()
    try:
        logits, model = _tries(candidate, basis, training, seed)
    except EarlysieveError as error:
        return Trial(candidate, None, time.monotonic() - start, str(error))
    return Trial(candidate, logits, time.monotonic() - start, "", model)


def _tries(
    candidate: Candidate, basis: Basis, training: Training | None, seed: int
) -> tuple[Tensor, nn.Module | None]:
    if candidate.kind == "repair" or training is None:
        return _repair_logits(candidate, basis, seed), None
    model = retrained(
        basis.model,
        candidate,
        training.data,
        None if candidate.source is None else training.sources[candidate.source],
        training.recipe,
        seed=seed,
        folder=None if training.folder is None else training.folder / _file_name(candidate),
        progress=training.progress,
    )
    return logits_of(model, basis), model


def _repair_logits(candidate: Candidate, basis: Basis, seed: int) -> Tensor:
    kept = basis.features
    place = LastLayer(kept.layer, kept.linear, kept.features.shape[1], kept.has_bias)
    return cross_fitted_logits(
        basis.features,
        place.map_of(basis.model),
        candidate.method,
        dict(candidate.settings),
        None if candidate.source is None else basis.sources[candidate.source],
        seed=seed,
    )


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
        groups=None if candidate.source is None else basis.sources[candidate.source],
        method=candidate.method,
        settings=dict(candidate.settings),
        features=basis.features,
        seen_in_training=False,
        progress=False,
        seed=seed,
    )


def _file_name(candidate: Candidate) -> str:
    return "".join(c if c.isalnum() or c in "-." else "-" for c in candidate.name)
