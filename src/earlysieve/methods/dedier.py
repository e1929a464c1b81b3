"""`--method dedier`: debiased distillation."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from earlysieve.methods import early_reweighting
from earlysieve.methods.method import Method
from earlysieve.methods.teacher_settings import SoftTeacherSettings

if TYPE_CHECKING:
    from earlysieve.methods.job import Job
    from earlysieve.training import Algorithm


@dataclass(frozen=True)
class Settings(SoftTeacherSettings, early_reweighting.Settings):
    """The settings of debiased distillation: those of its weights and those of its teacher."""


def build(job: "Job") -> "Algorithm":
    """Debiased distillation."""
    from earlysieve.distill import DebiasedDistillation
    from earlysieve.methods.named_teacher import open_teacher

    settings: Settings = job.settings
    return DebiasedDistillation(
        job.model,
        open_teacher(job),
        **early_reweighting.early_arguments(job),
        temperature=settings.temperature,
        kd_weight=settings.kd_weight,
    )


METHOD = Method(
    "dedier",
    "debiased distillation: what an early readout gets wrong weighs more",
    build,
    Settings,
    neutral={"beta": 0.0},
)
