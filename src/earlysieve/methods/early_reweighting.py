"""`--method early-reweighting`: the weights of debiased distillation without a teacher."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from earlysieve.methods.method import Method
from earlysieve.methods.readout_settings import ReadoutSettings, head_of
from earlysieve.methods.settings import Layers, Range, setting
from earlysieve.methods.stage_layer import layer_of

if TYPE_CHECKING:
    from earlysieve.methods.job import Job
    from earlysieve.training import Algorithm

PRESET = (
    "Take published settings, of method and training: waterbirds, celeba, multinli, civilcomments. "
    "Options win over it; it wins over --config. A preset that is named in --config "
    "(method_options) yields to the other fields of the file."
)


@dataclass(frozen=True)
class Settings(ReadoutSettings):
    """What debiased distillation shares with its weights alone."""

    preset: str | None = setting(None, PRESET, metavar="NAME")
    layer: str | None = setting(
        None,
        "Read out this layer; `earlysieve layers` lists them.",
        metavar="NAME",
        search=Layers(),
    )
    stage: int | None = setting(
        None, "Read out after this stage or block, from 1, instead of --layer.", low=1
    )
    alpha: float = setting(
        0.05,
        "Raise the readout's margin to this power; a small one lets all errors weigh alike.",
        low=0,
        search=Range(0.01, 1, log=True),
    )
    beta: float = setting(
        4.0, "Let no weight exceed exp(beta); 0 weights nothing.", low=0, search=Range(0.5, 6)
    )
    reweight_every: int = setting(
        1, "Compute new weights after each multiple of this many epochs.", low=1
    )
    mode: Literal["online", "published"] = setting(
        "online",
        "Take the readout's judgements from the visits in training (online), or from a pass of "
        "its own (published).",
    )


def build(job: "Job") -> "Algorithm":
    """Plain training with the weights of an early readout."""
    from earlysieve.weighting import EarlyReweighting

    return EarlyReweighting(job.model, **early_arguments(job))


def early_arguments(job: "Job") -> dict[str, Any]:
    """Keyword arguments of `EarlyReweighting` from the settings.

    Raises:
        InputError, LayerError: no layer is given, or there is no such stage.
    """
    settings: Settings = job.settings
    config = job.config
    optimizer, around = job.update(job.model.parameters())
    return {
        **around,
        "alpha": settings.alpha,
        "beta": settings.beta,
        "reweight_every": settings.reweight_every,
        "mode": settings.mode,
        "readout_lr": settings.readout_lr,
        "layer": layer_of(job),
        "num_classes": job.num_classes,
        "optimizer": optimizer,
        "readout": head_of(settings),
        "data": job.data,
        "batch_size": config.batch_size,
        "num_workers": config.num_workers,
        "seed": config.seed,
    }


METHOD = Method(
    "early-reweighting",
    "the weights of dedier without a teacher",
    build,
    Settings,
    neutral={"beta": 0.0},
)
