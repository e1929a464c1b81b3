"""`--method afr`: automatic feature reweighting of a trained network's last layer."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from earlysieve.methods.last_layer import UNSEEN, last_layer_repair
from earlysieve.methods.method import Method
from earlysieve.repairing.registry import repair_method
from earlysieve.repairing.settings import AFRSettings

if TYPE_CHECKING:
    from earlysieve.methods.job import Job
    from earlysieve.training import Algorithm


@dataclass(frozen=True)
class Settings(AFRSettings):
    """The settings of automatic feature reweighting, and whether data are known to be unseen."""

    unseen: bool = UNSEEN


def build(job: "Job") -> "Algorithm":
    """See `repairing.afr`."""
    return last_layer_repair(job, "afr")


METHOD = Method(
    "afr",
    repair_method("afr").summary,
    build,
    Settings,
    neutral={"gamma": 0.0},
    starts_trained=True,
)
