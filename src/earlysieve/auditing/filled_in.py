"""A number that stands in much of a column, as one with which gaps were filled in."""

from collections.abc import Sequence

import numpy as np

from earlysieve._arrays import Floats
from earlysieve.auditing.telling_values import spikes, written

_MUCH, _LISTED = 0.3, 3


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
    return (
        f"{written(values[most])} stands in {share:.0%} of the rows of '{name}': was it filled in?"
    )


def place_of(column: Floats, values: Sequence[float], name: str) -> str:
    """Which of a column's values these are, where they are its ends or the most frequent ones.

    Of a scaled column a number itself says nothing: -0.9994706 may be 0 visits.

    Args:
        column: of a table, shape (N,).
        values: some of its values.
        name: of the column.

    Returns:
        Sentences; empty where there is nothing to say.
    """
    every, sizes = np.unique(column, return_counts=True)
    told = []
    for value in values[:_LISTED]:
        place = int(np.abs(every - value).argmin())
        names = [
            *(["smallest"] if place == 0 else []),
            *(["largest"] if place == len(every) - 1 else []),
            *(["most frequent"] if (sizes < sizes[place]).sum() == len(sizes) - 1 else []),
        ]
        share = sizes[place] / len(column)
        if names and len(every) > 2:
            told.append(
                f"{written(value)} is the {' and '.join(names)} value of column '{name}', in "
                f"{share:.0%} of the rows."
            )
    return " ".join(told)
