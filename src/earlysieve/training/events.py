"""What the training loop reports while it runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from earlysieve.model.batch import Batch

Kind = Literal["step", "epoch", "evaluation", "audit", "test"]


@dataclass(frozen=True)
class Event:
    """Something that happened in training.

    Attributes:
        kind: "step" (a batch was learned from), "epoch" (all batches of an epoch), "evaluation"
            (on the validation data), in runs that audit on the way "audit", or of a run of a
            benchmark, once it is over, "test".
        epoch: 1 for the first.
        step: batches learned from since the start of the run.
        logs: figures of the batch, their means over the epoch, or those of evaluation, audit or
            test.
        batch: of a step, what was learned from, on the CPU; otherwise None.
    """

    kind: Kind
    epoch: int
    step: int
    logs: Mapping[str, float] = field(default_factory=dict)
    batch: Batch | None = field(default=None, compare=False, repr=False)
