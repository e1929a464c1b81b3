"""`--method poe`: a product of experts with an early readout as the weak one."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from earlysieve.methods.method import Method
from earlysieve.methods.readout_settings import ReadoutSettings, head_of
from earlysieve.methods.settings import Layers, Range, setting
from earlysieve.methods.stage_layer import layer_of

if TYPE_CHECKING:
    from earlysieve.methods.job import Job
    from earlysieve.training import Algorithm


@dataclass(frozen=True)
class Settings(ReadoutSettings):
    """The settings of the product of experts."""

    layer: str | None = setting(
        None,
        "Read out this layer; `earlysieve layers` lists them.",
        metavar="NAME",
        search=Layers(),
    )
    stage: int | None = setting(
        None, "Read out after this stage or block, from 1, instead of --layer.", low=1
    )
    strength: float = setting(
        1.0,
        "Raise the weak expert to this power; 0 is plain training.",
        low=0,
        search=Range(0.1, 3),
    )


def build(job: "Job") -> "Algorithm":
    """See `weighting.product_of_experts`.

    Raises:
        InputError, LayerError: no layer is given, or there is no such stage.
    """
    from earlysieve.weighting import ProductOfExperts

    settings: Settings = job.settings
    optimizer, around = job.update(job.model.parameters())
    return ProductOfExperts(
        job.model,
        layer=layer_of(job),
        num_classes=job.num_classes,
        optimizer=optimizer,
        strength=settings.strength,
        readout=head_of(settings),
        readout_lr=settings.readout_lr,
        seed=job.config.seed,
        **around,
    )


METHOD = Method(
    "poe",
    "a product of experts with an early readout as the weak one",
    build,
    Settings,
    neutral={"strength": 0.0},
)
