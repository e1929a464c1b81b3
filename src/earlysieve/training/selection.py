"""By which figure of an evaluation models are selected."""

import difflib
from collections.abc import Callable
from typing import Any

import numpy as np
from torch import Tensor

from earlysieve.datasets.batches import Data, has_random_access, source_of
from earlysieve.errors import InputError
from earlysieve.training.evaluate import Evaluation
from earlysieve.training.loading import Source, load_batches, open_source

Select = str | Callable[[Evaluation], float]
SELECTIONS: dict[str, Callable[[Evaluation], float | None]] = {
    "accuracy": lambda evaluation: evaluation.accuracy,
    "loss": lambda evaluation: -evaluation.loss,
    "worst_group_accuracy": lambda evaluation: evaluation.worst_group_accuracy,
}


def score_of(evaluation: Evaluation, select: Select) -> float:
    """The figure by which models are selected; larger is better, NaN is never the best.

    Raises:
        InputError: `select` is unknown, asks for groups where there are none, or gives no number.
    """
    if callable(select):
        return _number(select(evaluation))
    check_select(select)
    value = SELECTIONS[select](evaluation)
    if value is None:
        raise _no_groups(select)
    return value


def check_select(select: Select, validation: Data | None = None) -> None:
    """Check that a selection by name exists, and that the validation data have what it needs.

    Whether there are groups is seen from the data's `groups`, or else from the form of the first
    example; data that can only be read once are not touched.

    Raises:
        InputError: it does not, or they have no groups.
    """
    if not isinstance(select, str):
        return
    if select not in SELECTIONS:
        near = difflib.get_close_matches(select, SELECTIONS, n=1, cutoff=0.4) or list(SELECTIONS)
        raise InputError(
            f"Expected select to be one of {', '.join(SELECTIONS)} or a function, but got "
            f"'{select}'; did you mean '{near[0]}'?"
        )
    if select == "worst_group_accuracy" and validation is not None and _lacks_groups(validation):
        raise _no_groups(select)


def _lacks_groups(data: Data) -> bool:
    """Whether it is certain that no example names its group."""
    source = source_of(data)
    if not has_random_access(data) or not hasattr(source, "__len__") or len(source) == 0:
        return False
    groups = getattr(source, "groups", None)
    if isinstance(groups, np.ndarray | Tensor) and groups.shape == (len(source),):
        return not bool((groups >= 0).any())
    opened = open_source(data, ordered=False)  # type: ignore[arg-type]  # it has indices
    first = next(load_batches(Source(opened.dataset, opened.collate, 0), [[0]], key=(0,)))
    return first.groups is None


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"Expected select to give a number, but got {value!r}; return a figure that is larger "
            "for better models"
        ) from error


def _no_groups(select: str) -> InputError:
    return InputError(
        f"Expected groups in the validation data for select='{select}', but got none; "
        "select by 'accuracy' or 'loss', or add groups"
    )
