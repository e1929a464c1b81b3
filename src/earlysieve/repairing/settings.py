"""The settings of each repair method. Nothing heavy is imported here, so that help is quick."""

from dataclasses import dataclass
from typing import Literal

from earlysieve._settings import Range, setting

_STRENGTH = "Strength of the penalty on weights of standardised features, beside the mean loss."


@dataclass(frozen=True)
class DFRSettings:
    """The settings of deep feature reweighting."""

    strength: float = setting(
        0.01, _STRENGTH, low=0, low_open=True, high=1e15, search=Range(1e-4, 10, log=True)
    )
    penalty: Literal["l1", "l2"] = setting("l2", "Kind of the penalty: l2, or l1 as published.")
    subsets: int = setting(
        0,
        "Balanced subsets whose fits are averaged, 10 to 20 as published; 0: one fit to all "
        "examples, weighted so that groups count equally.",
        low=0,
        high=1000,
    )
    min_group: int = setting(
        5, "Fewest examples of a group within a class; smaller groups are refused.", low=1
    )


@dataclass(frozen=True)
class AFRSettings:
    """The settings of automatic feature reweighting."""

    gamma: float = setting(
        2.0,
        "How fast weights fall with the old model's probability of the label; 0: equal.",
        low=0,
        high=1000,
        search=Range(0.5, 20, log=True),
    )
    pull: float = setting(
        0.01,
        "Strength of the pull to the old layer, beside the mean loss.",
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
        "A feature is biased where its median over errors exceeds that over correct answers by "
        "more than this.",
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
        5, "Fewest examples of a group within a class; smaller groups are refused.", low=1
    )


@dataclass(frozen=True)
class INLPSettings(LEACESettings):
    """The settings of iterative nullspace projection."""

    rounds: int = setting(
        10, "Readers of each class's groups, one after the other, at most.", low=1, high=1000
    )
    margin: float = setting(
        0.02,
        "A class is done once its groups are read by no more than this above chance.",
        low=0,
        high=1,
    )
