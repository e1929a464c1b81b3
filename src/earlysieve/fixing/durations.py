"""How long an audit takes, and what comes after the trials, so that a budget can keep the time."""

import math
from collections.abc import Callable

from torch import nn

from earlysieve._progress import duration
from earlysieve.auditing.swaps.follow import DEFAULT_BUDGET
from earlysieve.datasets.opened_data import OpenedData
from earlysieve.errors import InputError
from earlysieve.fixing.budget import Budget
from earlysieve.model.batch import call_model, inputs_to
from earlysieve.model.precision import match_precision
from earlysieve.model.state import device_of, looking_at, preserved_rng

# The model runs over swapped parts, and a fifth as often over what is taken away.
_FORWARDS = 1.2 * DEFAULT_BUDGET
_FEW = 16
# Audits of one size differ by so much; pages and weights are written in about a second.
_SLACK, _WRITING = 1.1, 1.0


def least_of_audit(each: float, count: int) -> float:
    """Seconds that an audit takes at least: the model alone, without readouts.

    Args:
        each: seconds for one example.
        count: of examples.
    """
    return each * (count + _FORWARDS)


def each_of_audit(audit: float, each: float, count: int) -> float:
    """Seconds that an audit without swaps takes for one example, from those of one with swaps.

    Args:
        audit: seconds that one of `count` examples took.
        each: seconds that the model takes for one example.
        count: at least 1.
    """
    return max(each, (audit - each * _FORWARDS) / count)


def after_trials(audit: float) -> float:
    """Seconds for the second audit, pictures and pages, from those of the first audit."""
    return _SLACK * audit + _WRITING


def seconds_each(model: nn.Module, data: OpenedData, clock: Callable[[], float]) -> float:
    """Seconds for one example, measured on a few; 0 where they cannot be run."""
    start = clock()
    batch = data.few(_FEW)
    inputs = inputs_to(match_precision(model, batch.inputs), device_of(model))
    with preserved_rng():
        looking_at(lambda: call_model(model, inputs), model)
    return (clock() - start) / len(batch)


def check_time_for_audit(least: float, budget: Budget, what: str) -> None:
    """Refuse an audit that cannot end in time.

    Args:
        least: seconds that it takes.
        budget: that has to hold.
        what: is audited.

    Raises:
        InputError: the budget has no time for it.
    """
    if not budget.has_time(least):
        raise InputError(
            f"Expected a budget with time to audit {what}, which takes {duration(least)} or more, "
            f"but of {budget.text} {duration(budget.spent)} are spent; {enough(budget, least)}"
        )


def enough(budget: Budget, more: float = 0.0) -> str:
    """Advice on a larger budget, after which `more` seconds are still needed."""
    least = budget.spent + more + budget.reserved
    return f"allow {math.ceil(least) + 1}s or more, or give budget in trials"
