"""`--method simkd`: the teacher's features and its classifier."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from earlysieve.methods.method import Method
from earlysieve.methods.settings import setting
from earlysieve.methods.teacher_settings import TeacherSettings

if TYPE_CHECKING:
    from torch import nn

    from earlysieve.distill import SimKDStudent
    from earlysieve.methods.job import Job
    from earlysieve.training import Algorithm


@dataclass(frozen=True)
class Settings(TeacherSettings):
    """The settings of SimKD."""

    classifier: str | None = setting(
        None,
        "Take this as the student's last linear layer; by default it is found by itself.",
        metavar="NAME",
    )
    teacher_classifier: str | None = setting(
        None,
        "Take this as the teacher's last linear layer; by default it is found by itself.",
        metavar="NAME",
    )


def build(job: "Job") -> "Algorithm":
    """The teacher's features and its classifier."""
    from earlysieve.distill import SimKD

    student, teacher = transplanted(job)
    optimizer, around = job.update(student.parameters())
    return SimKD(student, teacher, optimizer=optimizer, **around)


def transplanted(job: "Job") -> "tuple[SimKDStudent, nn.Module]":
    """The student with the teacher's classifier, and the teacher."""
    from earlysieve.distill import SimKDStudent
    from earlysieve.methods.named_teacher import open_teacher_model

    settings: Settings = job.settings
    teacher = open_teacher_model(job)
    student = SimKDStudent(
        job.model,
        teacher,
        classifier=settings.classifier,
        teacher_classifier=settings.teacher_classifier,
        seed=job.config.seed,
    )
    return student, teacher


METHOD = Method("simkd", "learn the teacher's features, take over its classifier", build, Settings)
