"""`--method dett`: SimKD with the weights of just train twice."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from earlysieve.methods import jtt, simkd
from earlysieve.methods.method import Method

if TYPE_CHECKING:
    from earlysieve.methods.job import Job
    from earlysieve.training import Algorithm


@dataclass(frozen=True)
class Settings(jtt.Settings, simkd.Settings):
    """The settings of DeTT: those of SimKD and those of just train twice."""


def build(job: "Job") -> "Algorithm":
    """SimKD with the weights of JTT.

    Raises:
        InputError: no epoch would be left for the second model.
    """
    from earlysieve.distill import DeTT

    settings: Settings = job.settings
    student, teacher = simkd.transplanted(job)
    first = jtt.first_epochs(job)
    optimizer, around = job.update(student.parameters(), idle_epochs=first)
    return DeTT(
        student,
        teacher,
        optimizer=optimizer,
        data=job.data,
        identification_epochs=first,
        num_workers=job.config.num_workers,
        upweight=settings.upweight,
        **around,
    )


METHOD = Method("dett", "simkd with the weights of jtt", build, Settings)
