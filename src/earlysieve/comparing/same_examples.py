"""Whether two audits are of the same examples."""

from typing import TYPE_CHECKING

from earlysieve.auditing.rows_told import KEY, are_other_rows

if TYPE_CHECKING:
    import pandas as pd

    from earlysieve.auditing.result import AuditResult

EXAMPLE = ["index", "id", "label"]


def in_order(result: "AuditResult") -> "pd.DataFrame":
    """The examples of an audit in the order of the data set."""
    return result.examples.sort_values("index", kind="stable").reset_index(drop=True)


def same_names(ours: "AuditResult", theirs: "AuditResult") -> bool:
    """Whether examples have the same numbers, names and labels."""
    return bool(in_order(ours)[EXAMPLE].equals(in_order(theirs)[EXAMPLE]))


def other_tables(ours: "AuditResult", theirs: "AuditResult") -> bool:
    """Whether these are two tables, of other values; an audit that was made before tells nothing.

    Rows have no names but their numbers, and two tables may have the same labels.
    """
    return are_other_rows(ours.config.get(KEY, ()), theirs.config.get(KEY, ()))


def same_examples(ours: "AuditResult", theirs: "AuditResult") -> bool:
    """Both: examples of the same names and labels, that are no rows of another table."""
    return same_names(ours, theirs) and not other_tables(ours, theirs)
