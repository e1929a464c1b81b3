"""The ways to train that the demonstration compares."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from numpy.typing import ArrayLike
from torch import nn

from earlysieve.demo.data import DemoData
from earlysieve.demo.distilled import train_by_distillation
from earlysieve.demo.plain import train_plainly
from earlysieve.demo.settings import Settings
from earlysieve.demo.sieved import train_with_sieve

Train = Callable[[nn.Module, DemoData, Settings], Sequence[ArrayLike] | None]


@dataclass(frozen=True)
class Arm:
    """A way to train.

    Attributes:
        name: of its files.
        title: of its column in the table.
        train: trains a network in place; where the method weights examples, it returns the weights
            in force in each epoch, else None.
        knows: what it is given beside the coloured digits and their labels.
    """

    name: str
    title: str
    train: Train
    knows: str = "nothing"


ARMS: tuple[Arm, ...] = (
    Arm("plain", "plain training", train_plainly),
    Arm("sieve", "feature sieve", train_with_sieve),
    Arm("distilled", "debiased distillation", train_by_distillation, "a teacher"),
)
