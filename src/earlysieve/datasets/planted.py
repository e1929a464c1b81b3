"""Plant a shortcut of chosen strength on real images, and know the groups.

A planted shortcut has one value per class. It "holds" for an example where its value is the
example's class, and "fails" otherwise: the bias-aligned and bias-conflicting examples of Nam et
al., "Learning from Failure", NeurIPS 2020 (coloured digits); the dominoes are those of Shah et
al., "The Pitfalls of Simplicity Bias in Neural Networks", NeurIPS 2020.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from earlysieve._arrays import Ints
from earlysieve.datasets.checks import class_ids
from earlysieve.datasets.images import ImageExamples, Pixels
from earlysieve.errors import InputError


class Painter(Protocol):
    """Puts the shortcut of one value on one image."""

    def __call__(self, image: Pixels, value: int, row: int) -> Pixels:
        """The image, uint8 (H, W) or (H, W, 3), of example `row` with shortcut `value` on it."""
        ...


def draw_values(
    labels: ArrayLike, num_classes: int, correlation: float, *, seed: int = 0, exact: bool = True
) -> Ints:
    """Draw a shortcut value for every example that equals its label with a given probability.

    P(value = label) = correlation; otherwise the value is uniform over the other classes, so that
    correlation = 1 / num_classes makes the shortcut independent of the label.

    Args:
        labels: shape (N,), values in [0, num_classes).
        num_classes: C.
        correlation: in [0, 1].
        seed: of a generator of its own.
        exact: the shortcut holds for exactly round(correlation * n) of the n examples of each
            class, chosen at random; otherwise for each example independently.

    Returns:
        int64, shape (N,), values in [0, num_classes).

    Raises:
        DataError: there are no labels.
        InputError: a label or `correlation` is out of range, or there is no other class to draw.
    """
    array = class_ids(labels, num_classes)
    check_correlation(correlation, num_classes)
    rng = np.random.default_rng(seed)
    holds = rng.random(len(array)) < correlation
    if exact:
        holds = np.zeros(len(array), bool)
        for label in np.unique(array):
            members = rng.permutation(np.flatnonzero(array == label))
            holds[members[: round(correlation * len(members))]] = True
    offsets = rng.integers(1, max(num_classes, 2), len(array))
    values: Ints = np.where(holds, array, (array + offsets) % num_classes)
    return values


def check_correlation(correlation: float, num_classes: int) -> None:
    """Check that a shortcut of this correlation can be drawn.

    Raises:
        InputError: it is not in [0, 1], or below 1 where there is only one class.
    """
    if not 0 <= correlation <= 1:
        raise InputError(
            f"Expected correlation to be from 0 to 1, but got {correlation}; "
            "it is the probability that the shortcut's value equals the label's"
        )
    if num_classes < 2 and correlation < 1:
        raise InputError(
            f"Expected at least two classes to plant a shortcut that sometimes fails, but got "
            f"{num_classes}; use correlation=1 or more classes"
        )


def shortcut_groups(labels: Ints, values: Ints) -> Ints:
    """Group of each example: 2 * label where the shortcut holds, 2 * label + 1 where it fails."""
    return np.asarray(2 * labels + (values != labels), dtype=np.int64)


def shortcut_group_names(class_names: Sequence[str]) -> tuple[str, ...]:
    """Names of the groups of `shortcut_groups`, such as "class 3, shortcut fails"."""
    states = ("shortcut holds", "shortcut fails")
    return tuple(f"class {name}, {state}" for name in class_names for state in states)


class PlantedImages(ImageExamples):
    """The images of another data set with a shortcut on each; its groups are replaced."""

    def __init__(self, base: ImageExamples, values: Ints, painter: Painter) -> None:
        """Plant `values` on `base` with `painter`, such as those of `painters`.

        Args:
            base: images to plant on; may be a subset.
            values: shape (len(base),), shortcut value of each example, in [0, base.num_classes).
            painter: puts a value on an image; called when an image is asked for.

        Raises:
            InputError: there is not one value per example.
        """
        checked = class_ids(values, base.num_classes)
        if len(checked) != len(base):
            raise InputError(
                f"Expected one shortcut value per example ({len(base)}), but got {len(checked)}; "
                "draw them from the labels of this data set"
            )
        super().__init__(
            base.labels,
            base.class_names,
            mean=base.mean,
            std=base.std,
            groups=shortcut_groups(base.labels, checked),
            group_names=shortcut_group_names(base.class_names),
            skipped=base.skipped,
        )
        self._base, self._values, self._painter = base, checked, painter

    @property
    def shortcut_values(self) -> Ints:
        """Shortcut value of each example (its colour, say), int64, shape (N,)."""
        return self._values[self._rows]

    def _image(self, row: int) -> Pixels:
        return self._painter(self._base.image(row), int(self._values[row]), row)

    def _identify(self, row: int) -> str:
        return self._base.identify(row)
