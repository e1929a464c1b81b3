"""`--method sieve`: the feature sieve."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from earlysieve.errors import InputError
from earlysieve.methods.method import Method
from earlysieve.methods.readout_settings import ReadoutSettings, head_of
from earlysieve.methods.settings import Layers, Range, setting

if TYPE_CHECKING:
    from earlysieve.methods.job import Job
    from earlysieve.training import Algorithm


@dataclass(frozen=True)
class Settings(ReadoutSettings):
    """The settings of the feature sieve."""

    layer: str | None = setting(
        None,
        "Read out this layer, or several with commas, and forget what it tells; `earlysieve "
        "layers` lists them.",
        metavar="NAME",
        search=Layers(),
    )
    forget_every: int = setting(
        5,
        "Forget at each multiple of this many steps; 0 never forgets.",
        low=0,
        search=Range(1, 20, log=True),
    )
    forget_lr: float = setting(
        1e-2, "Take forgetting steps of this size.", low=0, search=Range(1e-3, 1, log=True)
    )
    forget_with_lr: bool = setting(
        False,
        "Let the step size of forgetting follow --scheduler.",
        off="forget-at-constant-rate",
    )
    forget_warmup: int = setting(0, "Forget nothing in this many steps at the start.", low=0)
    forget_steps: int = setting(1, "Take this many forgetting steps each time.", low=1)
    readout_steps: int = setting(1, "Update the readout this many times per step.", low=1)
    order: Literal["shared", "published"] = setting(
        "shared",
        "Order the three updates of a step so: in one pass for all (shared), or as published.",
    )


def build(job: "Job") -> "Algorithm":
    """The sieve over the configured optimiser.

    Raises:
        InputError: no layer is given, or a setting is out of its range.
    """
    from earlysieve.sieve import FeatureSieve

    settings: Settings = job.settings
    optimizer, around = job.update(job.model.parameters())
    return FeatureSieve(
        job.model,
        layer_names(settings.layer),
        job.num_classes,
        optimizer=optimizer,
        readout=head_of(settings),
        readout_lr=settings.readout_lr,
        readout_steps=settings.readout_steps,
        forget_every=settings.forget_every,
        forget_lr=settings.forget_lr,
        forget_with_lr=settings.forget_with_lr,
        forget_warmup=settings.forget_warmup,
        forget_steps=settings.forget_steps,
        order=settings.order,
        seed=job.config.seed,
        **around,
    )


def layer_names(given: Any) -> list[str]:
    """Names of one or several layers, separated by commas.

    Raises:
        InputError: there is none.
    """
    names = [part.strip() for part in str(given or "").split(",") if part.strip()]
    if not names:
        raise InputError(
            "Expected a layer for this method, but got none; give --layer, such as "
            "--layer layer1 ('earlysieve layers' lists the names)"
        )
    return names


METHOD = Method(
    "sieve",
    "feature sieve: forget what can be read off --layer",
    build,
    Settings,
    neutral={"forget_every": 0},
)
