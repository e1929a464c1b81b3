"""How often a trained network was right on its validation data, beside what it does elsewhere."""

import json
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earlysieve.groups.accuracy import wilson_bounds

if TYPE_CHECKING:
    from torch import nn

_RESULT, _WEIGHTS = "training.json", "model.pt"
_ACCURACY = "validation_accuracy"
_LEAST, _MOST_EXAMPLES = 0.1, 100_000
_OVERFITTED, _FEW_STEPS = 0.3, 200


def kept_row(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """The epoch whose weights are kept: the best one where it was restored, or else the last.

    Args:
        found: of training.json.

    Raises:
        KeyError, TypeError, IndexError, StopIteration: it is not what a training writes.
    """
    history = found["history"]
    if found["restored_best"]:
        return next(row for row in history if row["epoch"] == found["best_epoch"])
    last: Mapping[str, Any] = history[-1]
    return last


def worse_than_validated(
    checkpoint: str | Path | None, accuracy: float, examples: int, *, compared: bool = False
) -> str:
    """That a run was right on more of its validation data than on these; empty where it was not.

    Said where it is at least 0.1, and more than the draw of both explains: the 95% interval of the
    difference by Newcombe's square-and-add of Wilson's intervals (method 10 of "Interval estimation
    for the difference between independent proportions", Statistics in Medicine 17, 1998) lies above
    0. A training keeps shares; its number of examples is taken as the smallest that gives them.

    Args:
        checkpoint: the weights that a run wrote last, beside its training.json.
        accuracy: on the examples that are audited.
        examples: how many these are.
        compared: they are compared with a reference already.
    """
    shares = _shares(checkpoint)
    if not shares:
        return ""
    kept, count = shares[-1], _fewest(shares)
    low = wilson_bounds(kept, count)[0] if count > 1 else kept
    high = wilson_bounds(accuracy, examples)[1]
    gap = kept - accuracy
    if gap < _LEAST or gap <= math.hypot(kept - low, high - accuracy):
        return ""
    more = "" if compared else "; --reference with the training data shows what does not hold here"
    return (
        f"In training the model was right on {kept:.0%} of its validation data, here on "
        f"{accuracy:.0%}: these data differ from those, or are prepared otherwise{more}."
    )


def _shares(checkpoint: str | Path | None) -> list[float]:
    """Validation accuracy by epoch, that of the weights that were kept last."""
    if checkpoint is None or Path(checkpoint).name != _WEIGHTS:
        return []
    try:
        found = json.loads(Path(checkpoint).with_name(_RESULT).read_text(encoding="utf-8"))
        rows = [*found["history"], kept_row(found)]
        return [float(row[_ACCURACY]) for row in rows]
    except (OSError, ValueError, KeyError, TypeError, IndexError, StopIteration, RecursionError):
        return []


def _fewest(shares: Sequence[float]) -> int:
    """The smallest number of examples of which all of these are shares."""
    parts = [Fraction(share).limit_denominator(_MOST_EXAMPLES).denominator for share in shares]
    return min(math.lcm(*parts), _MOST_EXAMPLES)


def overfitted(history: Sequence[Mapping[str, Any]], steps: int, model: "nn.Module") -> str:
    """A warning where the last epoch is right on far more training than validation data.

    Args:
        history: see `FitResult`.
        steps: of the run in all.
        model: that was trained.

    Returns:
        A sentence; empty where the difference is below 0.3 or not known.
    """
    last = history[-1] if history else {}
    train, other = last.get("train_accuracy"), last.get(_ACCURACY)
    if train is None or other is None or train - other < _OVERFITTED:
        return ""
    return (
        f"The last epoch was right on {train:.0%} of the training data, but on {other:.0%} of the "
        f"validation data: {_why(steps, model)}."
    )


def _why(steps: int, model: "nn.Module") -> str:
    own = (
        "the network has learned these examples by heart (--patience with --restore-best, "
        "--weight-decay, --augment for images, or more data help), or the validation data differ"
    )
    if steps >= _FEW_STEPS or not _has_running_statistics(model):
        return own
    return (
        f"after {steps} steps the running statistics of its BatchNorm may lag behind its weights "
        f"(more epochs, a smaller --batch-size or a lower --lr help), or {own}"
    )


def _has_running_statistics(model: "nn.Module") -> bool:
    return any(name.endswith("running_var") for name, _ in model.named_buffers())
