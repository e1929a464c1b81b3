"""Readers that are made to care for suspicious examples.

Where a simple feature misleads, what belongs to the label is still in the example, and a readout
in which such examples weigh more prefers the label to the wrong answer. Where the label is wrong,
or the example is ambiguous, it does not.
"""

import numpy as np

from earlysieve._arrays import Bools, Floats, Ints
from earlysieve.auditing.readers import contradiction, temperature

READ_WRONG = 0.3
CONFIDENT = 0.7
_MOST_WEIGHT = 30.0
_FACTORS = np.exp(np.linspace(-2.5, 2.0, 37))


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


def own_temperature(probabilities: Floats, labels: Ints) -> float:
    """The factor of the model's log-probabilities with the least cross-entropy."""
    return temperature(np.log(np.clip(probabilities, 1e-12, 1.0)), labels, _FACTORS)
