"""What all other columns tell of the class in rows that hold a telling value, against elsewhere."""

import math
from collections.abc import Sequence
from functools import partial

import numpy as np

from earlysieve._arrays import Floats, Ints
from earlysieve.auditing.evidence import chance, readability
from earlysieve.auditing.eye import Sample, open_eye
from earlysieve.auditing.properties import curved, knots_of, pairs_of
from earlysieve.auditing.scores import auroc
from earlysieve.auditing.telling_ranges import Telling
from earlysieve.auditing.telling_values import held_rightly
from earlysieve.readouts.feature_store import FeatureStore

_READABLE = 0.4


def told_besides(
    store: FeatureStore, sample: Sample, telling: Sequence[Telling], accuracy: float
) -> dict[str, float]:
    """How well other columns tell a class where a value tells it, against its other rows, by name.

    An AUROC: one half where they tell it as well there. So it is where a row got its value after
    its class; where the class came of the value, too, less was needed of the other columns.

    Args:
        store: of the columns.
        sample: what readers are fitted on.
        telling: values of columns.
        accuracy: of the model.

    Returns:
        NaN where a reader of the other columns tells less than 0.4 of what the model does.
    """
    values, labels = sample.of(store), sample.labels
    found = {}
    for one in telling:
        rest = np.setdiff1d(np.arange(values.shape[1]), one.variable.columns)
        if not len(rest):
            found[one.name] = math.nan
            continue
        some = values[:, rest]
        shape = partial(_besides, columns=rest, centre=some.mean(0), knots=knots_of(some))
        reader = open_eye(store, sample, shape, values).reader
        right = float((reader.prediction == labels).mean())
        able = readability(right, accuracy, chance(labels)) >= _READABLE
        said = one.said_by(values)
        found[one.name] = told_as_well(reader.probabilities, said, labels) if able else math.nan
    return found


def _besides(values: Floats, columns: Ints, centre: Floats, knots: Floats) -> Floats:
    """Any curve of each column, and the products of any two."""
    curves = curved(values[:, columns], knots)
    return np.concatenate([curves, pairs_of(values, columns, centre)], 1)


def told_as_well(chances: Floats, said: Ints, labels: Ints) -> float:
    """The AUROC of a class's probability in its rows that say it against those that say none.

    Args:
        chances: of a reader that does not see what says it, shape (N, C).
        said: the class of which a row's value speaks, shape (N,); -1: of none.
        labels: shape (N,).

    Returns:
        The mean over the classes that are said, by how many rows say them; NaN without such rows.
        Above one half it is a standard error less, but not below it: a few dozen rows elsewhere are
        enough to say that a value comes after the class, and not that its rows are plain anyway.
    """
    total, count = 0.0, 0
    for kind in np.unique(said[held_rightly(said, labels)]):
        mine = labels == kind
        there, elsewhere = mine & (said == kind), mine & (said < 0)
        if there.any() and elsewhere.any():
            rows = there | elsewhere
            share = auroc(chances[rows, kind], there[rows])
            share = max(min(share, 0.5), share - _spread(int(there.sum()), int(elsewhere.sum())))
            total += share * int(there.sum())
            count += int(there.sum())
    return total / count if count else math.nan


def _spread(there: int, elsewhere: int) -> float:
    """The standard error of an AUROC of one half (Hanley and McNeil, 1982)."""
    return math.sqrt((there + elsewhere + 1) / (12 * there * elsewhere))
