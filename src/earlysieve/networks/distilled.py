"""What `train --method simkd` and `dett` save, as a network that `--model` can name.

    --model earlysieve.networks:simkd_student --checkpoint runs/simkd/model.pt \\
      --model-option student=torchvision:resnet18 --model-option teacher=torchvision:resnet50
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from earlysieve.networks.spec import build_model

if TYPE_CHECKING:
    from earlysieve.distill import SimKDStudent


def simkd_student(
    num_classes: int | None = None,
    *,
    student: str,
    teacher: str,
    student_options: Mapping[str, Any] | None = None,
    teacher_options: Mapping[str, Any] | None = None,
    classifier: str | None = None,
    teacher_classifier: str | None = None,
) -> "SimKDStudent":
    """A student with the teacher's classifier; its weights come from the checkpoint.

    Args:
        num_classes: of both networks.
        student, teacher: specifications, as for --model.
        student_options, teacher_options: further arguments of their builders.
        classifier, teacher_classifier: as given in training.

    Raises:
        EarlysieveError: a network cannot be built, or has no such classifier.
    """
    from earlysieve.distill import SimKDStudent

    pair = [
        build_model(spec, num_classes=num_classes, options=options).model
        for spec, options in ((student, student_options), (teacher, teacher_options))
    ]
    return SimKDStudent(*pair, classifier=classifier, teacher_classifier=teacher_classifier)
