"""`--method large-dropout`: fine-tuning with very large dropout ahead of the last layer."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from earlysieve.methods.method import Method
from earlysieve.methods.settings import Range, setting

if TYPE_CHECKING:
    from earlysieve.methods.job import Job
    from earlysieve.training import Algorithm


@dataclass(frozen=True)
class Settings:
    """The settings of very large dropout."""

    rate: float = setting(
        0.9,
        "Set this share of what the last layer reads to 0 in each step; 0 is plain training.",
        low=0,
        high=0.999,
        search=Range(0.5, 0.97),
    )


def build(job: "Job") -> "Algorithm":
    """See `repairing.large_dropout`.

    Raises:
        InputError: there is no linear last layer.
    """
    from earlysieve.repairing.large_dropout import LargeDropout

    if job.config.checkpoint is None:
        job.notes.append(
            "The network starts without a checkpoint; very large dropout is meant for fine-tuning."
        )
    optimizer, around = job.update(job.model.parameters())
    algorithm = LargeDropout(job.model, optimizer, rate=job.settings.rate, **around)
    algorithm.prepare(job.few)
    return algorithm


METHOD = Method(
    "large-dropout",
    "plain training with most of what the last layer reads dropped",
    build,
    Settings,
    neutral={"rate": 0.0},
)
