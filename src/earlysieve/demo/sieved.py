"""Training with a feature sieve."""

from torch import nn

from earlysieve.demo.data import DemoData
from earlysieve.demo.settings import Settings
from earlysieve.demo.training import adam, config_of, learn

# The first ReLU, and the ends of the first two stages.
LAYERS = ("stage1.2", "stage1", "stage2")
FORGET_LR = 0.05
READOUT_LR = 0.02


def train_with_sieve(model: nn.Module, data: DemoData, settings: Settings) -> None:
    """The same training while the first two stages forget what can be read off them.

    They forget in every step, by less the further the learning rate has fallen.
    """
    from earlysieve.readouts.heads import StatisticsHead
    from earlysieve.sieve import FeatureSieve

    config = config_of(settings)
    optimizer, scheduler = adam(model, data.train, config)
    sieve = FeatureSieve(
        model,
        LAYERS,
        data.train.num_classes,
        optimizer=optimizer,
        scheduler=scheduler,
        readout=StatisticsHead(),
        readout_lr=READOUT_LR,
        forget_every=1,
        forget_lr=FORGET_LR,
        forget_with_lr=True,
        seed=settings.seed,
    )
    learn(sieve, data.train, settings, config)
