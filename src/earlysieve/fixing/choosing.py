"""Choose among what was tried, by a rule that needs no group labels; no change wins ties."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from torch import Tensor

from earlysieve.fixing.basis import Basis
from earlysieve.fixing.candidates import NO_CHANGE

if TYPE_CHECKING:
    from earlysieve.training.select_model import Choice


def choose(basis: Basis, tried: Mapping[str, Tensor], select: str) -> "Choice":
    """The candidate that the rule prefers to no change; which wins ties.

    Where the audit calls a shortcut, that balancing groups helps is known beforehand, and what
    scores higher is preferred: held-out examples that are misled are few, and a gain of ten points
    on a hundred of them is within chance. In all other cases a candidate has to be better by more
    than chance (95%, for all candidates at once).

    Args:
        basis: what they are judged by.
        tried: logits (N, C) of every candidate by name, each of examples that it was not fitted to.
        select: name of a selection rule.

    Raises:
        InputError: the rule needs what is not there.
    """
    from earlysieve.training.select_model import select_model

    candidates = {NO_CHANGE: basis.features.logits, **tried}
    return select_model(
        candidates,
        basis.data.data,
        select=select,
        groups=basis.judged_by,
        reader_predictions=basis.reader_predictions,
        margin="ties" if basis.audit.summary.verdict == "shortcut" else "paired",
    )
