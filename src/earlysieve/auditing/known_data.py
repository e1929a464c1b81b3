"""What is known of the audited data besides the readouts' answers, and what it forbids to say.

The verdict's rule weighs what the readouts and the model say. It can be right only where the data
let it be: not on examples that the model has memorised, nor where no readout could learn a class.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from earlysieve.auditing.evidence import chance
from earlysieve.groups.accuracy import wilson_bounds
from earlysieve.groups.classes import class_name, listed

if TYPE_CHECKING:
    import pandas as pd

MEMORISED = 0.99


BELOW_CHANCE = (
    "The readout does worse than always giving the most frequent class, so that its mistakes tell "
    "nothing: check the labels, or audit more examples of each class."
)


@dataclass(frozen=True)
class KnownData:
    """Facts about the data of an audit.

    Attributes:
        seen_in_training: whether the model was trained on them; None: unknown.
        lone_classes: names of classes of which there is one example only, where scores are out of
            fold: no readout can have learnt them.
        readout_below_chance: whether the readout does surely worse than always giving the most
            frequent class.
    """

    seen_in_training: bool | None = None
    lone_classes: tuple[str, ...] = ()
    readout_below_chance: bool = False


NOTHING_KNOWN = KnownData()


def known_data(
    examples: "pd.DataFrame",
    *,
    seen_in_training: bool | None = None,
    out_of_fold: bool = True,
    class_names: Sequence[str] = (),
) -> KnownData:
    """The facts that an example table holds, and those that the caller knows.

    Args:
        examples: see `earlysieve.auditing.tables.example_table`.
        seen_in_training: see `KnownData`.
        out_of_fold: whether an example was scored by readouts that have not seen it.
        class_names: of class 0, 1, ...
    """
    labels = examples["label"].to_numpy()
    numbers, counts = np.unique(labels, return_counts=True)
    lone = numbers[counts == 1] if out_of_fold else numbers[:0]
    right = float((examples["readout_prediction"].to_numpy() == labels).mean())
    return KnownData(
        seen_in_training,
        tuple(class_name(int(number), class_names) for number in lone),
        wilson_bounds(right, len(labels))[1] < chance(labels),
    )


def obstacle(data: KnownData) -> str | None:
    """Why no verdict can be given on these data, whatever the evidence; None: it can."""
    if data.lone_classes:
        return (
            f"{_lone(data.lone_classes)}, so that no readout can learn what it is held out from: "
            "audit at least two examples of each class, better ten."
        )
    if data.readout_below_chance:
        return BELOW_CHANCE
    return None


def memorised(data: KnownData, accuracy: float) -> str | None:
    """Why these data cannot show that there is no shortcut; None: the model has not learnt them.

    Args:
        data: what is known.
        accuracy: of the model.
    """
    if data.seen_in_training:
        return (
            "The model was trained on these data and may have memorised the examples where a "
            "shortcut fails: audit data that it was not trained on."
        )
    if data.seen_in_training is None and accuracy >= MEMORISED:
        return (
            "The model is right on nearly every example, as on data that it has memorised: audit "
            "data that it was not trained on, and say so if these are."
        )
    return None


def data_warnings(data: KnownData) -> list[str]:
    """What makes an audit of these data less trustworthy."""
    found = []
    if data.seen_in_training:
        found.append(
            "These are data that the model was trained on: what it has memorised looks like what "
            "it has understood, so that accuracies are too high and shortcuts are missed."
        )
    if data.lone_classes:
        found.append(f"{_lone(data.lone_classes)}: its readout mistakes are no finding.")
    return found


def _lone(names: Sequence[str]) -> str:
    count = "1 class has" if len(names) == 1 else f"{len(names):,} classes have"
    return f"{count} one example only ({listed(names)})"
