"""Where the curve that reads a single column may bend, and where it may jump.

Between knots that are far apart a curve can only rise slowly, so that a threshold would be read
wrongly on both sides of it, just where a model errs, too.
"""

import numpy as np

from earlysieve._arrays import Floats, Ints
from earlysieve.auditing.properties import knots_of
from earlysieve.auditing.swaps.columns import MOST_CODES

_NARROWEST, _WINDOWS = 32, 60
_MOST_JUMPS, _JUMP = 12, 0.65
_MOST_SPIKES, _SPIKE = 3, 0.02


def column_knots(column: Floats, labels: Ints, classes: int) -> Floats:
    """Knots of a column (N,), shape (K, 1): its values where these are few.

    Else quantiles, jumps and spikes.
    """
    found = np.unique(column)
    if len(found) > MOST_CODES:
        places = knots_of(column[:, None])[:, 0], jumps(column, labels, classes), spikes(column)
        found = np.concatenate(places)
    return np.asarray(np.unique(found)[:, None])


def spikes(column: Floats) -> Floats:
    """Values that occur again and again, as what gaps were filled with, and their neighbours.

    Up to three, each in at least 2% of the rows; with a knot at the nearest value on either side
    a curve can be another there and nowhere else.

    Args:
        column: shape (N,).
    """
    values, counts = np.unique(column, return_counts=True)
    often = np.argsort(-counts, kind="stable")[:_MOST_SPIKES]
    often = often[counts[often] >= _SPIKE * len(column)]
    around = np.unique(np.clip(often[:, None] + [-1, 0, 1], 0, len(values) - 1))
    return np.asarray(values[around])


def jumps(column: Floats, labels: Ints, classes: int) -> Floats:
    """Where a column's classes change at once: the two values on either side of each place.

    There the shares of the classes in a window on one side differ from those on the other by at
    least 0.65 (total variation); a window has a 60th of the rows, and 32 at least.

    Args:
        column: shape (N,).
        labels: shape (N,).
        classes: C.
    """
    width = max(_NARROWEST, len(column) // _WINDOWS)
    if len(column) < 2 * width:
        return np.zeros(0)
    order = np.argsort(column, kind="stable")
    placed = column[order]
    counts = np.zeros((len(column) + 1, classes))
    counts[1:] = np.eye(classes)[labels[order]].cumsum(0)
    shares = (counts[width:] - counts[:-width]) / width
    change = np.abs(shares[width:] - shares[:-width]).sum(1) / 2
    below, above = placed[width - 1 : -width], placed[width : len(column) - width + 1]
    change[below == above] = 0.0
    found: list[float] = []
    while len(found) < 2 * _MOST_JUMPS and change.max() >= _JUMP:
        at = int(change.argmax())
        found.extend((below[at], above[at]))
        change[max(0, at - width) : at + width + 1] = 0.0
    return np.array(found)
