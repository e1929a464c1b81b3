"""Whether what is simple on the reference holds on the data, as pure functions of accuracies.

Readouts are fitted on the reference. Out of fold they say what each layer tells of data like the
reference, on the data what is left of it. Where the simple thing that an early layer sees is what
the model goes by, both fail together; where the data are merely harder, early layers lose about as
much as the model in proportion, or less. Inputs that were prepared otherwise, or are noisy, hit the
first layer hardest: of the earlier half, every layer that tells much of the reference has to fail.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from earlysieve._arrays import Ints
from earlysieve.auditing.evidence import READABLE
from earlysieve.auditing.where_it_fails import Estimate

MODEL = "model"
HARDLY = 0.4
LOSES = 0.1


@dataclass(frozen=True)
class LayerTransfer:
    """One layer's readout, or the model, on both; shares in [0, 1] with 95% Wilson intervals.

    Attributes:
        layer: its name; `MODEL` for the model itself.
        depth: from 1.
        reference_accuracy, reference_low, reference_high: on the reference; of a readout out of
            fold, of the model as it is, in-sample where it was trained on the reference.
        data_accuracy, data_low, data_high: on the data, by the readout of the whole reference.
    """

    layer: str
    depth: int
    reference_accuracy: float
    reference_low: float
    reference_high: float
    data_accuracy: float
    data_low: float
    data_high: float


@dataclass(frozen=True)
class Transfer:
    """What the comparison shows.

    Attributes:
        rows: of the layers in order, then of the model.
        simple: of the earlier half of the layers the first whose readout achieves half of the
            stand-in above chance on the reference; None where there is none.
        stand_in: the last layer. Its readout, out of fold, stands in for the model on data like
            the reference, since a model's accuracy on what it was trained on is no measure.
        kept, kept_high: of what a readout achieves above chance on the reference, how much it
            achieves on the data, and an upper limit: the largest among the layers of the earlier
            half whose readouts achieve half of what the stand-in does; NaN without any.
        model_kept: the same of stand-in and model.
        best_reads: what the best readout achieves, out of fold, of what the model achieves above
            chance on the reference; infinite where that is nothing.
        lost: accuracy of the stand-in on the reference minus that of the model on the data.
        otherwise: a sentence, where the inputs are so different that they were hardly prepared
            alike: then nothing follows from the comparison.
    """

    rows: list[LayerTransfer]
    simple: LayerTransfer | None
    stand_in: LayerTransfer
    kept: float
    kept_high: float
    model_kept: float
    best_reads: float
    lost: Estimate
    otherwise: str = ""

    @property
    def model(self) -> LayerTransfer:
        """The model's row."""
        return self.rows[-1]

    @property
    def leans(self) -> bool:
        """What is simple is surely lost on the data, and the model surely loses with it."""
        return not self.otherwise and self.kept_high <= HARDLY and self.lost.low >= LOSES


def transfers(
    rows: Sequence[LayerTransfer],
    *,
    reference_chance: float,
    data_chance: float,
    otherwise: str = "",
) -> Transfer:
    """Weigh the accuracies of all layers and the model.

    Args:
        rows: at least one layer in execution order, then the model.
        reference_chance, data_chance: accuracy that needs no look at the examples, see `chances`.
        otherwise: see `Transfer`.
    """
    layers, model = list(rows[:-1]), rows[-1]
    stand_in = layers[-1]
    most = stand_in.reference_accuracy - reference_chance
    early = layers[: (len(layers) + 1) // 2]
    readable = [
        row for row in early if 0 < READABLE * most <= row.reference_accuracy - reference_chance
    ]
    kept = [_kept(row, reference_chance, data_chance) for row in readable]
    return Transfer(
        rows=list(rows),
        simple=readable[0] if readable else None,
        stand_in=stand_in,
        kept=max((share for share, _ in kept), default=math.nan),
        kept_high=max((high for _, high in kept), default=math.nan),
        model_kept=(model.data_accuracy - data_chance) / most if most > 0 else math.nan,
        best_reads=_best_reads(rows, reference_chance),
        lost=_lost(stand_in, model),
        otherwise=otherwise,
    )


def _kept(row: LayerTransfer, before: float, after: float) -> tuple[float, float]:
    """What is kept of a readout's accuracy above chance, and an upper limit."""
    least = row.reference_low - before
    high = (row.data_high - after) / least if least > 0 else math.inf
    return (row.data_accuracy - after) / (row.reference_accuracy - before), high


def _best_reads(rows: Sequence[LayerTransfer], by_chance: float) -> float:
    best, model = max(row.reference_accuracy for row in rows[:-1]), rows[-1].reference_accuracy
    return (best - by_chance) / (model - by_chance) if model > by_chance else math.inf


def _lost(before: LayerTransfer, after: LayerTransfer) -> Estimate:
    """Newcombe's interval of a difference, from two Wilson intervals."""
    value = before.reference_accuracy - after.data_accuracy
    down = (before.reference_accuracy - before.reference_low, after.data_high - after.data_accuracy)
    up = (before.reference_high - before.reference_accuracy, after.data_accuracy - after.data_low)
    return Estimate(value, value - math.hypot(*down), value + math.hypot(*up))


def chances(reference_labels: Ints, data_labels: Ints) -> tuple[float, float]:
    """Accuracy without a look at the examples, on reference and data.

    On the reference that of always giving its most frequent class; on the data that of giving
    classes as often as they are in the reference. Either is the choice that raises fewer alarms.

    Args:
        reference_labels, data_labels: shape (N,) and (M,), values from 0.
    """
    classes = 1 + int(max(reference_labels.max(), data_labels.max()))
    before = np.bincount(reference_labels, minlength=classes) / len(reference_labels)
    after = np.bincount(data_labels, minlength=classes) / len(data_labels)
    return float(before.max()), float((before * after).sum())
