"""The ways to train that the demonstration compares: methods of the registry, each as it is run."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from earlysieve._progress import wanted
from earlysieve.demo.data import DemoData, Settings
from earlysieve.model.state import preserved_rng
from earlysieve.networks.small import SmallCNN
from earlysieve.runs.build import build_learner
from earlysieve.training import Algorithm, Event, TrainConfig, fit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from earlysieve.datasets import PlantedImages

# The rate falls to 0: in so short a training, what a constant rate gives depends on where it stops.
CONFIG = TrainConfig(optimizer="adam", lr=3e-3, scheduler="cosine", batch_size=48)
# Half as wide as the student: it costs little, and what it gives is what it saw, not its size.
TEACHER_WIDTHS = (8, 16, 32)
TEACHER_CONFIG = replace(CONFIG, epochs=2, lr=5e-3, batch_size=32)


@dataclass(frozen=True)
class Arm:
    """A way to train.

    Attributes:
        name: of its files.
        title: of its column in the table.
        method: as `earlysieve train --method` takes it.
        options: its settings, by name.
        taught: whether it learns from a teacher that saw colours which say nothing.
        knows: what it is given beside the coloured digits for training and their labels.
    """

    name: str
    title: str
    method: str
    options: dict[str, Any] = field(default_factory=dict)
    taught: bool = False
    knows: str = "nothing"


ARMS: tuple[Arm, ...] = (
    Arm("plain", "plain training", "erm"),
    Arm(
        "sieve",
        "feature sieve",
        "sieve",
        {
            # The first ReLU, and the ends of the first two stages.
            "layer": "stage1.2,stage1,stage2",
            "readout": "statistics",
            "readout_lr": 0.02,
            "forget_every": 1,
            "forget_lr": 0.05,
            "forget_with_lr": True,
        },
    ),
    Arm(
        "distilled",
        "debiased distillation",
        "dedier",
        # A readout has one epoch of few steps to learn in. At a lower rate it is wrong on many
        # digits whose colour tells them, only because it has not learned the colours yet.
        {"layer": "stage1", "readout_lr": 0.1},
        taught=True,
        knows="a teacher",
    ),
)


class WeightLog:
    """The weights in force in each epoch, gathered while a method trains."""

    def __init__(self, method: Algorithm) -> None:
        self._method: Any = method if hasattr(method, "weights") else None
        self._kept = [] if self._method is None else [self._method.weights.numpy()]

    def __call__(self, event: Event) -> None:
        """Keep the new weights at the end of an epoch."""
        if event.kind == "epoch" and self._method is not None:
            self._kept.append(self._method.weights.numpy())

    @property
    def in_force(self) -> "list[NDArray[np.float32]] | None":
        """One array per epoch; those made after the last epoch were not used any more."""
        return self._kept[:-1] or None


def train(
    arm: Arm, model: nn.Module, data: DemoData, settings: Settings
) -> "Sequence[NDArray[np.float32]] | None":
    """Train a network in place; the weights of the examples in each epoch, if there are any."""
    with TemporaryDirectory(prefix="earlysieve-demo-") as folder:
        options = dict(arm.options)
        if arm.taught:
            options["teacher_logits"] = str(teacher_logits(data, settings, Path(folder)))
        config = replace(CONFIG, method=arm.method, method_options=options)
        config = replace(config, epochs=settings.epochs, seed=settings.seed)
        return _learn(config, model, data.train, settings, Path(folder))


def teacher_logits(data: DemoData, settings: Settings, folder: Path) -> Path:
    """Train a teacher on uncorrelated colours, then run it once over the coloured digits."""
    from earlysieve.distill import keep_logits

    teacher = _new_teacher(data.train.num_classes, settings.seed + 1)
    config = replace(TEACHER_CONFIG, seed=settings.seed)
    _learn(config, teacher, data.uncorrelated, settings, folder)
    path = folder / "teacher.logits"
    with preserved_rng():
        keep_logits(teacher, data.train, path)
    return path


def _learn(
    config: TrainConfig,
    model: nn.Module,
    digits: "PlantedImages",
    settings: Settings,
    folder: Path,
) -> "Sequence[NDArray[np.float32]] | None":
    learner = build_learner(config, model, digits, device=torch.device("cpu"), out=folder)
    log = WeightLog(learner.algorithm)
    fit(
        learner.algorithm,
        digits,
        epochs=config.epochs,
        batch_size=config.batch_size,
        seed=config.seed,
        on_event=log,
        progress=wanted(settings.progress),
    )
    return log.in_force


def _new_teacher(num_classes: int, seed: int) -> SmallCNN:
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        teacher = SmallCNN(num_classes, widths=TEACHER_WIDTHS)
    return teacher.to(memory_format=torch.channels_last)
