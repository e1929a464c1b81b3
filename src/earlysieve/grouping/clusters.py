"""Clusters of rows of numbers, by k-means, and how well they are told apart."""

import numpy as np

from earlysieve._arrays import Floats, Ints

_STARTS = 10
_STEPS = 100
_MOST = 1000  # rows whose distances are compared for a silhouette


def k_means(rows: Floats, count: int, rng: np.random.Generator) -> Ints:
    """The cluster of each row, shape (N,), numbered by falling size.

    The best of ten starts by k-means++ (Arthur and Vassilvitskii, SODA 2007), each improved by
    Lloyd's steps. All rows are in cluster 0 where fewer than `count` differ.

    Args:
        rows: shape (N, D).
        count: clusters, >= 1.
        rng: for the starts.
    """
    if len(np.unique(rows, axis=0)) < count:
        return np.zeros(len(rows), np.int64)
    tries = [_from(rows, _spread_start(rows, count, rng)) for _ in range(_STARTS)]
    place = min(tries, key=lambda found: found[0])[1]
    sizes = np.bincount(place, minlength=count)
    order = np.argsort(-sizes, kind="stable")
    return np.argsort(order)[place].astype(np.int64)


def silhouette(rows: Floats, place: Ints) -> float:
    """The mean silhouette, in [-1, 1], of at most 1,000 rows, evenly spread; 0 for one cluster.

    Rousseeuw, Journal of Computational and Applied Mathematics 1987: (b - a) / max(a, b) of a row,
    a its mean distance to the rest of its cluster and b the least mean distance to another
    cluster; 0 for a row that is alone.
    """
    from scipy.spatial.distance import cdist

    chosen = np.linspace(0, len(rows) - 1, min(len(rows), _MOST)).astype(np.int64)
    rows, place = rows[chosen], place[chosen]
    numbers, mine, sizes = np.unique(place, return_inverse=True, return_counts=True)
    if len(numbers) < 2:
        return 0.0
    member = np.eye(len(numbers))[mine]
    sums = cdist(rows, rows) @ member
    own = sums[np.arange(len(rows)), mine] / np.maximum(sizes[mine] - 1, 1)
    others = np.where(member > 0, np.inf, sums / sizes).min(axis=1)
    apart = (others - own) / np.maximum(np.maximum(own, others), np.finfo(float).tiny)
    return float(np.where(sizes[mine] > 1, apart, 0.0).mean())


def _spread_start(rows: Floats, count: int, rng: np.random.Generator) -> Floats:
    """Centres that are rows, each drawn in proportion to its squared distance to the others."""
    centres = [rows[rng.integers(len(rows))]]
    nearest = ((rows - centres[0]) ** 2).sum(axis=1)
    for _ in range(count - 1):
        centres.append(rows[rng.choice(len(rows), p=nearest / nearest.sum())])
        nearest = np.minimum(nearest, ((rows - centres[-1]) ** 2).sum(axis=1))
    return np.stack(centres)


def _from(rows: Floats, centres: Floats) -> tuple[float, Ints]:
    """What Lloyd's steps make of a start: the sum of squared distances, and the cluster of rows."""
    from scipy.cluster.vq import vq

    before: Ints | None = None
    for _ in range(_STEPS):
        place, away = vq(rows, centres)
        if before is not None and np.array_equal(place, before):
            break
        # A cluster that nothing is nearest to keeps its centre.
        kept = [rows[place == k].mean(axis=0) if (place == k).any() else c
                for k, c in enumerate(centres)]  # fmt: skip
        centres, before = np.stack(kept), place
    return float((away**2).sum()), place.astype(np.int64)
