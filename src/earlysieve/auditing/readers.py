"""Several eyes on the same examples: what readouts of simple features say, and all of them at once.

A reader sees one view of one layer: the mean over positions, or a small map of them. It is fitted
by ridge regression on one-hot labels, in closed form, so that all folds share one Gram matrix and
a reader of D numbers costs about N D^2 multiplications; its scores become probabilities by one
temperature. An example is judged by the readout of its own fold.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from earlysieve._arrays import Bools, Floats, Ints
from earlysieve.auditing.scores import auroc

_CONSTANT = 1e-6
_BARELY = 1e-9
_TEMPERATURES = np.exp(np.linspace(0.0, 4.0, 30))
_SHARPNESS = 16
_FEWEST_ERRORS = 5
_MUCH, _PARTS, _MOST_ASKED = 0.45, 3, 3000


@dataclass(frozen=True)
class Reader:
    """What one view says of every example, out of fold.

    Attributes:
        probabilities: shape (N, C), rows sum to 1.
        prediction: class with the largest, shape (N,).
        score: largest probability of another class minus that of the label, shape (N,), in
            [-1, 1]; above 0 where the reader contradicts the label.
    """

    probabilities: Floats
    prediction: Ints
    score: Floats


@dataclass(frozen=True)
class Combined:
    """All readers as one.

    Attributes:
        score: weighted mean of their scores, shape (N,), in [-1, 1].
        probabilities: weighted mean of theirs, shape (N, C).
        weights: of each reader by name; they sum to 1.
    """

    score: Floats
    probabilities: Floats
    weights: dict[str, float]


def opinion(probabilities: Floats, labels: Ints) -> Reader:
    """A reader from what it holds probable, shape (N, C)."""
    return Reader(probabilities, probabilities.argmax(1), contradiction(probabilities, labels))


def contradiction(values: Floats, labels: Ints) -> Floats:
    """The largest value of another class minus that of the label, shape (N,)."""
    rows = np.arange(len(labels))
    others = values.copy()
    others[rows, labels] = -np.inf
    return np.asarray(others.max(1) - values[rows, labels])


def combine(readers: Mapping[str, Reader], errors: Bools) -> Combined:
    """Weigh readers by how well each tells the model's errors, and average them.

    The weight of a reader is the 16th power of its AUROC's height above one half, so that among
    many readers those count that see what the model goes by; where the model hardly errs, all
    count alike.

    Args:
        readers: at least one.
        errors: where the model is wrong, shape (N,).
    """
    tells = {name: auroc(reader.score, errors) for name, reader in readers.items()}
    few = min(int(errors.sum()), int((~errors).sum())) < _FEWEST_ERRORS
    raised = [1.0 if few else max(tells[name] - 0.5, 0.0) ** _SHARPNESS for name in readers]
    total = sum(raised)
    shares = [1 / len(raised) if total == 0 else value / total for value in raised]
    weights = dict(zip(readers, shares, strict=True))
    score = sum(weights[name] * reader.score for name, reader in readers.items())
    chances = sum(weights[name] * reader.probabilities for name, reader in readers.items())
    return Combined(np.asarray(score), np.asarray(chances), weights)


# --- ridge readouts -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scale:
    """How a view's features are standardised.

    Attributes:
        mean, deviation: shape (D,); infinite deviation switches a constant feature off.
    """

    mean: Floats
    deviation: Floats

    def of(self, features: Floats) -> Floats:
        """Mean 0 and deviation 1, and a last column of ones, float64."""
        rows = (features.astype(np.float64) - self.mean) / self.deviation
        return np.concatenate([rows, np.ones((len(rows), 1))], axis=1)


def scale_of(features: Floats) -> Scale:
    """The scale that gives these features mean 0 and deviation 1."""
    wide = features.astype(np.float64)
    deviation = wide.std(0)
    return Scale(wide.mean(0), np.where(deviation < _CONSTANT, np.inf, deviation))


def ridge(
    columns: Floats,
    labels: Ints,
    fold_of: Ints,
    classes: int,
    *,
    num_folds: int,
    l2: float = 10.0,
    weights: Floats | None = None,
) -> Floats:
    """Weighted ridge regression on one-hot labels, one for each fold, shape (K, D + 1, C).

    That of fold k is fitted on all examples outside of it; with one fold, on all.

    Args:
        columns: as from `Scale.of`, shape (N, D + 1).
        labels: shape (N,).
        fold_of: shape (N,), values in [0, K).
        classes: C.
        num_folds: K.
        l2: penalty on all but the last column, in units of the mean weight.
        weights: of examples, shape (N,), positive; all alike by default.
    """
    from scipy.linalg import cho_factor, cho_solve

    weight = np.ones(len(labels)) if weights is None else weights
    # One sum for each fold: what a readout is fitted on is all of them but its own.
    parts = [
        _moments(columns, weight, labels, fold_of == fold, classes) for fold in range(num_folds)
    ]
    gram = np.sum([part[0] for part in parts], axis=0)
    moment = np.sum([part[1] for part in parts], axis=0)
    penalty = np.full(columns.shape[1], l2 * float(weight.mean()))
    penalty[-1] = _BARELY * max(1.0, float(weight.sum()))
    found = np.empty((num_folds, columns.shape[1], classes))
    for fold, (own_gram, own_moment) in enumerate(parts):
        left, right = (gram, moment) if num_folds == 1 else (gram - own_gram, moment - own_moment)
        found[fold] = cho_solve(cho_factor(left + np.diag(penalty), check_finite=False), right)
    return found


def _moments(
    columns: Floats, weight: Floats, labels: Ints, rows: Bools, classes: int
) -> tuple[Floats, Floats]:
    some, own = columns[rows], weight[rows]
    weighted = some * own[:, None]
    targets = np.zeros((len(some), classes))
    targets[np.arange(len(some)), labels[rows]] = 1.0
    return weighted.T @ some, weighted.T @ targets


def applied(columns: Floats, fold_of: Ints, readouts: Floats) -> Floats:
    """Scores (n, C) by the readout of each example's own fold."""
    scores = np.empty((len(columns), readouts.shape[2]))
    for fold, readout in enumerate(readouts):
        own = fold_of == fold
        scores[own] = columns[own] @ readout
    return scores


def temperature(scores: Floats, labels: Ints, factors: Floats = _TEMPERATURES) -> float:
    """The factor, of rising ones, with which softmax of the scores has the least cross-entropy.

    Cross-entropy is convex in the factor, so that the smallest is found by halving.
    """
    gaps = scores - scores.max(1, keepdims=True)
    own = gaps[np.arange(len(labels)), labels]

    @cache
    def loss(place: int) -> float:
        factor = factors[place]
        chance = np.exp(factor * own) / np.exp(factor * gaps).sum(1)
        return float(-np.log(chance + 1e-12).mean())

    first, last = 0, len(factors) - 1
    while first < last:
        middle = (first + last) // 2
        if loss(middle + 1) < loss(middle):
            first = middle + 1
        else:
            last = middle
    return float(factors[first])


def softmax(logits: Floats) -> Floats:
    """Over the last dimension."""
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(powers / powers.sum(-1, keepdims=True))


def tells(values: Floats, labels: Ints, classes: int, folds: int) -> float:
    """How well a reader tells the class of rows that it has not seen, above chance.

    Args:
        values: shape (N, D).
        labels: shape (N,), in any order: each part holds the classes alike.
        classes: C.
        folds: parts, each of which is read by a reader of the others.

    Returns:
        (accuracy - chance) / (1 - chance), chance being the share of the largest class.
    """
    fold_of = np.zeros(len(labels), np.int64)
    for kind in range(classes):
        own = np.flatnonzero(labels == kind)
        fold_of[own] = np.arange(len(own)) % folds
    columns = scale_of(values).of(values)
    readouts = ridge(columns, labels, fold_of, classes, num_folds=folds)
    by_chance = float(np.bincount(labels).max() / len(labels))
    right = float((applied(columns, fold_of, readouts).argmax(1) == labels).mean())
    return (right - by_chance) / max(1e-9, 1 - by_chance)


def tells_much(values: Floats, labels: Ints, classes: int) -> bool:
    """Whether a reader tells 0.45 of what there is to tell above chance, by some of many rows.

    Args:
        values, labels, classes: as for `tells`.
    """
    some = slice(None, None, max(1, len(labels) // _MOST_ASKED))
    return tells(values[some], labels[some], classes, _PARTS) >= _MUCH
