"""`--method inlp`: INLP before a trained network's last layer."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from earlysieve.methods.last_layer import UNSEEN, last_layer_repair
from earlysieve.methods.method import Method
from earlysieve.repairing.registry import repair_method
from earlysieve.repairing.settings import INLPSettings

if TYPE_CHECKING:
    from earlysieve.methods.job import Job
    from earlysieve.training import Algorithm


@dataclass(frozen=True)
class Settings(INLPSettings):
    """The settings of INLP, and whether the data are known to be unseen."""

    unseen: bool = UNSEEN


def build(job: "Job") -> "Algorithm":
    """See `repairing.inlp`."""
    return last_layer_repair(job, "inlp")


METHOD = Method(
    "inlp",
    repair_method("inlp").summary,
    build,
    Settings,
    needs_groups=lambda _: True,
    starts_trained=True,
)
