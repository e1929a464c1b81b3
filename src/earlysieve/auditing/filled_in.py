"""A number that stands in much of a column, as one with which gaps were filled in."""

import numpy as np

from earlysieve._arrays import Floats
from earlysieve.auditing.telling_values import spikes

_MUCH = 0.3


def filled_in(column: Floats, name: str) -> str:
    """A question about a column's most frequent value; empty unless it is in over 0.3 of the rows.

    A median for what is missing lies among honest numbers, so that no reader of single values may
    tell it. What the column counts, as zero visits, is not asked about: see `spikes`.

    Args:
        column: of a table, shape (N,).
        name: of the column.
    """
    values, sizes = np.unique(column, return_counts=True)
    most = int(sizes.argmax())
    share = sizes[most] / len(column)
    if share <= _MUCH or not spikes(sizes)[most]:
        return ""
    value = np.format_float_positional(np.float32(values[most]), trim="-")
    return f"{value} stands in {share:.0%} of the rows of '{name}': was it filled in?"
