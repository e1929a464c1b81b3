"""The numbers that a verdict rests on."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from earlysieve.groups.accuracy import wilson_interval

if TYPE_CHECKING:
    import pandas as pd

READABLE = 0.5


@dataclass(frozen=True)
class Evidence:
    """What the examples say of one layer's readout and of the model.

    Attributes:
        readability: how much of what the model achieves above chance the readout achieves too;
            NaN where the model is not above chance.
        errors: examples that the readout gets wrong.
        flagged: of these, how many with confidence.
        same_mistake: share of flagged examples for which the model gives the readout's very
            answer, which is wrong; NaN where none is flagged.
        same_mistake_low, same_mistake_high: its 95% Wilson interval.
        accuracy, accuracy_flagged, accuracy_unflagged: of the model; NaN where empty.
        predicted_classes: how many different classes the model predicts.
    """

    readability: float
    errors: int
    flagged: int
    same_mistake: float
    same_mistake_low: float
    same_mistake_high: float
    accuracy: float
    accuracy_flagged: float
    accuracy_unflagged: float
    predicted_classes: int


def weigh(examples: "pd.DataFrame", readout_accuracy: float) -> Evidence:
    """The evidence in an example table."""
    label = examples["label"].to_numpy()
    right = examples["prediction"].to_numpy() == label
    flagged = examples["flagged"].to_numpy(dtype=bool)
    follows = examples["prediction"].to_numpy() == examples["readout_prediction"].to_numpy()
    count = int(flagged.sum())
    same = int(follows[flagged].sum())
    low, high = wilson_interval(same, count) if count else (0.0, 1.0)
    accuracy = float(right.mean())
    return Evidence(
        readability=readability(readout_accuracy, accuracy, chance(label)),
        errors=int((examples["readout_prediction"].to_numpy() != label).sum()),
        flagged=count,
        same_mistake=same / count if count else float("nan"),
        same_mistake_low=low,
        same_mistake_high=high,
        accuracy=accuracy,
        accuracy_flagged=float(right[flagged].mean()) if count else float("nan"),
        accuracy_unflagged=float(right[~flagged].mean()) if count < len(right) else float("nan"),
        predicted_classes=int(examples["prediction"].nunique()),
    )


def chance(labels: "np.ndarray[tuple[int, ...], np.dtype[np.int64]]") -> float:
    """Accuracy of always answering the most frequent class."""
    return float(np.bincount(labels).max() / len(labels))


def readability(readout: float, model: float, by_chance: float) -> float:
    """(readout - chance) / (model - chance); NaN where the model is not above chance."""
    above = model - by_chance
    return (readout - by_chance) / above if above > 0 else float("nan")


def choose_layer(accuracies: "pd.Series[float]", model: float, by_chance: float) -> int:
    """Position of the layer to score examples with, among the earlier half of the layers.

    The first one whose readout achieves at least half of what the model achieves above chance;
    where there is none, the most accurate of the earlier half. Later layers are not considered:
    they repeat the model's own answer.
    """
    early = accuracies.to_numpy()[: (len(accuracies) + 1) // 2]
    shares = np.array([readability(float(a), model, by_chance) for a in early])
    readable = np.flatnonzero(shares >= READABLE)
    return int(readable[0]) if len(readable) else int(early.argmax())
