"""Words that come and go together, or stand for each other."""

import numpy as np

from earlysieve._arrays import Floats, Ints

_TOGETHER = 0.5


def with_companions(
    holds: Floats, labels: Ints, classes: int, top: Ints, *, or_others: bool = False
) -> Ints:
    """Buckets of tokens, and those that come and go with one of them: the rest of a phrase.

    A signature or a stock phrase tells by any of its words; told by one of them, the others are
    no second thing. They are told by a correlation of at least 0.5 within the classes.

    Args:
        holds: how often texts hold each token, shape (N, V).
        labels: shape (N,).
        classes: C.
        top: columns, ascending.
        or_others: also those that stand where it does not, as the stroke in a date for the point:
            a correlation of at most -0.5.

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
    alike = apart[:, top].T @ apart
    together = (np.abs(alike) if or_others else alike).max(0)
    return np.union1d(top, np.flatnonzero(together >= _TOGETHER))
