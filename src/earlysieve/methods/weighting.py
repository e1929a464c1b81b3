"""Methods that weight examples or groups, without a teacher."""

from typing import TYPE_CHECKING, Any

from earlysieve.errors import InputError
from earlysieve.methods.job import Job
from earlysieve.methods.plain import known_groups
from earlysieve.methods.readout_choice import READOUT, head_of
from earlysieve.methods.stage_layer import layer_of

if TYPE_CHECKING:
    from earlysieve.training import Algorithm

# What debiased distillation shares with its weights alone; None has no default.
EARLY: dict[str, Any] = {
    "preset": None,
    "layer": None,
    "stage": None,
    "alpha": 0.05,
    "beta": 4.0,
    "reweight_every": 1,
    "mode": "online",
    **READOUT,
}
JTT: dict[str, Any] = {"identification_epochs": 1, "upweight": 20.0}
GROUP_DRO: dict[str, Any] = {"step_size": 0.01, "adjustment": 0.0, "balance": None}


def build_early(job: Job) -> "Algorithm":
    """Plain training with the weights of an early readout."""
    from earlysieve.distill import EarlyReweighting

    return EarlyReweighting(job.model, **early_settings(job))


def early_settings(job: Job) -> dict[str, Any]:
    """Keyword arguments of `EarlyReweighting` from the options `EARLY`.

    Raises:
        InputError, LayerError: no layer is given, or there is no such stage.
    """
    options, config = job.options, job.config
    optimizer, around = job.update(job.model.parameters())
    named = ("alpha", "beta", "reweight_every", "mode", "readout_lr")
    return {
        **{name: options[name] for name in named},
        **around,
        "layer": layer_of(job),
        "num_classes": job.num_classes,
        "optimizer": optimizer,
        "readout": head_of(options),
        "data": job.data,
        "batch_size": config.batch_size,
        "num_workers": config.num_workers,
        "seed": config.seed,
    }


def build_jtt(job: Job) -> "Algorithm":
    """Just train twice."""
    from earlysieve import distill

    first = first_epochs(job)
    optimizer, around = job.update(job.model.parameters(), idle_epochs=first)
    return distill.JTT(
        job.model,
        optimizer=optimizer,
        data=job.data,
        identification_epochs=first,
        upweight=job.options["upweight"],
        **around,
    )


def first_epochs(job: Job) -> int:
    """The epochs that train the first of two models.

    Raises:
        InputError: none would be left for the second.
    """
    first = int(job.options["identification_epochs"])
    if first >= job.config.epochs:
        raise InputError(
            f"Expected more epochs than the {first} that train the first model "
            f"(identification_epochs), but got {job.config.epochs}; raise --epochs"
        )
    return first


def build_group_dro(job: Job) -> "Algorithm":
    """Group DRO over the groups that the data name."""
    import numpy as np

    from earlysieve.distill import GroupDRO

    groups = known_groups(job)
    counts = np.bincount(groups[groups >= 0]).tolist()
    optimizer, around = job.update(job.model.parameters())
    adjustment = job.options["adjustment"]
    return GroupDRO(
        job.model,
        optimizer=optimizer,
        num_groups=len(counts),
        step_size=job.options["step_size"],
        adjustment=adjustment,
        group_counts=counts if adjustment > 0 else None,
        **around,
    )
