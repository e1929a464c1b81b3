"""What all ways to train have in common, so that only the method differs."""

from collections.abc import Callable

from torch import nn
from torch.optim import Optimizer

from earlysieve._progress import wanted
from earlysieve.datasets import PlantedImages
from earlysieve.demo.settings import Settings
from earlysieve.training import Algorithm, Event, TrainConfig, build_optimizer, fit

LR = 1e-3
BATCH_SIZE = 64


def adam(model: nn.Module, lr: float = LR) -> Optimizer:
    """Adam over all parameters."""
    return build_optimizer(model.parameters(), TrainConfig(optimizer="adam", lr=lr))


def learn(
    algorithm: Algorithm,
    digits: PlantedImages,
    settings: Settings,
    *,
    epochs: int | None = None,
    on_event: Callable[[Event], None] | None = None,
) -> None:
    """Train on the digits, for as many epochs as the settings say unless told otherwise."""
    fit(
        algorithm,
        digits,
        epochs=epochs or settings.epochs,
        batch_size=BATCH_SIZE,
        seed=settings.seed,
        on_event=on_event,
        progress=wanted(settings.progress),
    )
