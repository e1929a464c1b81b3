"""From a configuration, a network and data to the algorithm that learns."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from earlysieve.datasets.opened_data import opened
from earlysieve.methods.job import Job
from earlysieve.methods.registry import method_named, method_settings
from earlysieve.networks.fit_check import check_model_takes
from earlysieve.training import Algorithm, BatchSampler, TrainConfig
from earlysieve.training.sampling import EpochSampler

if TYPE_CHECKING:
    import torch
    from torch import nn


class Learner(NamedTuple):
    """What is ready to learn: what it was built from, the algorithm, and the order of the data.

    `sampler` is None where every example comes once per epoch.
    """

    job: Job
    algorithm: Algorithm
    sampler: BatchSampler | None


def build_learner(
    config: TrainConfig,
    model: "nn.Module",
    data: Any,
    *,
    device: "torch.device",
    out: Path,
) -> Learner:
    """Build the method that a configuration names, and let it look at two examples.

    Args:
        config: method and settings, optimiser and schedule.
        model: the network; it is moved to `device`.
        data: the training data, with a length and indices.
        device: where to train.
        out: the folder of the run, which may not exist yet.

    Raises:
        EarlysieveError: model and data do not fit, or a setting is wrong.
    """
    classes = check_model_takes(model, data, device)
    steps = len(EpochSampler(len(data), config.batch_size, seed=config.seed))
    few = opened(data).few().to(device)
    method = method_named(config.method)
    settings = method_settings(config.method, config.method_options)
    job = Job(model, data, config, settings, classes, steps, few, out)
    algorithm = method.build(job)
    # The method finds out now what its first step would: a missing layer, other classes.
    prepare = getattr(algorithm, "prepare", None)
    if prepare is not None:
        prepare(few)
    return Learner(job, algorithm, method.sampler(job))
