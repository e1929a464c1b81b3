"""The published settings of debiased distillation, by data set.

Source: DeDiER (WACV 2024, arXiv 2310.18590) and its published code.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from earlysieve.errors import InputError

SOURCE = "Tiwari et al., WACV 2024, arXiv 2310.18590"


@dataclass(frozen=True)
class Preset:
    """Settings with which results on one data set were published.

    Attributes:
        name: name of the preset.
        data: the data set.
        groups: what its groups are made of.
        student: the student's architecture.
        teacher: the teacher's architecture, and how it was trained.
        stage: the student's stage (residual stage or transformer block, from 1) with the readout.
        alpha: exponent of the margin in the weights, >= 0.
        beta: log of the largest weight, >= 0.
        optimizer: name of the student's optimiser.
        lr: its learning rate, > 0.
        momentum: its momentum, in [0, 1).
        weight_decay: its weight decay, >= 0.
        scheduler: name of its learning rate schedule.
        warmup: share of the steps in which the learning rate rises, in [0, 1].
        clip_norm: largest gradient norm, > 0; None: no clipping.
        epochs: passes over the training data, >= 1.
        batch_size: examples per step, >= 1.
        temperature: T of distillation, > 0.
        kd_weight: weight of the teacher against the labels, in [0, 1].
        reweight_every: epochs between new weights, >= 1.
        source: where the settings come from.
    """

    name: str
    data: str
    groups: str
    student: str
    teacher: str
    stage: int
    alpha: float
    beta: float
    optimizer: str
    lr: float
    weight_decay: float
    epochs: int
    batch_size: int
    momentum: float = 0.0
    scheduler: str = "none"
    warmup: float = 0.0
    clip_norm: float | None = None
    temperature: float = 3.0
    kd_weight: float = 1.0
    reweight_every: int = 1
    source: str = SOURCE

    def method_options(self) -> dict[str, Any]:
        """Keyword arguments for `DebiasedDistillation`."""
        names = ("alpha", "beta", "temperature", "kd_weight", "reweight_every")
        return {name: getattr(self, name) for name in names}

    def train_options(self) -> dict[str, Any]:
        """Fields for `TrainConfig`; momentum only with SGD."""
        names = ["optimizer", "lr", "weight_decay", "scheduler", "warmup", "clip_norm"]
        names += ["epochs", "batch_size", *(["momentum"] if self.optimizer == "sgd" else [])]
        return {name: getattr(self, name) for name in names}


_IMAGES: dict[str, Any] = {
    "student": "ResNet-18",
    "teacher": "ResNet-50, group DRO",
    "stage": 1,
    "optimizer": "sgd",
    "momentum": 0.9,
    "lr": 5e-4,
    "batch_size": 64,
}
_TEXTS: dict[str, Any] = {
    "student": "DistilBERT",
    "teacher": "BERT",
    "optimizer": "adamw",
    "lr": 2e-5,
    "weight_decay": 1e-2,
    "scheduler": "linear-warmup",
    "clip_norm": 1.0,
}

#: What the DeDiER paper chose for each of its data sets, by name.
PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        preset.name: preset
        for preset in (
            Preset(
                name="waterbirds",
                data="Waterbirds",
                groups="bird x background",
                alpha=0.05,
                beta=4.0,
                weight_decay=1e-1,
                epochs=300,
                **_IMAGES,
            ),
            Preset(
                name="celeba",
                data="CelebA",
                groups="Blond_Hair x Male",
                alpha=0.1,
                beta=3.5,
                weight_decay=1e-2,
                epochs=60,
                **_IMAGES,
            ),
            Preset(
                name="multinli",
                data="MultiNLI",
                groups="label x negation",
                stage=2,
                alpha=0.2,
                beta=3.0,
                epochs=5,
                batch_size=32,
                **_TEXTS,
            ),
            Preset(
                name="civilcomments",
                data="CivilComments",
                groups="toxicity x any identity",
                stage=1,
                alpha=0.05,
                beta=3.0,
                epochs=3,
                batch_size=24,
                **_TEXTS,
            ),
        )
    }
)


def preset(name: str) -> Preset:
    """The published settings of that name.

    Raises:
        InputError: there is none.
    """
    if name not in PRESETS:
        near = difflib.get_close_matches(name, PRESETS, n=1)
        hint = f"did you mean '{near[0]}'?" if near else "choose one of them"
        raise InputError(f"Expected a preset among {', '.join(PRESETS)}, but got {name!r}; {hint}")
    return PRESETS[name]
