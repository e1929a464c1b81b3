"""`--method lff`: learning from failure."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from earlysieve.methods.method import Method
from earlysieve.methods.settings import Range, setting

if TYPE_CHECKING:
    from earlysieve.methods.job import Job
    from earlysieve.training import Algorithm


@dataclass(frozen=True)
class Settings:
    """The settings of learning from failure."""

    q: float = setting(
        0.7,
        "Let the biased twin learn this much more of what it is sure of; 0 is not at all.",
        low=0,
        high=1,
        search=Range(0.1, 1),
    )


def build(job: "Job") -> "Algorithm":
    """See `weighting.learning_from_failure`."""
    from earlysieve.weighting import LearningFromFailure

    optimizer, around = job.update(job.model.parameters())
    return LearningFromFailure(job.model, optimizer=optimizer, q=job.settings.q, **around)


METHOD = Method("lff", "weights by how hard a biased twin finds an example", build, Settings)
