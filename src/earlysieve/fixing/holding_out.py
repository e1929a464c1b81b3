"""Hold a fifth of the training data out, where the model has seen everything that is there."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from torch import nn

from earlysieve._arrays import Ints
from earlysieve.datasets.opened_data import OpenedData, opened
from earlysieve.datasets.views import examples_at
from earlysieve.errors import DataError
from earlysieve.fixing.candidates import Candidate
from earlysieve.fixing.retraining import Recipe, reset, retrained

FIFTH = 5
PLAIN = Candidate("plain", "retrain", "erm")


def hold_out(train: OpenedData, seed: int) -> tuple[OpenedData, OpenedData]:
    """Four fifths and one fifth of the data, with the shares of the classes.

    Args:
        train: data with a length and indices.
        seed: of the draw.

    Raises:
        DataError: a class has fewer than five examples.
    """
    held = held_rows(train.labels, seed)
    rest = np.setdiff1d(np.arange(len(train.labels)), held)
    return opened(examples_at(train.source, rest)), opened(examples_at(train.source, held))


def held_rows(labels: Ints, seed: int) -> Ints:
    """Positions of a fifth of each class, ascending.

    Args:
        labels: shape (N,).
        seed: of the draw.

    Raises:
        DataError: a class has fewer than five examples.
    """
    rng = np.random.default_rng(seed)
    found = []
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        if len(rows) < FIFTH:
            raise DataError(
                f"Expected at least {FIFTH} training examples of each class to hold a fifth out, "
                f"but class {label} has {len(rows)}; pass held_out= with other examples"
            )
        found.append(rng.permutation(rows)[: len(rows) // FIFTH])
    return np.sort(np.concatenate(found))


def train_plain(
    model: nn.Module,
    rest: OpenedData,
    recipe: Recipe,
    *,
    seed: int,
    folder: Path | None,
    progress: bool,
    check: Callable[[float], None] | None = None,
) -> nn.Module:
    """A plain network of the same class from fresh weights, trained on what was not held out.

    Args:
        model, rest, recipe, seed, progress, check: see `retrained`.
        folder: for checkpoints, from which an interrupted training goes on; None: nowhere.

    Raises:
        InputError: the weights cannot be drawn anew, see `reset`.
    """
    start = (
        recipe if recipe.fresh is not None else replace(recipe, fresh=lambda: reset(model, seed))
    )
    return retrained(
        model,
        PLAIN,
        rest.data,
        None,
        start,
        seed=seed,
        folder=folder,
        progress=progress,
        check=check,
    )
