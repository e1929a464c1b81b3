"""The teacher of a distillation, as settings."""

from dataclasses import dataclass
from typing import Any

from earlysieve.methods.settings import Range, setting
from earlysieve.networks.built import FORMS


@dataclass(frozen=True)
class TeacherSettings:
    """The settings of every method that has a teacher."""

    teacher: str | None = setting(None, f"Distil from this network: {FORMS}.", metavar="SPEC")
    teacher_checkpoint: str | None = setting(
        None, "Load the teacher's weights from this file or folder.", metavar="FILE"
    )
    teacher_checkpoint_key: str | None = setting(
        None,
        "Read the weights from this place in the file of --teacher-checkpoint, such as "
        "state_dict_ema; by default it is looked for.",
        metavar="KEY",
    )
    teacher_checkpoint_prefix: str | None = setting(
        None,
        "Take away this prefix of the names in the file of --teacher-checkpoint, such as model. "
        "or teacher.; by default it is looked for.",
        metavar="PREFIX",
    )
    teacher_pretrained: str | None = setting(
        None,
        "Give the teacher published weights, for as many classes as the data have. Without a value "
        "those that the network's family prefers; a value is their name, or a file.",
        metavar="[WEIGHTS]",
        bare="DEFAULT",
    )
    teacher_options: dict[str, Any] = setting(
        {}, "Give the teacher's builder this further argument; may be repeated."
    )


@dataclass(frozen=True)
class SoftTeacherSettings(TeacherSettings):
    """The settings of every method that learns from the teacher's logits."""

    teacher_logits: str | None = setting(
        None,
        "Read the teacher's logits from this file (of `keep_logits`, .npy or .pt); with "
        "--teacher it is made "
        "where it is missing.",
        metavar="FILE",
    )
    keep_logits: bool | None = setting(
        None,
        "Run the teacher once over the data and keep its logits in --out, or on every batch; by "
        "default once, unless reading an example twice gives two results (augmentation).",
        off="teacher-on-the-fly",
    )
    temperature: float = setting(
        3.0,
        "Divide the logits of teacher and student by this temperature.",
        low=0,
        low_open=True,
        search=Range(1, 10, log=True),
    )
    kd_weight: float = setting(
        1.0,
        "Let the teacher have this share in the loss; 0 is plain training.",
        low=0,
        high=1,
        search=Range(0.1, 1),
    )
