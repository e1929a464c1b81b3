"""How much more a model's answers tell of an attribute than labels of that accuracy would."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from earlysieve._arrays import Floats, Ints


@dataclass(frozen=True)
class Amplification:
    """What labels and answers tell of an attribute.

    Attributes:
        model: leakage of the model's answers, in [0, 1].
        data: leakage of the labels, of which as many were made wrong at random as the model errs.
        amplification: `model` minus `data`.
    """

    model: float
    data: float
    amplification: float


def bias_amplification(
    prediction: Ints,
    labels: Ints,
    attribute: Ints,
    num_classes: int,
    weights: Floats | None = None,
) -> Amplification:
    """Leakage of the answers minus that of labels with the same accuracy.

    Wang et al., "Balanced Datasets Are Not Enough", ICCV 2019, section 3: leakage is the accuracy
    with which the attribute A can be told from the answer Y, and a model amplifies bias if it
    leaks more than the true labels of which a share 1 - a is flipped, a being the model's accuracy.
    They train attackers; for a single label the best attack is known, so that both are exact:

        leakage(Y) = sum over y of max over A of P(A, Y = y)
        P(A, flipped = y) = a P(A, label = y) + (1 - a) (P(A) - P(A, label = y)) / (C - 1)

    where a flip goes to each other class alike. Attributes are not balanced first, so that leakage
    is never below the share of the most frequent one.

    Args:
        prediction, labels: shape (N,), values in [0, num_classes).
        attribute: shape (N,), -1 where unknown, which is left out.
        num_classes: C.
        weights: of examples, >= 0, shape (N,); None: all alike.

    Returns:
        NaN where the attribute of no example is known.
    """
    every = np.ones(len(labels)) if weights is None else weights
    return weighed_amplification(prediction, labels, attribute, num_classes)(every)


def weighed_amplification(
    prediction: Ints, labels: Ints, attribute: Ints, num_classes: int
) -> Callable[[Floats], Amplification]:
    """`bias_amplification` as a function of the examples' weights, shape (N,)."""
    known = attribute >= 0
    values, place = np.unique(attribute[known], return_inverse=True)
    told, true = prediction[known], labels[known]
    shape = num_classes, len(values)
    right = (told == true).astype(np.float64)

    def joint(cells: Ints, mass: Floats) -> Floats:
        found = np.bincount(cells, weights=mass, minlength=shape[0] * shape[1])
        return np.asarray(found, np.float64).reshape(shape)

    def weighed(weights: Floats) -> Amplification:
        mass = weights[known]
        total = float(mass.sum())
        if total == 0:
            return Amplification(float("nan"), float("nan"), float("nan"))
        mass = mass / total
        of_labels = joint(true * shape[1] + place, mass)
        accuracy = float(mass @ right)
        others = of_labels.sum(axis=0) - of_labels
        flipped = accuracy * of_labels + (1 - accuracy) * others / max(num_classes - 1, 1)
        model = leakage(joint(told * shape[1] + place, mass))
        return Amplification(model, leakage(flipped), model - leakage(flipped))

    return weighed


def leakage(joint: Floats) -> float:
    """sum over y of max over A of P(y, A): the best accuracy in telling A from y.

    Args:
        joint: probabilities, shape (C, K), whose sum is 1.
    """
    return float(joint.max(axis=1).sum())


def attribute_in(groups: Ints, labels: Ints, num_classes: int) -> Ints | None:
    """The attribute in groups that are numbered label * K + attribute; None where they are not.

    Args:
        groups: shape (N,), -1 where unknown.
        labels: shape (N,).
        num_classes: C; K is how many groups there are, over C.
    """
    known = groups >= 0
    count = -(-(int(groups.max(initial=-1)) + 1) // num_classes)
    if count < 2 or not np.array_equal(groups[known] // count, labels[known]):
        return None
    return np.where(known, groups % count, -1)
