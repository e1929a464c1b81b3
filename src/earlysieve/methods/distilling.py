"""Methods that learn from a teacher."""

from typing import TYPE_CHECKING, Any

from earlysieve.methods.job import Job
from earlysieve.methods.weighting import EARLY, JTT, early_settings, first_epochs

if TYPE_CHECKING:
    from torch import nn

    from earlysieve.distill import SimKDStudent
    from earlysieve.training import Algorithm

_TEACHER: dict[str, Any] = {"teacher": None, "teacher_checkpoint": None, "teacher_options": {}}
_SOFT: dict[str, Any] = {
    **_TEACHER,
    "teacher_logits": None,
    "keep_logits": None,
    "temperature": 3.0,
    "kd_weight": 1.0,
}
KD: dict[str, Any] = {"preset": None, **_SOFT}
DEDIER: dict[str, Any] = {**EARLY, **_SOFT}
SIMKD: dict[str, Any] = {**_TEACHER, "classifier": None, "teacher_classifier": None}
DETT: dict[str, Any] = {**SIMKD, **JTT}


def build_dedier(job: Job) -> "Algorithm":
    """Debiased distillation."""
    from earlysieve.distill import DebiasedDistillation
    from earlysieve.methods.named_teacher import open_teacher

    return DebiasedDistillation(
        job.model, open_teacher(job), **early_settings(job), **_softness(job)
    )


def build_kd(job: Job) -> "Algorithm":
    """Plain distillation."""
    from earlysieve.distill import KnowledgeDistillation
    from earlysieve.methods.named_teacher import open_teacher

    teacher = open_teacher(job)
    optimizer, around = job.update(job.model.parameters())
    return KnowledgeDistillation(
        job.model, teacher, optimizer=optimizer, **_softness(job), **around
    )


def build_simkd(job: Job) -> "Algorithm":
    """The teacher's features and its classifier."""
    from earlysieve.distill import SimKD

    student, teacher = _transplanted(job)
    optimizer, around = job.update(student.parameters())
    return SimKD(student, teacher, optimizer=optimizer, **around)


def build_dett(job: Job) -> "Algorithm":
    """SimKD with the weights of JTT."""
    from earlysieve.distill import DeTT

    student, teacher = _transplanted(job)
    first = first_epochs(job)
    optimizer, around = job.update(student.parameters(), idle_epochs=first)
    return DeTT(
        student,
        teacher,
        optimizer=optimizer,
        data=job.data,
        identification_epochs=first,
        upweight=job.options["upweight"],
        **around,
    )


def _softness(job: Job) -> dict[str, Any]:
    return {name: job.options[name] for name in ("temperature", "kd_weight")}


def _transplanted(job: Job) -> "tuple[SimKDStudent, nn.Module]":
    from earlysieve.distill import SimKDStudent
    from earlysieve.methods.named_teacher import open_teacher_model

    teacher = open_teacher_model(job)
    student = SimKDStudent(
        job.model,
        teacher,
        classifier=job.options["classifier"],
        teacher_classifier=job.options["teacher_classifier"],
        seed=job.config.seed,
    )
    return student, teacher
