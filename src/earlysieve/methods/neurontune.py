"""`--method neurontune`: NeuronTune of a trained network's last layer."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from earlysieve.methods.last_layer import UNSEEN, last_layer_repair
from earlysieve.methods.method import Method
from earlysieve.repairing.registry import repair_method
from earlysieve.repairing.settings import NeuronTuneSettings

if TYPE_CHECKING:
    from earlysieve.methods.job import Job
    from earlysieve.training import Algorithm


@dataclass(frozen=True)
class Settings(NeuronTuneSettings):
    """The settings of NeuronTune, and whether the data are known to be unseen."""

    unseen: bool = UNSEEN


def build(job: "Job") -> "Algorithm":
    """See `repairing.neurontune`."""
    return last_layer_repair(job, "neurontune")


METHOD = Method(
    "neurontune", repair_method("neurontune").summary, build, Settings, starts_trained=True
)
