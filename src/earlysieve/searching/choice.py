"""Which trial is chosen; the plain one stays unless another is better by more than chance."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from earlysieve.errors import InputError
from earlysieve.runs.given_groups import beside_validation
from earlysieve.runs.train_data import open_parts
from earlysieve.searching.one_trial import few_warnings, read_logits
from earlysieve.searching.places import folder_of
from earlysieve.training.select_model import select_model

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

    from earlysieve.training import TrainConfig
    from earlysieve.training.select_model import Choice


def name_of(place: int) -> str:
    """What a trial is called."""
    return f"trial {place}" if place else "plain (trial 0)"


def choose(
    config: "TrainConfig", out: Path, done: "Mapping[int, FrozenTrial]"
) -> tuple[int, "Choice"]:
    """The place of the chosen trial, and the choice among all that were trained to the end.

    Args:
        config: with data, validation data and the rule.
        out: folder of the search.
        done: the finished trials by place.

    Raises:
        InputError: trial 0 is not among them.
    """
    places = [place for place, trial in done.items() if trial.state.name == "COMPLETE"]
    if 0 not in places:
        raise InputError(
            "Expected trial 0, the plain method, to compare with, but it is not finished; give the "
            "search more time"
        )
    parts = open_parts(config, progress=False)
    known = beside_validation(config, parts)
    logits = {name_of(p): _tensor(folder_of(out, p)) for p in places}
    with few_warnings():
        found = select_model(
            logits,
            parts.validation,
            select=config.select,
            groups=known.pseudo_groups,
            reader_predictions=known.reader_predictions,
            margin="paired",
        )
    return next(place for place in places if name_of(place) == found.name), found


def _tensor(folder: Path) -> torch.Tensor:
    return torch.from_numpy(np.asarray(read_logits(folder)))
