"""Whether a model is as sure as it is right: calibration error, Brier score, likelihood."""

from collections.abc import Callable

import numpy as np

from earlysieve._arrays import Bools, Floats, Ints
from earlysieve.errors import InputError

BINS = 15
Weighing = Callable[[Floats], float]


def negative_log_likelihoods(log_probabilities: Floats, labels: Ints) -> Floats:
    """-log p(label) of each example, in nats, shape (N,).

    Args:
        log_probabilities: shape (N, C).
        labels: shape (N,).
    """
    return np.asarray(-log_probabilities[np.arange(len(labels)), labels])


def brier_scores(probabilities: Floats, labels: Ints) -> Floats:
    """Sum over classes k of (p_k - [k is the label])^2 of each example, in [0, 2], shape (N,).

    Brier, "Verification of Forecasts Expressed in Terms of Probability", Monthly Weather Review
    1950; for two classes it is twice the score of the one probability.

    Args:
        probabilities: shape (N, C).
        labels: shape (N,).
    """
    of_label = probabilities[np.arange(len(labels)), labels]
    return np.asarray((probabilities**2).sum(axis=1) - 2 * of_label + 1)


def calibration_error(
    confidence: Floats, right: Bools, *, bins: int = BINS, equal_mass: bool = False
) -> float:
    """The expected calibration error: sum over bins B of |B| / N |accuracy(B) - confidence(B)|.

    Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, equation (3), where bin m of
    M is the confidences in ((m - 1) / M, m / M]. With `equal_mass` bins hold equally many examples
    (Nixon et al., "Measuring Calibration in Deep Learning", CVPR workshops 2019): an example is in
    bin floor(M s), where s is the share of examples with a lower confidence, so that equal
    confidences are in one bin. Both are too large for few examples, the more so the more bins.

    Args:
        confidence: the largest probability, in [0, 1], shape (N,), N >= 1.
        right: whether that class is the label, shape (N,).
        bins: M, at least 1.
        equal_mass: see above.

    Raises:
        InputError: there is no example or no bin, shapes differ, or a confidence is out of range.
    """
    sure, hits = np.asarray(confidence, np.float64), np.asarray(right, bool)
    if bins < 1 or sure.ndim != 1 or not len(sure) or hits.shape != sure.shape:
        raise InputError(
            "Expected at least one bin, and for each of N >= 1 examples a confidence and whether "
            f"it is right, but got {bins} bins and shapes {sure.shape} and {hits.shape}; pass "
            "arrays of shape (N,)"
        )
    if not bool(((sure >= 0) & (sure <= 1)).all()):
        raise InputError(
            f"Expected confidences from 0 to 1, but got some from {sure.min()} to {sure.max()}; "
            "pass the largest probability of each example"
        )
    return weighed_error(sure, hits, bins=bins, equal_mass=equal_mass)(np.ones(len(sure)))


def weighed_error(
    confidence: Floats, right: Bools, *, bins: int = BINS, equal_mass: bool = False
) -> Weighing:
    """`calibration_error` of examples with weights >= 0, shape (N,), as a function of these."""
    order = np.argsort(confidence, kind="stable")
    ordered = confidence[order]
    excess = right[order] - ordered
    by_width = np.clip(np.ceil(ordered * bins).astype(np.int64) - 1, 0, bins - 1)
    first = np.searchsorted(ordered, ordered)  # of those with the same confidence

    def weighed(weights: Floats) -> float:
        mass = weights[order]
        total = mass.sum()
        place = by_width
        if equal_mass:
            below = bins * (np.cumsum(mass) - mass)[first] / total
            place = np.minimum(below.astype(np.int64), bins - 1)
        off = np.bincount(place, weights=mass * excess, minlength=bins)
        return float(np.abs(off).sum() / total)

    return weighed
