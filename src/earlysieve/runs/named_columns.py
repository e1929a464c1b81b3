"""Columns that must not matter or that belong to the task, checked before an audit begins."""

from collections.abc import Sequence
from typing import Any

from earlysieve._names import near_names
from earlysieve._readable import COLUMNS, VALUES, as_kept
from earlysieve.auditing.swaps.names import no_sum
from earlysieve.auditing.swaps.table_parts import DIRECTION, as_parts, part_name
from earlysieve.datasets.checks import name_some
from earlysieve.datasets.opened_data import opened
from earlysieve.errors import InputError

_LISTED = 20


def check_columns(data: Any, names: Sequence[str], option: str = "--irrelevant") -> None:
    """Check that a table has the columns that were named; of other data nothing is said.

    Args:
        data: to be audited.
        names: of parts, as `audit` takes them.
        option: that names them.

    Raises:
        InputError: a name is of no column; near names among all columns are listed. Or it is
            all columns, and not of the task.
    """
    source = opened(data)
    variables, columns = source.variables or (), source.column_names
    known = {DIRECTION, COLUMNS, *map(part_name, variables)}
    parts = map(as_kept, as_parts(names, columns, variables))
    for name, part in zip(names, parts, strict=True):
        if variables and part == COLUMNS and option != "--relevant":
            raise InputError(no_sum(name, option))
        if variables and part not in known and not part.startswith(("columns ", VALUES)):
            every = list(dict.fromkeys([*(one.name for one in variables), *columns]))
            near = near_names(name.removeprefix("column "), every)
            told = f"near names are {name_some(near, 5)}" if near else "name one of these"
            raise InputError(
                f"Expected {option} to name a column ({_listed(every)}), but got '{name}'; {told}"
            )


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _LISTED
    return ", ".join(names[:_LISTED]) + (f" and {more} more" if more > 0 else "")
