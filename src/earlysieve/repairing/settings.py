"""The settings of each repair method. Nothing heavy is imported here, so that help is quick."""

from dataclasses import dataclass
from typing import Literal

from earlysieve._settings import Range, setting

_STRENGTH = "Penalise weights of standardised features by this strength, beside the mean loss."


@dataclass(frozen=True)
class DFRSettings:
    """The settings of deep feature reweighting."""

    strength: float = setting(
        0.01, _STRENGTH, low=0, low_open=True, high=1e15, search=Range(1e-4, 10, log=True)
    )
    penalty: Literal["l1", "l2"] = setting(
        "l2", "Penalise weights by their l2 norm, or by l1 as published."
    )
    subsets: int = setting(
        0,
        "Average the fits to this many balanced subsets, 10 to 20 as published; 0 is one fit to "
        "all examples, weighted so that groups count equally.",
        low=0,
        high=1000,
    )
    min_group: int = setting(
        5, "Refuse groups with fewer examples than this within a class.", low=1
    )


@dataclass(frozen=True)
class AFRSettings:
    """The settings of automatic feature reweighting."""

    gamma: float = setting(
        2.0,
        "Let weights fall this fast with the old model's probability of the label; 0 weights "
        "all alike.",
        low=0,
        high=1000,
        search=Range(0.5, 20, log=True),
    )
    pull: float = setting(
        0.01,
        "Pull the layer to the old one by this strength, beside the mean loss.",
        low=0,
        low_open=True,
        high=1e15,
        search=Range(1e-4, 10, log=True),
    )
    class_balanced: bool = setting(True, "Let classes count equally.", off="no-class-balanced")


@dataclass(frozen=True)
class NeuronTuneSettings:
    """The settings of NeuronTune."""

    strength: float = setting(
        0.01, _STRENGTH, low=0, low_open=True, high=1e15, search=Range(1e-4, 10, log=True)
    )
    threshold: float = setting(
        0.0,
        "Call a feature biased where its median over errors exceeds that over correct answers "
        "by more than this.",
        low=0,
    )
    biased_in: Literal["every", "any"] = setting(
        "every", "Zero features that are biased in every class, or in any."
    )


@dataclass(frozen=True)
class CRTSettings:
    """The settings of classifier retraining."""

    strength: float = setting(
        0.01, _STRENGTH, low=0, low_open=True, high=1e15, search=Range(1e-4, 10, log=True)
    )


@dataclass(frozen=True)
class LEACESettings:
    """The settings of least-squares concept erasure."""

    strength: float = setting(
        0.01, _STRENGTH, low=0, low_open=True, high=1e15, search=Range(1e-4, 10, log=True)
    )
    refit: bool = setting(
        True,
        "Fit a new layer, classes counting equally, to what is left; else the old one reads it.",
        off="no-refit",
    )
    min_group: int = setting(
        5, "Refuse groups with fewer examples than this within a class.", low=1
    )


@dataclass(frozen=True)
class INLPSettings(LEACESettings):
    """The settings of iterative nullspace projection."""

    rounds: int = setting(
        10,
        "Fit at most this many readers of each class's groups, one after the other.",
        low=1,
        high=1000,
    )
    margin: float = setting(
        0.02,
        "Leave a class once its groups are read by no more than this above chance.",
        low=0,
        high=1,
    )
