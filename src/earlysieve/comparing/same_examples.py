"""Whether two audits are of the same examples."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from earlysieve.auditing.inputs_told import KEY as INPUTS
from earlysieve.auditing.inputs_told import TOKENS, are_other_inputs, form_of
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


def other_inputs(ours: "AuditResult", theirs: "AuditResult") -> bool:
    """Whether examples that have no names but their numbers are others, for all that is known.

    It is told by the first inputs that both kept, whose scale does not matter; else by the groups
    of the same names. One source may be prepared otherwise for each model: it is the same.
    """
    if _same_source(ours, theirs) or not (_numbered(ours) and _numbered(theirs)):
        return False
    if _comparable(ours, theirs):
        return are_other_inputs(ours.config[INPUTS]["names"], theirs.config[INPUTS]["names"])
    return not _tables(ours, theirs) and _other_groups(ours, theirs)


def same_examples(ours: "AuditResult", theirs: "AuditResult") -> bool:
    """All: examples of the same names and labels, that are no rows or inputs of other data."""
    return (
        same_names(ours, theirs)
        and not other_tables(ours, theirs)
        and not other_inputs(ours, theirs)
    )


def by_numbers_alone(ours: "AuditResult", theirs: "AuditResult") -> bool:
    """Whether only numbers and labels say that audits of other sources are of the same examples."""
    known = _source(ours.config), _source(theirs.config)
    return (
        None not in known
        and known[0] != known[1]
        and _numbered(ours)
        and same_examples(ours, theirs)
        and not (_comparable(ours, theirs) or _tables(ours, theirs))
    )


def _source(config: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """Where the data come from, but where they are cached; None where that is not known."""
    if not config.get("data"):
        return None
    options = {k: v for k, v in (config.get("data_options") or {}).items() if k != "cache"}
    return config["data"], options, config.get("split")


def _same_source(ours: "AuditResult", theirs: "AuditResult") -> bool:
    known = _source(ours.config)
    return known is not None and known == _source(theirs.config)


def _numbered(result: "AuditResult") -> bool:
    """Whether examples have no names but their numbers."""
    table = result.examples
    return bool((table["id"] == table["index"].astype(str)).all())


def _comparable(ours: "AuditResult", theirs: "AuditResult") -> bool:
    """Whether both kept their first inputs, in one form.

    Tokens of one text are others with another tokenizer; with two sources that is a reason enough
    to audit both on one.
    """
    one, other = (form_of(result.config.get(INPUTS)) for result in (ours, theirs))
    if not one or one != other:
        return False
    return TOKENS not in one or bool(_source(ours.config) and _source(theirs.config))


def _tables(ours: "AuditResult", theirs: "AuditResult") -> bool:
    return bool(ours.config.get(KEY) and theirs.config.get(KEY))


def _other_groups(ours: "AuditResult", theirs: "AuditResult") -> bool:
    """Whether groups of the same names are those of other examples."""
    one, other = (in_order(result) for result in (ours, theirs))
    if "group" not in one or "group" not in other or not ours.group_names:
        return False
    named = tuple(ours.group_names) == tuple(theirs.group_names)
    return named and not one["group"].equals(other["group"])
