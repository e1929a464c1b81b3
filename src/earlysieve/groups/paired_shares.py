"""How much more often one model is right than another, on the same examples."""

import math

from earlysieve._arrays import Bools
from earlysieve.groups.accuracy import wilson_interval


def paired_difference(ours: Bools, theirs: Bools) -> tuple[float, float, float]:
    """Accuracy of ours minus theirs with its 95% interval, which knows that examples are the same.

    Newcombe's square-and-add of Wilson's intervals [l, u] of both shares p and q (method 10 of
    "Improved confidence intervals for the difference between binomial proportions based on paired
    data", Statistics in Medicine 17, 1998): with d = p - q and phi the correlation of both,

        d - sqrt((p - l_p)^2 - 2 phi (p - l_p) (u_q - q) + (u_q - q)^2)  to
        d + sqrt((u_p - p)^2 - 2 phi (u_p - p) (q - l_q) + (q - l_q)^2)

    Args:
        ours, theirs: which examples each model is right on, shape (N,), N >= 1.

    Returns:
        Difference, lower and upper end; in [-1, 1].
    """
    n, p, q = len(ours), float(ours.mean()), float(theirs.mean())
    (low_p, high_p), (low_q, high_q) = (wilson_interval(int(x.sum()), n) for x in (ours, theirs))
    phi = _correlation(ours, theirs)
    down = _added(p - low_p, high_q - q, phi)
    up = _added(high_p - p, q - low_q, phi)
    return p - q, p - q - down, p - q + up


def _added(one: float, other: float, phi: float) -> float:
    return math.sqrt(max(one**2 - 2 * phi * one * other + other**2, 0.0))


def _correlation(ours: Bools, theirs: Bools) -> float:
    """Phi of the fourfold table, drawn towards 0 by half of N where it is positive."""
    both, ours_only = int((ours & theirs).sum()), int((ours & ~theirs).sum())
    theirs_only, neither = int((~ours & theirs).sum()), int((~ours & ~theirs).sum())
    cross = both * neither - ours_only * theirs_only
    margins = (both + ours_only) * (theirs_only + neither)
    margins *= (both + theirs_only) * (ours_only + neither)
    corrected = max(cross - len(ours) / 2, 0.0) if cross > 0 else cross
    return corrected / math.sqrt(margins) if margins else 0.0
