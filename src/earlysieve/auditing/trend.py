"""Whether a value of a number tells more than the trend of all other values would."""

import numpy as np

from earlysieve._arrays import Floats

_MORE, _DEVIATIONS = 1.0, 2.0
_STEPS, _LARGEST, _STOP = 100, 2.0, 1e-8
_PRIOR = (1e-4, 1 / 25)  # precision of intercept and slope


def off_trend(values: Floats, hits: Floats, sizes: Floats) -> bool:
    """Whether the first of these values lies off the trend of the others.

    The trend is a logistic regression of the class on the number, or on its rank among the values,
    fitted to the rows of all other values and carried on to the first one. A count that tells the
    class step by step lies on it at 0, too; a 0 that stands for "not known" does not. Off it are
    log-odds higher by 1 and by two standard errors than either trend says.

    Args:
        values: different numbers, the one in question first, shape (V,), V >= 1.
        hits: rows of the class by value, shape (V,).
        sizes: rows by value, shape (V,), >= 1.
    """
    if len(values) < 3:
        return True
    ranks = np.argsort(np.argsort(values)).astype(float)
    return all(_lies_off(scale, hits, sizes) for scale in (np.asarray(values, float), ranks))


def _lies_off(scale: Floats, hits: Floats, sizes: Floats) -> bool:
    yes, no = hits[0] + 0.5, sizes[0] - hits[0] + 0.5
    expected, variance = carried_on(scale[1:], hits[1:], sizes[1:], float(scale[0]))
    more = float(np.log(yes / no)) - expected
    deviation = float(np.sqrt(1 / yes + 1 / no + variance))
    return more >= _MORE and more >= _DEVIATIONS * deviation


def carried_on(scale: Floats, hits: Floats, sizes: Floats, at: float) -> tuple[float, float]:
    """The log-odds that a logistic regression expects at a number, and their variance.

    By Newton's method; the slope per standard deviation of the rows has a normal prior of variance
    25, so that it is finite where the classes can be separated.

    Args:
        scale: a number for each set of rows, shape (V,).
        hits, sizes: rows of the class and all rows of each, shape (V,).
        at: the number in question.
    """
    mean = float(np.average(scale, weights=sizes))
    spread = float(np.sqrt(np.average((scale - mean) ** 2, weights=sizes))) or 1.0
    design = np.stack([np.ones(len(scale)), (scale - mean) / spread], 1)
    prior = np.diag(_PRIOR)
    weights = np.zeros(2)
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
        information = (design.T * (sizes * chance * (1 - chance))) @ design + prior
        step = np.linalg.solve(information, design.T @ (hits - sizes * chance) - prior @ weights)
        weights = weights + np.clip(step, -_LARGEST, _LARGEST)
        if np.abs(step).max() < _STOP:
            break
    place = np.array([1.0, (at - mean) / spread])
    return float(place @ weights), float(place @ np.linalg.solve(information, place))
