"""The examples among which parts are swapped."""

from dataclasses import dataclass

import numpy as np
import torch

from earlysieve._arrays import Bools, Floats, Ints
from earlysieve.auditing.swaps.carrier import Carrier, settled
from earlysieve.datasets.opened_data import OpenedData
from earlysieve.model.batch import Inputs, few, tensors_of

MOST = {"image": 480, "text": 3000, "table": 3000}
_MOST_BYTES = 256 * 2**20
_SHARE_OF_ERRORS = 0.25


@dataclass(frozen=True)
class Pool:
    """Examples that were read, as a model takes them.

    Attributes:
        inputs: of all examples.
        carrier: which tensor of them is swapped.
        positions: in the data, (P,).
        labels, predictions: (P,).
        num_classes: C.
        drawn: how many examples of the data each stands for, (P,); None: one.
    """

    inputs: Inputs
    carrier: Carrier
    positions: Ints
    labels: Ints
    predictions: Ints
    num_classes: int
    drawn: Floats | None = None

    @property
    def weights(self) -> Floats:
        """How many examples of the data each stands for, (P,)."""
        return np.ones(len(self.labels)) if self.drawn is None else self.drawn

    @property
    def right(self) -> Bools:
        """Which examples the model reads correctly, (P,)."""
        found: Bools = self.labels == self.predictions
        return found

    @property
    def values(self) -> torch.Tensor:
        """What is swapped, of all examples."""
        return self.carrier.get(self.inputs)


def read_pool(
    data: OpenedData, carrier: Carrier, index: Ints, labels: Ints, predictions: Ints, seed: int
) -> Pool:
    """Read a part of the data: errors up to a quarter of it, classes as evenly as they come.

    Args:
        data: with random access.
        carrier: as found on a few examples.
        index, labels, predictions: positions in the data and what is known of each, (N,).
        seed: of what is drawn.
    """
    most = affordable(data, MOST[carrier.kind])
    rng = np.random.default_rng(seed)
    wrong = rng.permutation(np.flatnonzero(labels != predictions))
    errors = wrong[: max(1, round(_SHARE_OF_ERRORS * most))]
    rest = evenly(np.flatnonzero(labels == predictions), labels, rng)
    rows = np.sort(np.concatenate([errors, rest[: most - len(errors)]]))
    return read_rows(data, carrier, index, labels, predictions, rows)


def read_rows(
    data: OpenedData, carrier: Carrier, index: Ints, labels: Ints, predictions: Ints, rows: Ints
) -> Pool:
    """Read these rows, (P,) in [0, N); what carries the parts is told by all of them."""
    inputs = data.examples(index[rows].tolist()).inputs
    classes = int(max(labels.max(), predictions.max())) + 1
    found = settled(carrier, inputs)
    kinds = 2 * labels + (labels == predictions)
    share = np.bincount(kinds) / np.maximum(np.bincount(kinds[rows], minlength=kinds.max() + 1), 1)
    return Pool(
        inputs, found, index[rows], labels[rows], predictions[rows], classes, share[kinds[rows]]
    )


def affordable(data: OpenedData, most: int) -> int:
    """How many examples to read: `most`, or fewer large ones, but 8."""
    each = sum(t[0].numel() * t.element_size() for t in tensors_of(few(data.few().inputs, 1)[0]))
    return max(8, min(most, _MOST_BYTES // max(1, each)))


def evenly(rows: Ints, classes: Ints, rng: np.random.Generator) -> Ints:
    """Rows in random order, the classes taking turns for as long as they last."""
    shuffled = rng.permutation(rows)
    rank = np.zeros(len(shuffled), np.int64)
    for kind in np.unique(classes[shuffled]):
        mine = np.flatnonzero(classes[shuffled] == kind)
        rank[mine] = np.arange(len(mine))
    return shuffled[np.argsort(rank, kind="stable")]
