"""Accuracy by class, and which classes are taken for which."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from earlysieve._arrays import Ints
from earlysieve.groups.accuracy import accuracy_by_group, wilson_bounds

# A class is far below the rest if its accuracy is by so much lower, and surely lower at all.
FAR = 0.2


@dataclass(frozen=True)
class ClassAccuracy:
    """How a model does on the examples of one class.

    Attributes:
        number: of the class.
        name: of the class; its number where the name is unknown.
        n: examples.
        accuracy: share that is right, in [0, 1]; `low`, `high`: its Wilson interval, 95%.
        rest: accuracy over the examples of all other classes; NaN where there are none.
    """

    number: int
    name: str
    n: int
    accuracy: float
    low: float
    high: float
    rest: float

    @property
    def far_below(self) -> bool:
        """Whether the model does far worse on this class than on the others."""
        return self.accuracy <= self.rest - FAR and self.high < self.rest


@dataclass(frozen=True)
class ConfusedPair:
    """Examples of one class that the model takes for another one.

    Attributes:
        label, prediction: names of the classes.
        count: how many examples.
        share: of the examples of class `label`, in (0, 1].
    """

    label: str
    prediction: str
    count: int
    share: float


def class_accuracies(
    labels: Ints, prediction: Ints, names: Sequence[str] = ()
) -> list[ClassAccuracy]:
    """The accuracy on each class that occurs, by ascending number.

    Args:
        labels, prediction: true class, and the class that the model says; shape (N,).
        names: of class 0, 1, ...
    """
    right = prediction == labels
    found = accuracy_by_group(right, labels)
    every, correct = len(labels), int(right.sum())
    rows = []
    for number, (size, hits) in ((k, (v.size, v.correct)) for k, v in found.items()):
        others = every - size
        rest = (correct - hits) / others if others else float("nan")
        low, high = wilson_bounds(hits / size, size)
        name = class_name(number, names)
        rows.append(ClassAccuracy(number, name, size, hits / size, low, high, rest))
    return rows


def confused_pairs(
    labels: Ints, prediction: Ints, names: Sequence[str] = (), *, most: int = 5
) -> list[ConfusedPair]:
    """The pairs of classes that are confused most often, by falling count, at most `most`.

    Args:
        labels, prediction, names: see `class_accuracies`.
        most: how many pairs.
    """
    wrong = prediction != labels
    pairs, counts = np.unique(
        np.stack([labels[wrong], prediction[wrong]], 1), axis=0, return_counts=True
    )
    order = np.argsort(-counts, kind="stable")[:most]
    found = []
    for label, said, count in ((*pairs[i], counts[i]) for i in order):
        share = float(count / (labels == label).sum())
        pair = class_name(int(label), names), class_name(int(said), names)
        found.append(ConfusedPair(*pair, int(count), share))
    return found


def class_name(number: int, names: Sequence[str]) -> str:
    """The name of a class; its number where it has none."""
    return str(names[number]) if 0 <= number < len(names) else str(number)


def listed(names: Sequence[str], most: int = 5) -> str:
    """The first few names, quoted, and how many there are besides."""
    named = ", ".join(f"'{name}'" for name in names[:most])
    more = len(names) - most
    return f"{named} and {more} more" if more > 0 else named
