"""Whether the outputs of a model stand for classes in another order than the labels."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from earlysieve._arrays import Ints
from earlysieve.groups.classes import class_name

# Right on most examples, and on far more than before; of fewer examples by class some order always
# fits.
_RIGHT, _MORE, _EXAMPLES = 0.7, 0.4, 10


@dataclass(frozen=True)
class OutputOrder:
    """Another order of the classes in which the model would be right on most examples.

    Attributes:
        accuracy: of the model in that order, in [0, 1].
        outputs: numbers of the outputs that would stand for another class, ascending.
        classes: the name of the class that each of `outputs` would stand for.
    """

    accuracy: float
    outputs: tuple[int, ...]
    classes: tuple[str, ...]


def other_order(labels: Ints, said: Ints, names: Sequence[str] = ()) -> OutputOrder | None:
    """The order in which a model is right most often; None where that says nothing.

    The best one-to-one assignment of outputs to classes (Kuhn, Naval Research Logistics 1955), if
    at least 0.7 of the examples, and of those of each class on average, are right in it, and 0.4
    more of them than are right as it is.

    Args:
        labels, said: true class, and the class that the model says; shape (N,).
        names: of class 0, 1, ...
    """
    from scipy.optimize import linear_sum_assignment

    right = float((labels == said).mean())
    size = int(max(labels.max(), said.max())) + 1
    if right > 1 - _MORE or len(labels) < _EXAMPLES * size:
        return None
    counts = np.zeros((size, size), np.int64)
    np.add.at(counts, (labels, said), 1)
    classes, outputs = linear_sum_assignment(counts, maximize=True)
    hits = counts[classes, outputs]
    every = counts.sum(1)
    by_class = float((hits[every > 0] / every[every > 0]).mean())
    accuracy = float(hits.sum() / len(labels))
    if min(accuracy, by_class) < _RIGHT or accuracy - right < _MORE:
        return None
    moved = sorted(
        (int(output), int(label))
        for label, output, hit in zip(classes, outputs, hits, strict=True)
        if hit and label != output
    )
    return OutputOrder(
        accuracy,
        tuple(output for output, _ in moved),
        tuple(class_name(label, names) for _, label in moved),
    )
