"""`--method group-dro`: the loss of the worst group."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from earlysieve.methods.balanced import BALANCE
from earlysieve.methods.method import Method
from earlysieve.methods.order import balanced_order, weighed_groups
from earlysieve.methods.settings import Range, setting

if TYPE_CHECKING:
    from earlysieve.methods.job import Job
    from earlysieve.training import Algorithm


@dataclass(frozen=True)
class Settings:
    """The settings of group DRO."""

    step_size: float = setting(
        0.01,
        "Move the weights of the groups by this step size.",
        low=0,
        search=Range(1e-4, 0.1, log=True),
    )
    adjustment: float = setting(
        0.0,
        "Favour small groups by a generalisation adjustment of this strength.",
        low=0,
        search=Range(0, 5),
    )
    balance: Literal["class", "group"] | None = setting(None, BALANCE)


def build(job: "Job") -> "Algorithm":
    """Group DRO over the groups that the data name.

    Raises:
        InputError: no group is known.
    """
    import numpy as np

    from earlysieve.weighting import GroupDRO

    settings: Settings = job.settings
    groups = weighed_groups(job)
    counts = np.bincount(groups[groups >= 0]).tolist()
    optimizer, around = job.update(job.model.parameters())
    return GroupDRO(
        job.model,
        optimizer=optimizer,
        num_groups=len(counts),
        step_size=settings.step_size,
        adjustment=settings.adjustment,
        group_counts=counts if settings.adjustment > 0 else None,
        **around,
    )


METHOD = Method(
    "group-dro",
    "the loss of the worst group; needs groups",
    build,
    Settings,
    balanced_order,
    needs_groups=lambda _: True,
)
