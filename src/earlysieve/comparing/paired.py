"""Two audits of the same examples: differences with intervals that know that they are the same."""

import math
from typing import TYPE_CHECKING

import numpy as np

from earlysieve._arrays import Bools, Ints
from earlysieve.comparing.estimated import WHERE_MISLED, Estimated
from earlysieve.comparing.misled import Misled
from earlysieve.comparing.same_examples import in_order, same_examples
from earlysieve.groups.accuracy import accuracy_by_group
from earlysieve.groups.paired_shares import paired_difference
from earlysieve.groups.paired_worst import paired_worst_difference

if TYPE_CHECKING:
    import pandas as pd

    from earlysieve.auditing.result import AuditResult

NOTE = (
    "Audits of the same examples: differences in accuracy have a paired 95% interval. It is about "
    "the choice of the examples; models of other seeds may differ by more."
)


def paired_figures(
    ours: "AuditResult", theirs: "AuditResult", misled: Misled | None = None
) -> dict[str, Estimated]:
    """How much more often ours is right: on all examples, in the worst group and class, and where
    something misleads.

    Args:
        ours, theirs: audits of two models.
        misled: which examples of `theirs` are looked at besides.

    Returns:
        Differences by the name of the figure; nothing where the audits are of other examples.
    """
    if not same_examples(ours, theirs):
        return {}
    one, other = in_order(ours), in_order(theirs)
    right, before = ((t["prediction"] == t["label"]).to_numpy() for t in (one, other))
    found = {"accuracy": Estimated(*paired_difference(right, before))}
    for name, cells in (("worst group", _groups(one, other)), ("worst class", _labels(one))):
        if cells is not None and _are_those(name, cells, (ours, right), (theirs, before)):
            found[name] = Estimated(*paired_worst_difference(right, before, cells))
    if misled is not None:
        rows = misled.misled.to_numpy()
        found[WHERE_MISLED] = Estimated(*paired_difference(right[rows], before[rows]))
    return found


def _labels(table: "pd.DataFrame") -> Ints:
    return table["label"].to_numpy(np.int64)


def _groups(one: "pd.DataFrame", other: "pd.DataFrame") -> Ints | None:
    """The groups of the examples; None where the audits know none, or others."""
    if "group" not in one or "group" not in other or not one["group"].equals(other["group"]):
        return None
    groups = one["group"].fillna(-1).to_numpy(np.int64)
    return groups if (groups >= 0).any() else None


def _are_those(name: str, cells: Ints, *audits: "tuple[AuditResult, Bools]") -> bool:
    """Whether cells give the figure that both audits report: groups may overlap, classes be few."""
    for result, right in audits:
        summary = result.summary
        said = summary.worst_group_accuracy
        if name == "worst class":
            said = min((one.accuracy for one in summary.classes), default=None)
        lowest = min(found.accuracy for found in accuracy_by_group(right, cells).values())
        if said is None or not math.isclose(said, lowest, abs_tol=1e-6):
            return False
    return True
