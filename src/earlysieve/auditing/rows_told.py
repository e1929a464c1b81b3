"""Short names of what an audit looked at, by which two audits tell whether it is the same.

Rows have no names but their numbers, and other rows may have the same labels.
"""

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from earlysieve._arrays import Floats, Ints
from earlysieve.auditing.inputs_told import kept_of
from earlysieve.auditing.views import rows_of

if TYPE_CHECKING:
    from earlysieve.auditing.collect import Collected

KEY = "columns_of_rows"
_MOST_ROWS = 4_096
_SAME = 0.5


def told_data(collected: "Collected") -> dict[str, Any]:
    """What the configuration of an audit keeps: of a table its columns, else the first inputs."""
    return _told_columns(collected) or kept_of(collected.told)


def _told_columns(collected: "Collected") -> dict[str, list[str]]:
    columns = collected.views.columns
    if columns is None or not len(columns):
        return {}
    order = np.argsort(collected.index.numpy(), kind="stable")
    chosen = order[np.linspace(0, len(order) - 1, min(_MOST_ROWS, len(order))).astype(int)]
    as_stored = torch.from_numpy(np.sort(chosen))
    values = rows_of(columns, as_stored).numpy()
    return {KEY: columns_told(values[np.searchsorted(as_stored.numpy(), chosen)])}


def columns_told(values: Floats) -> list[str]:
    """A short name of each column, which no change of its scale alters.

    It is SHA-256, cut to 8 digits, of the ranks of its values; of columns with one value there is
    none.

    Args:
        values: shape (N, D).
    """
    found = []
    for column in values.T:
        distinct, ranks = np.unique(column, return_inverse=True)
        if len(distinct) > 1:
            found.append(_short(ranks))
    return found


def are_other_rows(ours: Sequence[str], theirs: Sequence[str]) -> bool:
    """Whether two tables of as many rows hold other rows, by the names of their columns.

    One may lack columns of the other, or have some of its own, and rounding may change one.

    Args:
        ours, theirs: of `columns_told`; empty where not known.
    """
    if not ours or not theirs:
        return False
    shared = len(set(ours) & set(theirs))
    return shared < _SAME * min(len(set(ours)), len(set(theirs)))


def _short(ranks: Ints) -> str:
    return hashlib.sha256(np.ascontiguousarray(ranks, np.int64).tobytes()).hexdigest()[:8]
