"""What must be equal to the last bit, and what must not move."""

import copy
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from earlysieve import DebiasedDistillation, EarlyReweighting, KnowledgeDistillation
from earlysieve.training import ERM
from earlysieve.training.batch_step import run_model

from ..weighting.helpers import CLASSES, Net, Planted, bits, net, same, sgd

DATA = Planted()


def dedier(student: Net, teacher: Any, **settings: Any) -> DebiasedDistillation:
    settings = {"num_examples": len(DATA), **settings}
    return DebiasedDistillation(
        student, teacher, layer="early", num_classes=CLASSES, optimizer=sgd(student), **settings
    )


def train(algorithm: Any, epochs: int = 2, **settings: Any) -> torch.Tensor:
    """Train, and return the random state that is left behind."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        for epoch in range(epochs):
            for batch in DATA.epoch(epoch, **settings):
                algorithm.step(batch)
            algorithm.end_epoch()
        return torch.get_rng_state()


@pytest.mark.parametrize("kd_weight", [1.0, 0.4])
@pytest.mark.parametrize(
    "settings",
    [
        {"beta": 0.0},
        {"weight_function": torch.ones_like},
        {"reweight_every": 5},
        {"beta": 0.0, "mode": "published", "data": DATA},
    ],
)
def test_weights_of_one_equal_plain_distillation(settings: Any, kd_weight: float) -> None:
    student, twin, teacher = net(0), net(0), net(1)
    one = train(dedier(student, teacher, kd_weight=kd_weight, **settings))
    plain = KnowledgeDistillation(twin, teacher, optimizer=sgd(twin), kd_weight=kd_weight)
    two = train(plain)
    assert same(bits(student), bits(twin))
    assert torch.equal(one, two)


def test_plain_distillation_equals_a_loop_by_hand() -> None:
    student, twin, teacher = net(0), net(0), net(1).eval()
    train(KnowledgeDistillation(student, teacher, optimizer=sgd(student), temperature=3.0))
    optimizer = sgd(twin)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        for epoch in range(2):
            for batch in DATA.epoch(epoch):
                with torch.no_grad():
                    target = F.log_softmax(teacher(batch.inputs) / 3.0, 1)
                found = F.log_softmax(twin(batch.inputs) / 3.0, 1)
                each = F.kl_div(found, target, reduction="none", log_target=True).sum(1)
                optimizer.zero_grad()
                (9.0 * each).mean().backward()
                optimizer.step()
    assert same(bits(student), bits(twin))


def test_beta_zero_without_a_teacher_equals_plain_training() -> None:
    student, twin = net(0), net(0)
    train(
        EarlyReweighting(
            student,
            layer="early",
            num_classes=CLASSES,
            optimizer=sgd(student),
            num_examples=len(DATA),
            beta=0.0,
        )
    )
    train(ERM(twin, sgd(twin), loss=lambda x, y: F.cross_entropy(x, y, reduction="none")))
    assert same(bits(student), bits(twin))


def test_weights_enter_the_loss_by_hand() -> None:
    student, teacher = net(0, dropout=0.0), net(1)
    distiller = dedier(student, teacher, temperature=2.0, weight_function=lambda m: 3 + m)
    train(distiller, epochs=1)
    weights = distiller.weights
    assert set(weights.tolist()) != {1.0}
    batch = DATA.batch(torch.arange(20))
    twin = copy.deepcopy(student)
    with torch.no_grad():
        target = F.softmax(teacher.eval()(batch.inputs) / 2, 1)
        found = F.log_softmax(twin(batch.inputs) / 2, 1)
    each = 4 * F.kl_div(found, target, reduction="none").sum(1)
    expected = float((weights[:20] * each).mean())
    assert distiller.step(batch)["loss"] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("mode", ["online", "published"])
def test_early_layers_keep_learning_after_every_reweighting(mode: Any) -> None:
    student = net(0)
    distiller = dedier(student, net(1), mode=mode, data=DATA)
    for epoch in range(3):
        before = bits(student)
        for batch in DATA.epoch(epoch):
            distiller.step(batch)
        changed = bits(student)
        assert all(p.requires_grad for p in student.parameters())
        for name in ("early.0.weight", "early.1.weight", "late.0.weight", "head.weight"):
            assert not torch.equal(before[name], changed[name]), (epoch, name)
        distiller.end_epoch()
    assert (distiller.weights > 1).any()


@pytest.mark.parametrize("mode", ["online", "published"])
def test_reweighting_moves_no_bit_of_the_student(mode: Any) -> None:
    student = net(0)
    student.late[1].eval()  # a layer that somebody has frozen stays so
    distiller = dedier(student, net(1), mode=mode, data=DATA)
    for batch in DATA.epoch(0):
        distiller.step(batch)
    before, modes = bits(student), [m.training for m in student.modules()]
    random = torch.get_rng_state()
    distiller.end_epoch()
    assert same(before, bits(student))
    assert modes == [m.training for m in student.modules()]
    assert torch.equal(random, torch.get_rng_state())


def test_batchnorm_statistics_move_as_in_plain_distillation() -> None:
    student, twin, teacher = net(0), net(0), net(1)
    distiller = dedier(student, teacher, mode="published", data=DATA)
    train(distiller, epochs=1)
    train(KnowledgeDistillation(twin, teacher, optimizer=sgd(twin)), epochs=1)
    assert int(student.early[1].num_batches_tracked) == 6
    assert torch.equal(student.early[1].running_var, twin.early[1].running_var)
    assert (distiller.weights > 1).any()


def test_the_readout_sends_no_gradient_into_the_student() -> None:
    student = net(0)
    distiller = dedier(student, net(1))
    batch = DATA.batch(torch.arange(16))
    distiller.step(batch)
    for parameter in student.parameters():
        parameter.grad = None
    kept = run_model(student, batch, distiller.weighting.keep(batch))[1]
    features = kept["early"]
    assert not features.requires_grad
    before = bits(student)
    distiller.weighting.after_step(kept, batch, 0)
    assert all(p.grad is None for p in student.parameters())
    assert same(
        {k: v for k, v in before.items() if "num" not in k},
        {k: v for k, v in bits(student).items() if "num" not in k},
    )


def test_the_teacher_has_no_gradient_no_graph_and_not_one_bit_changed() -> None:
    student, teacher = net(0), net(1).train()
    before = bits(teacher)
    distiller = dedier(student, teacher)
    train(distiller, epochs=2)
    assert same(before, bits(teacher))
    assert all(p.grad is None and p.requires_grad for p in teacher.parameters())
    assert teacher.training
    logits = distiller.teacher.logits(DATA.batch(torch.arange(4)))
    assert not logits.requires_grad
    assert torch.equal(logits, net(1).eval()(DATA.x[:4]).detach())


def test_one_pass_of_the_student_per_step_and_no_other() -> None:
    student, calls = net(0), []
    student.register_forward_hook(lambda *_: calls.append(1))
    distiller = dedier(student, net(1))
    distiller.prepare(DATA.batch(torch.arange(16)))
    calls.clear()
    for _ in DATA.epoch(0):
        distiller.step(_)
    distiller.end_epoch()
    assert len(calls) == 6
