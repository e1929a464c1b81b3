"""`--method kd`: plain distillation."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from earlysieve.methods.early_reweighting import PRESET
from earlysieve.methods.method import Method
from earlysieve.methods.settings import setting
from earlysieve.methods.teacher_settings import SoftTeacherSettings

if TYPE_CHECKING:
    from earlysieve.methods.job import Job
    from earlysieve.training import Algorithm


@dataclass(frozen=True)
class Settings(SoftTeacherSettings):
    """The settings of plain distillation."""

    preset: str | None = setting(None, PRESET, metavar="NAME")


def build(job: "Job") -> "Algorithm":
    """Plain distillation."""
    from earlysieve.distill import KnowledgeDistillation
    from earlysieve.methods.named_teacher import open_teacher

    settings: Settings = job.settings
    teacher = open_teacher(job)
    optimizer, around = job.update(job.model.parameters())
    return KnowledgeDistillation(
        job.model,
        teacher,
        optimizer=optimizer,
        temperature=settings.temperature,
        kd_weight=settings.kd_weight,
        **around,
    )


METHOD = Method(
    "kd", "plain distillation of the teacher's logits", build, Settings, neutral={"kd_weight": 0.0}
)
