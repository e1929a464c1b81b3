"""Which values of a column tell a class more surely than chance lets some of many look."""

from statistics import NormalDist

import numpy as np

from earlysieve._arrays import Bools, Floats, Ints
from earlysieve.groups.accuracy import wilson_lower_bounds

_BY_CHANCE = 0.05


def surest_first(
    counts: Floats,
    kinds: Ints,
    chosen: Bools,
    *,
    tells: float,
    fewest: float,
    last: bool = True,
) -> list[int]:
    """Those of the chosen values that tell their class by more than chance, the surest first.

    How surely is the lower end of Wilson's interval of the share of its class, over the share among
    all rows, at 5% for all values that are frequent enough to be chosen. One by one it has to lie
    above the share in the rows whose values are not yet taken: where some values of one class are
    taken, all others lean to the other class, and of many some seem to tell it.

    Args:
        counts: of the classes by value, shape (V, C).
        kinds: the class of each value, shape (V,).
        chosen: values in question, shape (V,).
        tells: how much of the doubt that the other rows leave a value has to take away, in [0, 1].
        fewest: rows that say what the others leave; of fewer all rows say it.
        last: whether a value of which that is so may count: all others were taken, and it is what
            lacks them.
    """
    sizes, every = counts.sum(1), np.arange(len(counts))
    share = counts[every, kinds] / np.maximum(sizes, 1)
    able = max(1, int((sizes >= fewest).sum()))
    low = wilson_lower_bounds(
        share, np.maximum(sizes, 1), NormalDist().inv_cdf(1 - _BY_CHANCE / able)
    )
    base = (counts.sum(0) / sizes.sum())[kinds]
    sureness = (low - base) / np.maximum(1 - base, 1e-9)
    left, found = np.ones(len(counts), bool), []
    for place in np.flatnonzero(chosen)[np.argsort(-sureness[chosen], kind="stable")].tolist():
        left[place] = False
        rest = float(sizes[left].sum())
        if rest < fewest and not last:
            break
        usual = float(counts[left, kinds[place]].sum()) / rest if rest >= fewest else base[place]
        if low[place] > usual and share[place] - usual >= tells * (1 - usual):
            found.append(place)
        else:
            left[place] = True
    return found
