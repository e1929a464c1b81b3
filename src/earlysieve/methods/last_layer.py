"""What the methods that fit the last layer anew have in common."""

from typing import TYPE_CHECKING

from earlysieve._settings import setting
from earlysieve.errors import InputError

if TYPE_CHECKING:
    from earlysieve.methods.job import Job
    from earlysieve.repairing.algorithm import LastLayerRepair

UNSEEN = setting(
    False,
    "Take the data as unseen by the model, also where it gets nearly all of them right.",
    off="seen",
)


def last_layer_repair(job: "Job", method: str) -> "LastLayerRepair":
    """Last-layer repair of the job's network.

    Args:
        job: its settings are those of the repair method, and `unseen`.
        method: of `repairing.registry`.

    Raises:
        InputError: the method needs groups and none is known, or statistics of BatchNorm would be
            changed behind the fit.
    """
    import torch

    from earlysieve.datasets.example_groups import Groups
    from earlysieve.methods.order import known_groups
    from earlysieve.repairing.algorithm import LastLayerRepair
    from earlysieve.repairing.registry import repair_method

    c = job.config
    if c.refresh_batches:
        raise InputError(
            f"Expected no fresh statistics for the method '{method}', since the last layer is "
            f"fitted to features as they are, but got refresh_batches={c.refresh_batches}; leave "
            "out --refresh-batches"
        )
    for field in ("augment", "freeze", "backbone_lr_scale"):
        if getattr(c, field) is not None:
            raise InputError(
                f"Expected no {field} for the method '{method}', which fits the last layer to "
                f"features of the data as they are, but got {getattr(c, field)}; leave it out"
            )
    found = repair_method(method)
    given = vars(job.settings).copy()
    unseen = given.pop("unseen")
    if c.epochs > 1:
        job.notes.append("The last layer is fitted after the first epoch; later ones do nothing.")
    if c.checkpoint is None:
        job.notes.append(
            "The last layer of a network without a checkpoint is fitted: see that it is trained."
        )
    groups = None
    if found.needs_groups:
        groups = Groups(torch.from_numpy(known_groups(job)), job.opened.group_names)
    return LastLayerRepair(
        job.model,
        method=method,
        settings=given,
        groups=groups,
        seen_in_training=False if unseen else None,
        seed=c.seed,
    )
