"""`--method jtt`: just train twice."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from earlysieve.errors import InputError
from earlysieve.methods.method import Method
from earlysieve.methods.settings import Range, setting

if TYPE_CHECKING:
    from earlysieve.methods.job import Job
    from earlysieve.training import Algorithm


@dataclass(frozen=True)
class Settings:
    """The settings of just train twice."""

    identification_epochs: int = setting(
        1,
        "Train the first model, whose errors are then weighted up, for this many epochs.",
        low=1,
        search=Range(1, 5, below="epochs"),
    )
    upweight: float = setting(
        20.0,
        "Weight an example that the first model gets wrong by this.",
        low=1,
        search=Range(2, 100, log=True),
    )


def build(job: "Job") -> "Algorithm":
    """Just train twice.

    Raises:
        InputError: no epoch would be left for the second model.
    """
    from earlysieve.weighting import JTT

    settings: Settings = job.settings
    first = first_epochs(job)
    optimizer, around = job.update(job.model.parameters(), idle_epochs=first)
    return JTT(
        job.model,
        optimizer=optimizer,
        data=job.data,
        identification_epochs=first,
        num_workers=job.config.num_workers,
        upweight=settings.upweight,
        **around,
    )


def first_epochs(job: "Job") -> int:
    """The epochs that train the first of two models.

    Raises:
        InputError: none would be left for the second.
    """
    first = int(job.settings.identification_epochs)
    if first >= job.config.epochs:
        raise InputError(
            f"Expected more epochs than the {first} that train the first model "
            f"(identification_epochs), but got {job.config.epochs}; raise --epochs"
        )
    return first


METHOD = Method("jtt", "train briefly, weight up the errors, train again", build, Settings)
