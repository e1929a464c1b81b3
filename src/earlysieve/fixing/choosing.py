"""Choose among what was tried, by a rule that needs no group labels; no change wins ties."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from torch import Tensor

from earlysieve.fixing.basis import GIVEN, NAMED, Basis
from earlysieve.fixing.candidates import NO_CHANGE

if TYPE_CHECKING:
    from earlysieve.training.select_model import Choice


# Accuracy over all examples that may be lost where no shortcut is called.
MOST_LOST = 0.01


def too_dear(basis: Basis, tried: Mapping[str, Tensor]) -> dict[str, float]:
    """Candidates that cost what no verdict justifies, and their accuracy over all examples.

    What misleads may be the task itself, unless the audit calls a shortcut, or groups were given or
    chosen: to weigh it down would make a sound model worse. So a candidate may lose one point.

    Args:
        basis, tried: as for `choose`.
    """
    if basis.audit.summary.verdict == "shortcut" or {GIVEN, NAMED} & set(basis.sources):
        return {}
    before = _accuracy(basis, basis.features.logits)
    found = {name: _accuracy(basis, logits) for name, logits in tried.items()}
    return {name: share for name, share in found.items() if share < before - MOST_LOST}


def _accuracy(basis: Basis, logits: Tensor) -> float:
    return float((logits.argmax(1) == basis.features.labels).double().mean())


def choose(basis: Basis, tried: Mapping[str, Tensor], select: str) -> "Choice":
    """The candidate that the rule prefers to no change; which wins ties.

    Where the audit calls a shortcut, that balancing groups helps is known beforehand, and what
    scores higher is preferred: held-out examples that are misled are few, and a gain of ten points
    on a hundred of them is within chance. In all other cases a candidate has to be better by more
    than chance (95%, for all candidates at once), and may not be `too_dear`.

    Args:
        basis: what they are judged by.
        tried: logits (N, C) of every candidate by name, each of examples that it was not fitted to.
        select: name of a selection rule.

    Raises:
        InputError: the rule needs what is not there.
    """
    from earlysieve.training.select_model import select_model

    dear = too_dear(basis, tried)
    kept = {name: logits for name, logits in tried.items() if name not in dear}
    candidates = {NO_CHANGE: basis.features.logits, **kept}
    return select_model(
        candidates,
        basis.data.data,
        select=select,
        groups=basis.judged_by,
        reader_predictions=basis.reader_predictions,
        margin="ties" if basis.audit.summary.verdict == "shortcut" else "paired",
    )
