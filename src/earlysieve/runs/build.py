"""From a configuration, a network and data to the algorithm that learns."""

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from earlysieve.datasets.opened_data import opened
from earlysieve.methods.job import Job
from earlysieve.methods.registry import method_named, method_settings
from earlysieve.networks.fit_check import check_model_takes
from earlysieve.training import Algorithm, BatchSampler, TrainConfig
from earlysieve.training.freezing import (
    BACKBONE,
    classifier_of,
    frozen_parameters,
    without_gradients,
)
from earlysieve.training.sampling import EpochSampler

if TYPE_CHECKING:
    import torch
    from torch import nn

    from earlysieve.model.batch import Batch


class Learner(NamedTuple):
    """What is ready to learn: what it was built from, the algorithm, and the order of the data.

    `sampler` is None where every example comes once per epoch. `frozen` are the names of the
    parameters of `job.model` that do not learn.
    """

    job: Job
    algorithm: Algorithm
    sampler: BatchSampler | None
    frozen: tuple[str, ...] = ()


def build_learner(
    config: TrainConfig,
    model: "nn.Module",
    data: Any,
    *,
    device: "torch.device",
    out: Path,
    new: Collection[str] = (),
) -> Learner:
    """Build the method that a configuration names, and let it look at two examples.

    Args:
        config: method and settings, optimiser and schedule.
        model: the network; it is moved to `device`.
        data: the training data, with a length and indices.
        device: where to train.
        out: the folder of the run, which may not exist yet.
        new: names of parameters with random weights beside pretrained ones.

    Raises:
        EarlysieveError: model and data do not fit, or a setting is wrong.
    """
    classes = check_model_takes(model, data, device)
    steps = len(EpochSampler(len(data), config.batch_size, seed=config.seed))
    few = opened(data).few().to(device)
    method = method_named(config.method)
    settings = method_settings(config.method, config.method_options)
    backbone = _backbone(config, model, few, new)
    job = Job(model, data, config, settings, classes, steps, few, out, backbone)
    still = _still(job, new)
    with without_gradients(model, still):
        algorithm = method.build(job)
        # The method finds out now what its first step would: a missing layer, other classes.
        prepare = getattr(algorithm, "prepare", None)
        if prepare is not None:
            prepare(few)
    return Learner(job, algorithm, method.sampler(job), still)


def _backbone(
    config: TrainConfig, model: "nn.Module", few: "Batch", new: Collection[str]
) -> frozenset[str]:
    """The parameters that learn at another rate: all but those of the last layer and new ones."""
    if config.backbone_lr_scale is None:
        return frozenset()
    last = f"{classifier_of(model, few.inputs)}."
    names = (name for name, _ in model.named_parameters())
    return frozenset(name for name in names if not name.startswith(last) and name not in new)


def _still(job: Job, new: Collection[str]) -> tuple[str, ...]:
    """The names of the parameters that are frozen, which is noted."""
    freeze = job.config.freeze
    if freeze is None:
        return ()
    names = tuple(frozen_parameters(job.model, job.few.inputs, freeze, new=new))
    sizes = {name: value.numel() for name, value in job.model.named_parameters()}
    count, whole = sum(sizes[name] for name in names), sum(sizes.values())
    what = "All but the last layer" if freeze == BACKBONE else f"All up to '{freeze}'"
    job.notes.append(f"{what} is frozen: {count:,} of {whole:,} weights stay as they are.")
    if job.backbone and job.backbone <= set(names):
        job.notes.append(
            "--backbone-lr-scale has no effect: all that it would slow down is frozen."
        )
    return names
