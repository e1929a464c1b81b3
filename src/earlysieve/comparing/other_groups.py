"""Worst groups of other groups: they have no difference."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from earlysieve.comparing.labels import labels

if TYPE_CHECKING:
    from earlysieve.comparing.folded import Line

OF_GROUPS = ("worst group", "group gap", "reweighted accuracy")


def same_groups(line: "Line", first: "Line") -> bool:
    """Whether the groups of both lines bear the same names, as far as audits tell them."""
    ours, theirs = _names(line), _names(first)
    return not ours or not theirs or ours == theirs


def other_groups(lines: Sequence["Line"]) -> tuple[str, ...]:
    """That the groups of some lines are not those of the first.

    Args:
        lines: of one comparison.
    """
    first, *others = lines
    names = [
        name
        for name, line in zip(labels(lines)[1:], others, strict=True)
        if not same_groups(line, first)
    ]
    if not names:
        return ()
    return (
        f"The groups of {', '.join(map(repr, names))} are not those of the first, so that no "
        "difference of worst groups, gaps and reweighted accuracy is shown: audit both with the "
        "same --group-column or --groups.",
    )


def _names(line: "Line") -> set[tuple[str, ...]]:
    return {
        tuple(one.audit.group_names)
        for one in line.entries
        if one.audit is not None and one.audit.groups is not None and one.audit.group_names
    }
