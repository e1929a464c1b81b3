"""Plain training."""

from torch import nn

from earlysieve.demo.data import DemoData
from earlysieve.demo.settings import Settings
from earlysieve.demo.training import adam, config_of, learn
from earlysieve.training import ERM


def train_plainly(model: nn.Module, data: DemoData, settings: Settings) -> None:
    """Plain training with Adam."""
    config = config_of(settings)
    optimizer, scheduler = adam(model, data.train, config)
    learn(ERM(model, optimizer, scheduler=scheduler), data.train, settings, config)
