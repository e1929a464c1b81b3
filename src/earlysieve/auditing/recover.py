"""Do the model's suspicious errors carry their own correction?

Where a simple feature misleads, what belongs to the label is still in the example, and a readout
that is made to care for such examples prefers the label to the model's wrong answer. Where the
label is wrong, or the example is ambiguous, it does not.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from earlysieve._arrays import Bools, Floats, Ints
from earlysieve.auditing.readers import contradiction, ridge_scores, softmax
from earlysieve.auditing.scores import auroc

READ_WRONG = 0.3
CONFIDENT = 0.7
_MOST_WEIGHT = 30.0
_L2 = 30.0
_ABLE = 0.9
_FACTORS = np.exp(np.linspace(-2.5, 2.0, 37))


@dataclass(frozen=True)
class Recovery:
    """How far suspicious errors can be recovered, by the view that does it best.

    Attributes:
        errors: suspicious errors of the model.
        share: of these, where a refitted readout prefers the label to the model's answer.
        by_view: the same for each view.
        view: the best one.
        null: the share if labels were drawn from the model's own calibrated probabilities.
        excess: share - null.
        z: excess in standard errors.
        cost: accuracy lost elsewhere in the best view by caring for suspects.
        preference: by the best view, score of the strongest other class minus that of the label,
            shape (N,); above 0 where the refitted readout contradicts the label.
    """

    errors: int
    share: float
    by_view: dict[str, float]
    view: str
    null: float
    excess: float
    z: float
    cost: float
    preference: Floats


@dataclass(frozen=True)
class _Try:
    errors: Bools
    shares: dict[str, float]
    scores: dict[str, Floats]
    suspects: Bools


def suspicious(prediction: Ints, confidence: Floats, reader: Floats, labels: Ints) -> Bools:
    """Where the model or a reader contradicts the label with confidence, shape (N,).

    Args:
        prediction: of the model.
        confidence: its largest probability.
        reader: probabilities (N, C) of the reader that suspects.
        labels: shape (N,).
    """
    read_wrong = contradiction(reader, labels) >= READ_WRONG
    return np.asarray(read_wrong | ((prediction != labels) & (confidence > CONFIDENT)))


def suspect_weights(suspects: Bools, labels: Ints) -> Floats:
    """Weights (N,): the suspects of a class weigh as much as its others, at most 30 times each."""
    weights = np.ones(len(labels))
    for label in np.unique(labels):
        inside, outside = suspects & (labels == label), ~suspects & (labels == label)
        if inside.any() and outside.any():
            weights[inside] = min(outside.sum() / inside.sum(), _MOST_WEIGHT)
    return weights


def recoverability(
    views: Mapping[str, Floats],
    probabilities: Floats,
    reader: Floats,
    labels: Ints,
    fold_of: Ints,
    *,
    draws: int = 4,
    seed: int = 0,
    keep: Bools | None = None,
) -> Recovery | None:
    """Refit each view out of fold with suspects weighted up; None without a suspicious error.

    Args:
        views: columns as from `standardised`, by name; the penultimate features among them.
        probabilities: of the model, shape (N, C).
        reader: of the reader that suspects, shape (N, C).
        labels, fold_of: shape (N,).
        draws: of labels, for the null.
        seed: of the draws.
        keep: suspects that count, shape (N,), as those whose label is not in doubt.
    """
    prediction, confidence = probabilities.argmax(1), probabilities.max(1)
    views = _able(views, prediction, labels, fold_of, probabilities.shape[1])

    def attempt(given: Ints, kept: Bools | None) -> _Try:
        suspects = suspicious(prediction, confidence, reader, given)
        suspects = suspects if kept is None else suspects & kept
        weights = suspect_weights(suspects, given)
        wrong = suspects & (prediction != given)
        rows = np.flatnonzero(wrong)
        classes = probabilities.shape[1]
        scores = {
            name: ridge_scores(x, given, fold_of, classes, l2=_L2, weights=weights)
            for name, x in views.items()
        }
        shares = {
            name: float((s[rows, given[rows]] > s[rows, prediction[rows]]).mean())
            if len(rows)
            else math.nan
            for name, s in scores.items()
        }
        return _Try(wrong, shares, scores, suspects)

    real = attempt(labels, keep)
    count = int(real.errors.sum())
    if not count:
        return None
    view = max(real.shares, key=lambda name: real.shares[name])
    rng = np.random.default_rng(seed)
    chances = own_calibration(probabilities, labels)
    nulls = []
    for _ in range(draws):
        drawn = attempt(draw(chances, rng), None).shares
        nulls.append(max(drawn.values()))
    finite = [value for value in nulls if not math.isnan(value)]
    null = float(np.mean(finite)) if finite else math.nan
    share = real.shares[view]
    spread = math.sqrt(
        max(null * (1 - null), 0.02) / count + (float(np.var(finite)) if finite else 0)
    )
    best = real.scores[view]
    calm = ~real.suspects
    before = prediction == labels
    after = best.argmax(1) == labels
    return Recovery(
        errors=count,
        share=share,
        by_view=real.shares,
        view=view,
        null=null,
        excess=share - null,
        z=(share - null) / spread,
        cost=float(before[calm].mean() - after[calm].mean()) if calm.any() else math.nan,
        preference=contradiction(best, labels),
    )


def _able(
    views: Mapping[str, Floats], prediction: Ints, labels: Ints, fold_of: Ints, classes: int
) -> dict[str, Floats]:
    """Views that tell most of what the model tells: a blind one prefers labels by accident.

    Of these, all; where there is none, the best one.
    """
    model = float((prediction == labels).mean())
    able = {
        name: float((ridge_scores(x, labels, fold_of, classes, l2=_L2).argmax(1) == labels).mean())
        for name, x in views.items()
    }
    least = min(_ABLE * model, max(able.values()))
    return {name: views[name] for name in views if able[name] >= least}


def own_calibration(probabilities: Floats, labels: Ints) -> Floats:
    """The model's probabilities (N, C) with the temperature of least cross-entropy."""
    logits = np.log(np.clip(probabilities, 1e-12, 1.0))
    rows = np.arange(len(labels))

    def loss(factor: float) -> float:
        return float(-np.log(softmax(logits * factor)[rows, labels] + 1e-12).mean())

    return softmax(logits * min(_FACTORS, key=loss))


def draw(probabilities: Floats, rng: np.random.Generator) -> Ints:
    """One class for each row of probabilities (N, C)."""
    above = rng.random((len(probabilities), 1)) > probabilities.cumsum(1)
    return np.asarray(np.minimum(above.sum(1), probabilities.shape[1] - 1))


def runner_up(probabilities: Floats, labels: Ints, rows: Bools) -> float:
    """On errors of the model among `rows`, the share whose label is the model's second choice.

    NaN without such errors and for two classes, where it is always the second.
    """
    wrong = rows & (probabilities.argmax(1) != labels)
    if not wrong.any() or probabilities.shape[1] < 3:
        return math.nan
    second = np.argsort(-probabilities[wrong], axis=1)[:, 1]
    return float((second == labels[wrong]).mean())


def error_predictability(values: Floats, prediction: Ints, labels: Ints) -> float:
    """How well a value tells the model's errors within each class that it predicts (AUROC).

    Mean over predicted classes with three errors and three right answers at least, weighted by
    errors; NaN where there is none.

    Args:
        values: larger where an error is expected, shape (N,).
        prediction: of the model, shape (N,).
        labels: shape (N,).
    """
    total, count = 0.0, 0
    for said in np.unique(prediction):
        rows = prediction == said
        wrong = labels[rows] != said
        if min(int(wrong.sum()), int((~wrong).sum())) >= 3:
            total += auroc(values[rows], wrong) * int(wrong.sum())
            count += int(wrong.sum())
    return total / count if count else math.nan
