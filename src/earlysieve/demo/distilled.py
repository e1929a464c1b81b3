"""Debiased distillation from a small teacher that saw colours which say nothing."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from earlysieve.demo.data import DemoData
from earlysieve.demo.settings import Settings
from earlysieve.demo.training import CONFIG, adam, config_of, learn
from earlysieve.model.state import preserved_rng
from earlysieve.networks.small import SmallCNN
from earlysieve.training import ERM, Event

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from earlysieve.distill import DebiasedDistillation, KeptLogits

LAYER = "stage1"
# A readout has one epoch of few steps to learn in. At a lower rate it is wrong on many digits whose
# colour tells them, only because it has not learned the colours yet.
READOUT_LR = 0.1
# Half as wide as the student: it costs little, and what it gives is what it saw, not its size.
TEACHER_WIDTHS = (8, 16, 32)
TEACHER_CONFIG = replace(CONFIG, epochs=2, lr=5e-3, batch_size=32)


class WeightLog:
    """The weights in force in each epoch, gathered while a method trains."""

    def __init__(self, method: "DebiasedDistillation") -> None:
        self._method = method
        self._kept = [method.weights.numpy()]

    def __call__(self, event: Event) -> None:
        """Keep the new weights at the end of an epoch."""
        if event.kind == "epoch":
            self._kept.append(self._method.weights.numpy())

    @property
    def in_force(self) -> list["NDArray[np.float32]"]:
        """One array per epoch; those made after the last epoch were not used any more."""
        return self._kept[:-1]


def train_by_distillation(
    model: nn.Module, data: DemoData, settings: Settings
) -> list["NDArray[np.float32]"]:
    """Learn from a teacher; returns the weights of the training examples in each epoch."""
    from earlysieve.distill import DebiasedDistillation

    config = config_of(settings)
    optimizer, scheduler = adam(model, data.train, config)
    method = DebiasedDistillation(
        model,
        teacher_logits(data, settings),
        layer=LAYER,
        num_classes=data.train.num_classes,
        optimizer=optimizer,
        scheduler=scheduler,
        num_examples=len(data.train),
        readout_lr=READOUT_LR,
        seed=settings.seed,
    )
    log = WeightLog(method)
    learn(method, data.train, settings, config, on_event=log)
    return log.in_force


def teacher_logits(data: DemoData, settings: Settings) -> "KeptLogits":
    """Train the teacher on uncorrelated colours, then run it once over the coloured digits."""
    from earlysieve.distill import keep_logits

    teacher = _new_teacher(data.train.num_classes, settings.seed + 1)
    optimizer, scheduler = adam(teacher, data.uncorrelated, TEACHER_CONFIG)
    method = ERM(teacher, optimizer, scheduler=scheduler)
    learn(method, data.uncorrelated, settings, TEACHER_CONFIG)
    with preserved_rng():
        return keep_logits(teacher, data.train)


def _new_teacher(num_classes: int, seed: int) -> SmallCNN:
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        teacher = SmallCNN(num_classes, widths=TEACHER_WIDTHS)
    return teacher.to(memory_format=torch.channels_last)
