"""Two audits of the same examples: differences with intervals that know that they are the same."""

from typing import TYPE_CHECKING

from earlysieve.comparing.estimated import WHERE_MISLED, Estimated
from earlysieve.comparing.misled import EXAMPLE, Misled, in_order
from earlysieve.groups.paired_shares import paired_difference

if TYPE_CHECKING:
    from earlysieve.auditing.result import AuditResult

NOTE = (
    "Audits of the same examples: differences in accuracy have a paired 95% interval. It is about "
    "the choice of the examples; models of other seeds may differ by more."
)


def paired_figures(
    ours: "AuditResult", theirs: "AuditResult", misled: Misled | None = None
) -> dict[str, Estimated]:
    """How much more often ours is right: on all examples, and on those that are misled.

    Args:
        ours, theirs: audits of two models.
        misled: which examples of `theirs` are looked at besides.

    Returns:
        Differences by the name of the figure; nothing where the audits are of other examples.
    """
    one, other = in_order(ours), in_order(theirs)
    if not one[EXAMPLE].equals(other[EXAMPLE]):
        return {}
    right, before = ((t["prediction"] == t["label"]).to_numpy() for t in (one, other))
    found = {"accuracy": Estimated(*paired_difference(right, before))}
    if misled is not None:
        rows = misled.misled.to_numpy()
        found[WHERE_MISLED] = Estimated(*paired_difference(right[rows], before[rows]))
    return found
