"""How much more a model's answers tell of an attribute than labels of that accuracy would."""

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
    known = attribute >= 0
    _, place = np.unique(attribute[known], return_inverse=True)
    mass = np.ones(int(known.sum())) if weights is None else weights[known]
    total = float(mass.sum())
    if total == 0:
        return Amplification(float("nan"), float("nan"), float("nan"))
    told, true = prediction[known], labels[known]
    of_labels = _joint(true, place, mass / total, num_classes)
    accuracy = float(mass[told == true].sum()) / total
    others = of_labels.sum(axis=0) - of_labels
    flipped = accuracy * of_labels + (1 - accuracy) * others / max(num_classes - 1, 1)
    model, data = leakage(_joint(told, place, mass / total, num_classes)), leakage(flipped)
    return Amplification(model, data, model - data)


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


def _joint(values: Ints, attribute: Ints, mass: Floats, num_classes: int) -> Floats:
    found = np.zeros((num_classes, int(attribute.max()) + 1))
    np.add.at(found, (values, attribute), mass)
    return found
