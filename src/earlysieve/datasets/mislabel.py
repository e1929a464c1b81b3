"""Wrong labels of a known share."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from earlysieve._arrays import Ints
from earlysieve.datasets.checks import class_ids
from earlysieve.errors import InputError


def wrong_labels(
    labels: ArrayLike,
    num_classes: int,
    share: float,
    *,
    seed: int = 0,
    among: NDArray[np.bool_] | None = None,
) -> Ints:
    """Labels of which exactly round(share * n) are wrong, each by a uniform draw of another class.

    Args:
        labels: shape (N,), values in [0, num_classes).
        num_classes: C, >= 2.
        share: of all N examples, in [0, 1].
        seed: of a generator of its own.
        among: shape (N,), the examples that may become wrong; None: all.

    Returns:
        int64, shape (N,).

    Raises:
        InputError: `share` is out of range, there is one class only, or too few examples are
            allowed to become wrong.
    """
    array = class_ids(labels, num_classes)
    allowed = np.flatnonzero(np.ones(len(array), bool) if among is None else among)
    count = round(share * len(array)) if 0 <= share <= 1 else -1
    if num_classes < 2 or not 0 <= count <= len(allowed):
        raise InputError(
            f"Expected a share of wrong labels from 0 to {len(allowed) / len(array):.3g} of "
            f"{len(array)} examples in two classes or more, but got {share} and {num_classes} "
            "classes; lower the share"
        )
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(allowed)[:count]
    changed = array.copy()
    changed[chosen] = (array[chosen] + rng.integers(1, num_classes, count)) % num_classes
    return changed
