"""How often a model is right once its examples are changed, with intervals."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Survived:
    """The accuracy of a model on a sample of the data of which something was taken away.

    Attributes:
        change: what was done, as "in grey"; "unchanged" for the sample as it is.
        examples: how many were drawn, at random; the same ones for every change.
        accuracy: in [0, 1].
        low, high: the ends of its 95% Wilson interval.
    """

    change: str
    examples: int
    accuracy: float
    low: float
    high: float


@dataclass(frozen=True)
class Changed:
    """One example as it was changed, to be looked at.

    Attributes:
        change: as in `Survived`.
        index: position in the data.
        label: its class.
        answer: the model's class for what was changed.
        values: an image, uint8 (C, H, W), or token numbers (T,) without padding.
    """

    change: str
    index: int
    label: int
    answer: int
    values: Tensor


@dataclass(frozen=True)
class Survival:
    """All that was found.

    Attributes:
        rows: by change, the unchanged sample first; empty where nothing could be changed.
        skipped: what was not done, and why.
        example: one example of images or texts, changed in each way; empty for tables.
        spent: example-forwards.
    """

    rows: tuple[Survived, ...] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)
    example: tuple[Changed, ...] = ()
    spent: int = 0
