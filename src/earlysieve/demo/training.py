"""What all ways to train have in common, so that only the method differs."""

from collections.abc import Callable
from dataclasses import replace

from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from earlysieve._progress import wanted
from earlysieve.datasets import PlantedImages
from earlysieve.demo.settings import Settings
from earlysieve.training import (
    Algorithm,
    Event,
    TrainConfig,
    build_optimizer,
    build_scheduler,
    fit,
    optimizer_steps,
)

# The rate falls to 0: in so short a training, what a constant rate gives depends on where it stops.
CONFIG = TrainConfig(optimizer="adam", lr=3e-3, scheduler="cosine", batch_size=64)


def adam(
    model: nn.Module, digits: PlantedImages, config: TrainConfig
) -> tuple[Optimizer, LRScheduler | None]:
    """Adam over all parameters, and the schedule of its learning rate."""
    optimizer = build_optimizer(model.parameters(), config)
    batches = -(-len(digits) // config.batch_size)
    return optimizer, build_scheduler(optimizer, config, optimizer_steps(batches, config))


def learn(
    algorithm: Algorithm,
    digits: PlantedImages,
    settings: Settings,
    config: TrainConfig,
    *,
    on_event: Callable[[Event], None] | None = None,
) -> None:
    """Train on the digits."""
    fit(
        algorithm,
        digits,
        epochs=config.epochs,
        batch_size=config.batch_size,
        seed=settings.seed,
        on_event=on_event,
        progress=wanted(settings.progress),
    )


def config_of(settings: Settings) -> TrainConfig:
    """How every arm trains."""
    return replace(CONFIG, epochs=settings.epochs)
