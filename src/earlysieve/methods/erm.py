"""`--method erm`: plain training."""

from typing import TYPE_CHECKING

from earlysieve.methods.method import Method

if TYPE_CHECKING:
    from earlysieve.methods.job import Job
    from earlysieve.training import Algorithm


def build(job: "Job") -> "Algorithm":
    """Plain training with the configured optimiser and schedule."""
    from earlysieve.training import ERM

    optimizer, around = job.update(job.model.parameters())
    return ERM(job.model, optimizer, **around)


METHOD = Method("erm", "plain training: the mean loss over all examples", build)
