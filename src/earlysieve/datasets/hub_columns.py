"""Labels and groups of HuggingFace tables, numbered over all splits of their data set."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from earlysieve._arrays import Ints
from earlysieve.datasets.numbering import crossed_groups, numbered, numbered_groups

_NEGATIVE = re.compile(r"-[0-9]+(\.0+)?")


def column_numbers(
    table: Any, others: Sequence[Any], column: str, where: str, *, groups: bool = False
) -> tuple[Ints, tuple[str, ...]]:
    """Numbers and names of a column of classes, names or whole numbers.

    They are the same whichever split is opened: a value that another split has alone takes part,
    and where splits list their classes differently, the names count and not their numbers.

    Args:
        table: the split to number, a `datasets.Dataset`.
        others: further splits of the same data set, which may lack the column or hold no labels.
        column: its name.
        where: for messages.
        groups: whether the values are groups, which may be unknown.

    Returns:
        int64 of shape (N,), and one name per number.

    Raises:
        DataError: a value is missing, or a number is out of range.
    """
    number = numbered_groups if groups else numbered
    tables = [other for other in (table, *others) if column in other.column_names]
    named = [names for names in (_class_names(t, column) for t in tables) if names]
    longest = max(named, key=len, default=())
    own = list(table[column])
    if len(named) == len(tables) and all(names == longest[: len(names)] for names in named):
        return number(own, where)[0], longest
    elsewhere = {name for t in tables for name in _known(_values(t, column, t.unique(column)))}
    numbers, names = number([*_values(table, column, own), *sorted(elsewhere)], where)
    return numbers[: len(own)], names


def hub_groups(
    table: Any, others: Sequence[Any], columns: Sequence[str], path: str
) -> tuple[Ints, tuple[str, ...]] | None:
    """Groups of a split and their names, of one column or of several that are crossed.

    Args:
        table, others: see `column_numbers`.
        columns: that hold groups.
        path: of the data, for messages.

    Returns:
        int64 of shape (N,), -1 where unknown, and one name per group; None without columns.

    Raises:
        DataError: a number is out of range.
    """
    if not columns:
        return None
    tables = [t for t in (table, *others) if all(c in t.column_names for c in columns)]
    tables = tables if len(columns) > 1 else [table]
    found = []
    for column in columns:
        where = f"column '{column}' of '{path}'"
        parts = [
            column_numbers(
                t, [o for o in (table, *others) if o is not t], column, where, groups=True
            )
            for t in tables
        ]
        found.append((np.concatenate([numbers for numbers, _ in parts]), parts[0][1]))
    numbers, names = crossed_groups(found)
    return numbers[: len(table)], names


def _class_names(table: Any, column: str) -> tuple[str, ...]:
    return tuple(getattr(table.features[column], "names", None) or ())


def _values(table: Any, column: str, values: Sequence[Any]) -> list[Any]:
    """The values, of which numbers of classes become the names of these."""
    names = _class_names(table, column)
    if not names:
        return list(values)
    return [names[v] if v is not None and 0 <= v < len(names) else None for v in values]


def _known(values: Sequence[Any]) -> list[str]:
    """As text, those that name a class; a test split without labels may hold -1 or nothing."""
    texts = [str(v).strip() for v in values if v is not None and v == v]
    return [text for text in texts if text and not _NEGATIVE.fullmatch(text)]
