"""Plain training."""

from torch import nn

from earlysieve.demo.data import DemoData
from earlysieve.demo.settings import Settings
from earlysieve.demo.training import adam, learn
from earlysieve.training import ERM


def train_plainly(model: nn.Module, data: DemoData, settings: Settings) -> None:
    """Plain training with Adam."""
    learn(ERM(model, adam(model)), data.train, settings)
