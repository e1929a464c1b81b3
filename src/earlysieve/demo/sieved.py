"""Training with a feature sieve."""

from torch import nn

from earlysieve.demo.data import DemoData
from earlysieve.demo.settings import Settings
from earlysieve.demo.training import adam, config_of, learn

LAYERS = ("stage1", "stage2")
FORGET_LR = 0.1


def train_with_sieve(model: nn.Module, data: DemoData, settings: Settings) -> None:
    """The same training while the first two stages forget what can be read off them.

    They forget in every second epoch: in those between, the later stages and the statistics of
    BatchNorm catch up with what has changed below them.
    """
    from earlysieve.sieve import FeatureSieve, ForgetSchedule

    config = config_of(settings)
    optimizer, scheduler = adam(model, data.train, config)
    sieve = FeatureSieve(
        model,
        LAYERS,
        data.train.num_classes,
        optimizer=optimizer,
        scheduler=scheduler,
        forget_every=ForgetSchedule(2, unit="epoch"),
        forget_lr=FORGET_LR,
        seed=settings.seed,
    )
    learn(sieve, data.train, settings, config)
