"""How models do on those examples on which the simple thing misleads that the first leans on."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from earlysieve.auditing.leans import leaning_of
from earlysieve.comparing.estimated import Estimated
from earlysieve.comparing.same_examples import in_order, same_examples
from earlysieve.groups.accuracy import wilson_interval

if TYPE_CHECKING:
    import pandas as pd

    from earlysieve.auditing.result import AuditResult


@dataclass(frozen=True)
class Misled:
    """Whom the reader misleads that the verdict of the first audit is about.

    Attributes:
        reader: what it sees, in a sentence.
        audit: that one.
        misled: of shape (N,), whether the reader, fitted on the other folds, takes it for another
            class.
    """

    reader: str
    audit: "AuditResult"
    misled: "pd.Series[bool]"

    def accuracy(self, result: "AuditResult") -> Estimated | None:
        """How often the model of an audit is right there, with Wilson's 95% interval.

        None where the audit is of other examples.
        """
        if not same_examples(result, self.audit):
            return None
        table = in_order(result)
        right = (table["prediction"] == table["label"])[self.misled]
        return Estimated(float(right.mean()), *wilson_interval(int(right.sum()), len(right)))


def misled_in(result: "AuditResult") -> Misled | None:
    """Whom its reader misleads; None where the verdict is about none, or it misleads nobody."""
    from earlysieve.auditing.pseudo_groups import SCORE
    from earlysieve.auditing.words import called

    summary = result.summary
    found = leaning_of(result)
    column = SCORE.format(summary.leans_on)
    if found is None or column not in result.examples:
        return None
    table = in_order(result)
    misled = table[column] > 0
    return Misled(called(found), result, misled) if misled.any() else None
