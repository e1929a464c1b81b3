"""Words that come and go together, or stand for each other."""

import numpy as np

from earlysieve._arrays import Floats, Ints

_TOGETHER = 0.5


def with_companions(holds: Floats, labels: Ints, classes: int, top: Ints) -> Ints:
    """Buckets of tokens, and those that come and go with one of them, or where it is missing.

    A signature or a stock phrase tells by any of its words; told by one of them, the others are
    no second thing; nor is another way to write it, as the stroke in a date for the point. They are
    told by a correlation of at least 0.5 within the classes, or at most -0.5.

    Args:
        holds: how often texts hold each token, shape (N, V).
        labels: shape (N,).
        classes: C.
        top: columns, ascending.

    Returns:
        Columns, ascending; `top` among them.
    """
    if not len(top):
        return top
    mine = np.eye(classes)[labels]
    means = (mine.T @ holds) / np.maximum(mine.sum(0)[:, None], 1)
    apart = holds - means[labels]
    length = np.sqrt(np.square(apart).sum(0))
    apart = apart / np.where(length > 0, length, 1)
    together = np.abs(apart[:, top].T @ apart).max(0)
    return np.union1d(top, np.flatnonzero(together >= _TOGETHER))
