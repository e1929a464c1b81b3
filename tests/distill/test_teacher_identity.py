"""A resumed run goes on with the teacher of the first run, or stops."""

from typing import Any

import pytest
import torch
from torch import nn

from earlysieve import DebiasedDistillation, KnowledgeDistillation, SimKD, SimKDStudent
from earlysieve.distill import Teacher, keep_logits
from earlysieve.errors import CheckpointError

from ..weighting.helpers import CLASSES, Planted, net, sgd

DATA = Planted()


def kd(teacher: Any) -> KnowledgeDistillation:
    student = net(0)
    return KnowledgeDistillation(student, teacher, optimizer=sgd(student))


def debiased(teacher: Any) -> DebiasedDistillation:
    student = net(0)
    return DebiasedDistillation(
        student,
        teacher,
        layer="early",
        num_classes=CLASSES,
        optimizer=sgd(student),
        num_examples=len(DATA),
    )


def simkd(teacher: nn.Module) -> SimKD:
    student = SimKDStudent(net(0), teacher)
    return SimKD(student, teacher, optimizer=sgd(student))


@pytest.mark.parametrize("method", [kd, debiased, simkd])
def test_another_teacher_is_noticed(method: Any) -> None:
    first = method(net(1))
    first.step(DATA.batch(torch.arange(8)))
    state = first.state_dict()
    method(net(1)).load_state_dict(state)
    with pytest.raises(CheckpointError, match="^Expected the teacher of the first run, but this"):
        method(net(2)).load_state_dict(state)


def test_kept_logits_stand_for_their_teacher() -> None:
    state = kd(net(1)).state_dict()
    kd(Teacher(logits=keep_logits(net(1), DATA))).load_state_dict(state)
    with pytest.raises(CheckpointError, match="has other weights"):
        kd(Teacher(logits=keep_logits(net(2), DATA))).load_state_dict(state)


def test_logits_of_an_unknown_teacher_are_taken_as_they_are() -> None:
    logits = torch.randn(len(DATA), CLASSES)
    state = kd(logits).state_dict()
    assert state["teacher"] == ""
    kd(net(1)).load_state_dict(state)
