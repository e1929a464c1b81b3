"""By which figure of an evaluation models are selected."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from earlysieve._arrays import Ints
from earlysieve.datasets.batches import Data, has_random_access, length_of, source_of
from earlysieve.datasets.example_groups import Groups, as_groups
from earlysieve.errors import InputError
from earlysieve.groups.rule_names import RULE_NAMES
from earlysieve.groups.selection_rules import Answers, Need, lacking, rule_named
from earlysieve.training.evaluation import Evaluation
from earlysieve.training.loading import Source, load_batches, open_source

Select = str | Callable[[Evaluation], float]
GivenGroups = Groups | Tensor | np.ndarray[Any, Any]
SELECTIONS = RULE_NAMES
# Those that an evaluation says without the logits of every example.
_FIGURES: dict[str, Callable[[Evaluation], float | None]] = {
    "accuracy": lambda evaluation: evaluation.accuracy,
    "loss": lambda evaluation: -evaluation.loss,
    "worst_group_accuracy": lambda evaluation: evaluation.worst_group_accuracy,
}


@dataclass(frozen=True, eq=False)
class Beside:
    """What is known of validation data beside labels and true groups.

    Attributes:
        pseudo_groups: int64, shape (N,), -1 where unknown, in the order of the pass; or None.
        reader_predictions: int64, shape (N,), the class that a biased reader says; or None.
    """

    pseudo_groups: Ints | None = None
    reader_predictions: Ints | None = None


NOTHING = Beside()


def beside(
    data: Data | None, *, groups: GivenGroups | None, reader_predictions: Any | None
) -> Beside:
    """What was given for `data`, checked to be of these.

    Raises:
        InputError: there are no data, the numbers are no whole ones, or not one per example.
        DataError: the groups are of other data.
    """
    if groups is None and reader_predictions is None:
        return NOTHING
    if data is None:
        raise InputError(
            "Expected validation data for the groups of these, but got none; pass validation="
        )
    return Beside(
        None if groups is None else _numbers_of(groups, data),
        None if reader_predictions is None else _readings(reader_predictions, data),
    )


def told(groups: GivenGroups | None, known: Beside) -> dict[str, str]:
    """Digests of what was given besides the data, which a resumed run must share."""
    arrays = {
        "groups": None if groups is None else np.asarray(as_groups(groups).numbers),
        "validation_groups": known.pseudo_groups,
        "reader_predictions": known.reader_predictions,
    }
    return {
        name: hashlib.sha256(np.ascontiguousarray(array, np.int64).tobytes()).hexdigest()[:16]
        for name, array in arrays.items()
        if array is not None
    }


def score_of(evaluation: Evaluation, select: Select, known: Beside = NOTHING) -> float:
    """The figure by which models are selected; larger is better, NaN is never the best.

    Args:
        evaluation: with logits where `keeps_logits(select)`.
        select: name of a rule or a function.
        known: what the rule may need besides.

    Raises:
        InputError: `select` is unknown, needs something that is not there, or gives no number.
    """
    if callable(select):
        return _number(select(evaluation))
    rule = rule_named(select)
    if select not in _FIGURES:
        return rule.score(answers_of(evaluation, known))
    value = _FIGURES[select](evaluation)
    if value is None:
        raise lacking(select, "groups")
    return value


def keeps_logits(select: Select) -> bool:
    """Whether an evaluation has to keep the logits of every example; functions may want them."""
    return callable(select) or select not in _FIGURES


def answers_of(evaluation: Evaluation, known: Beside = NOTHING) -> Answers:
    """An evaluation as selection rules take it.

    Raises:
        InputError: it has kept no logits, or `known` is of another number of examples.
    """
    logits, labels, groups = evaluation.logits, evaluation.labels, evaluation.groups
    if logits is None or labels is None:
        raise InputError(
            "Expected an evaluation with logits, but it has none; evaluate with keep_logits=True"
        )
    return Answers(
        logits.numpy(),
        labels.numpy(),
        None if groups is None else groups.numpy(),
        known.pseudo_groups,
        known.reader_predictions,
    )


def check_select(select: Select, validation: Data | None = None, known: Beside = NOTHING) -> None:
    """Check that a selection by name exists, and that the validation data have what it needs.

    Whether there are groups is seen from the data's `groups`, or else from the form of the first
    example; data that can only be read once are not touched.

    Raises:
        InputError: it does not, or something is missing.
    """
    if not isinstance(select, str):
        return
    for need in rule_named(select).needs:
        if validation is not None and _lacks(need, validation, known):
            raise lacking(select, need)


def _lacks(need: Need, validation: Data, known: Beside) -> bool:
    """Whether it is certain that something is missing."""
    if need == "groups":
        return _lacks_groups(validation)
    found: Ints | None = getattr(known, need)
    return found is None or not bool((found >= 0).any())


def _lacks_groups(data: Data) -> bool:
    source = source_of(data)
    if not has_random_access(data) or not hasattr(source, "__len__") or len(source) == 0:
        return False
    groups = getattr(source, "groups", None)
    if isinstance(groups, np.ndarray | Tensor) and groups.shape == (len(source),):
        return not bool((groups >= 0).any())
    opened = open_source(data, ordered=False)  # type: ignore[arg-type]  # it has indices
    first = next(load_batches(Source(opened.dataset, opened.collate, 0), [[0]], key=(0,)))
    return first.groups is None


def _numbers_of(groups: GivenGroups, data: Data) -> Ints:
    found = as_groups(groups)
    if length_of(data) is not None:  # else the pass will tell
        found.check(data)
    return np.asarray(found.numbers)


def _readings(predictions: Any, data: Data) -> Ints:
    found = np.asarray(predictions)
    size = length_of(data)
    whole = found.ndim == 1 and found.dtype.kind in "iu" and not (len(found) and found.min() < 0)
    if not whole or size not in (None, len(found)):
        raise InputError(
            f"Expected reader_predictions as one class number for each of {size or 'the'} "
            f"examples, but got {found.dtype} of shape {found.shape}; audit these very data and "
            "pass the column readout_prediction of result.examples"
        )
    return found.astype(np.int64)


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"Expected select to give a number, but got {value!r}; return a figure that is larger "
            "for better models"
        ) from error
