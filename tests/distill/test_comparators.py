"""The methods that debiased distillation is compared with."""

import copy
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from earlysieve import JTT, DeTT, SimKD, SimKDStudent
from earlysieve.distill.classifier import ClassifierInput, find_classifier
from earlysieve.errors import InputError, LayerError
from earlysieve.training import ERM, fit
from earlysieve.training.batch_step import run_model
from earlysieve.weighting.error_set import errors, same_kind, upweighted

from ..weighting.helpers import CLASSES, Net, Planted, bits, net, same, sgd

DATA = Planted()


def simkd(cls: Any = SimKD, **settings: Any) -> tuple[SimKDStudent, Net, Any]:
    teacher = net(1, width=12)
    student = SimKDStudent(net(0), teacher)
    return student, teacher, cls(student, teacher, optimizer=sgd(student), **settings)


@pytest.mark.filterwarnings("ignore:The model learns in evaluation mode")
def test_simkd_loss_and_prediction_by_hand() -> None:
    student, teacher, algorithm = simkd()
    student.eval()
    batch = DATA.batch(torch.arange(10))

    def pooled(model: Net) -> torch.Tensor:
        return model.late(model.early(batch.inputs)).mean((2, 3))

    with torch.no_grad():
        projected = student.projector(pooled(student.student))
        expected = (projected - pooled(teacher.eval())).square().mean()
        torch.testing.assert_close(student(batch.inputs), teacher.head(projected))
    assert algorithm.step(batch)["loss"] == pytest.approx(float(expected), rel=1e-5)


def test_simkd_learns_and_changes_neither_teacher_nor_its_classifier() -> None:
    student, teacher, algorithm = simkd()
    before, inner = bits(teacher), bits(student.student)
    losses = [algorithm.step(batch)["loss"] for epoch in range(6) for batch in DATA.epoch(epoch)]
    assert losses[-1] < 0.7 * losses[0]
    assert same(before, bits(teacher))
    assert torch.equal(student.classifier.weight, teacher.head.weight)
    assert torch.equal(student.student.head.weight, inner["head.weight"])
    assert not torch.equal(student.student.early[0].weight, inner["early.0.weight"])


def test_a_student_that_has_the_teachers_features_predicts_as_the_teacher() -> None:
    teacher = net(1).eval()
    student = SimKDStudent(copy.deepcopy(teacher), teacher).eval()
    student.projector = nn.Sequential(nn.Identity())
    torch.testing.assert_close(student(DATA.x[:5]), teacher(DATA.x[:5]))


def test_simkd_needs_its_own_student_and_an_optimizer_over_the_projector() -> None:
    plain, teacher = net(0), net(1)
    with pytest.raises(InputError, match=r"write student = SimKDStudent\(student, teacher\)"):
        SimKD(plain, teacher, optimizer=sgd(plain))
    student = SimKDStudent(plain, teacher)
    with pytest.raises(InputError, match="also updates the projector"):
        SimKD(student, teacher, optimizer=sgd(plain))


def test_classifiers_are_found_or_named() -> None:
    assert find_classifier(net()) == "head"
    with pytest.raises(LayerError, match="has none; SimKD and DeTT cannot reuse"):
        find_classifier(nn.Sequential(nn.Conv2d(3, 3, 1), nn.Flatten()))
    with pytest.raises(LayerError, match="linear layer named 'early'"):
        SimKDStudent(net(0), net(1), classifier="early")

    class Scaled(Net):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return 2 * super().forward(x)

    with pytest.raises(LayerError, match="output of layer 'head' to be the model's logits"):
        ClassifierInput(Scaled(), "head").run(DATA.x[:2])


def test_classifier_of_a_text_model() -> None:
    from transformers import DistilBertConfig, DistilBertForSequenceClassification

    config = DistilBertConfig(
        vocab_size=30, dim=8, hidden_dim=16, n_layers=1, n_heads=2, num_labels=3
    )
    model = DistilBertForSequenceClassification(config).eval()
    inputs = {"input_ids": torch.ones(2, 4, dtype=torch.int64), "attention_mask": torch.ones(2, 4)}
    features, logits = ClassifierInput(model, find_classifier(model)).run(inputs)
    assert features.shape == (2, 8)
    torch.testing.assert_close(model.classifier(features), logits)
    student = SimKDStudent(copy.deepcopy(model), net(1))
    assert student(**inputs).shape == (2, CLASSES)


def jtt(**settings: Any) -> JTT:
    model = net(0)
    return JTT(model, optimizer=sgd(model), data=DATA, **{"upweight": 5.0, **settings})


def test_the_teacher_of_simkd_may_be_on_another_device() -> None:
    """The meta device has no numbers, but knows which device each tensor is on."""
    _, teacher, algorithm = simkd()
    teacher.to("meta")
    algorithm.prepare(DATA.batch(torch.arange(4)))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_simkd_learns_from_a_teacher_on_a_gpu() -> None:
    student, teacher = net(0), net(1, width=12).cuda()
    whole = SimKDStudent(student, teacher)
    assert {p.device.type for p in whole.parameters()} == {"cpu"}
    twin, near = net(0), net(1, width=12)
    both = SimKDStudent(twin, near)
    far = SimKD(whole, teacher, optimizer=sgd(whole)).step(DATA.batch(torch.arange(8)))
    here = SimKD(both, near, optimizer=sgd(both)).step(DATA.batch(torch.arange(8)))
    assert far["loss"] == pytest.approx(here["loss"], rel=1e-2)


def test_a_simkd_student_stays_on_its_own_device() -> None:
    student = SimKDStudent(net(0).to("meta"), net(1, width=12))
    assert {p.device.type for p in student.parameters()} == {"meta"}


@pytest.mark.parametrize("autocast", [None, "bf16"])
def test_the_teacher_of_simkd_runs_in_its_own_precision(autocast: Any) -> None:
    _, teacher, algorithm = simkd(autocast=autocast)
    seen: list[torch.dtype] = []
    teacher.late.register_forward_hook(lambda _m, _i, output: seen.append(output.dtype))
    algorithm.step(DATA.batch(torch.arange(4)))
    assert set(seen) == {torch.float32}


class Loaded(Planted):
    """Notes which processes read it, by file."""

    def __init__(self, folder: Path) -> None:
        super().__init__(150)
        self.folder = folder

    def __getitem__(self, i: int) -> Any:
        (self.folder / str(os.getpid())).touch()
        return super().__getitem__(i)


@pytest.mark.parametrize("cls", [JTT, DeTT])
def test_errors_are_found_with_the_workers_of_the_run(cls: Any, tmp_path: Path) -> None:
    data = Loaded(tmp_path)
    teacher = net(1, width=12)
    student: nn.Module = SimKDStudent(net(0), teacher) if cls is DeTT else net(0)
    given = (student, teacher) if cls is DeTT else (student,)
    algorithm = cls(*given, optimizer=sgd(student), data=data, num_workers=2)
    algorithm.step(data.batch(torch.arange(16)))
    algorithm.end_epoch()
    assert len(list(tmp_path.iterdir())) == 2
    assert not (tmp_path / str(os.getpid())).exists()
    first = algorithm.errors.identifier
    alone = cls(*given, optimizer=sgd(student), data=data, identifier=first)
    alone.end_epoch()
    assert torch.equal(alone.weights, algorithm.weights)


def test_jtt_trains_another_model_first_then_weights_its_errors() -> None:
    algorithm, plain = jtt(), net(0)
    start = bits(algorithm.model)
    erm = ERM(plain, sgd(plain))
    for batch in DATA.epoch(0):
        with torch.random.fork_rng(devices=[]):
            algorithm.step(batch)
        with torch.random.fork_rng(devices=[]):
            erm.step(batch)
    assert same(start, bits(algorithm.model))
    assert algorithm.weights is None
    logs = algorithm.end_epoch()
    wrong = errors(plain, DATA)
    assert algorithm.weights is not None
    assert 0 < int(wrong.sum()) < 96
    assert logs["error_set"] == int(wrong.sum())
    assert torch.equal(algorithm.weights, upweighted(wrong, 5.0))
    algorithm.step(DATA.batch(torch.arange(16)))
    assert not same(start, bits(algorithm.model))


def test_jtt_loss_is_that_of_a_data_set_with_repeated_errors() -> None:
    wrong = torch.tensor([True, False, False])
    losses = torch.tensor([2.0, 1.0, 4.0])
    repeated = torch.tensor([2.0, 2.0, 2.0, 1.0, 4.0])
    found = (upweighted(wrong, 3.0) * losses).mean()
    assert float(found) == pytest.approx(float(repeated.mean()))


@pytest.mark.parametrize("stop", [4, 9])
@pytest.mark.parametrize("method", ["jtt", "dett"])
def test_training_twice_resumes_exactly(stop: int, method: str, tmp_path: Any) -> None:
    def start() -> Any:
        return jtt() if method == "jtt" else simkd(DeTT, data=DATA, upweight=5.0)[2]

    def until(event: Any) -> None:
        if event.kind == "step" and event.step == stop:
            raise KeyboardInterrupt

    how: Any = {"epochs": 2, "batch_size": 16, "progress": False}
    whole, first, second = start(), start(), start()
    expected = fit(whole, DATA, **how)
    with pytest.raises(KeyboardInterrupt):
        fit(first, DATA, checkpoint_dir=tmp_path, on_event=until, **how)
    found = fit(second, DATA, checkpoint_dir=tmp_path, **how)
    assert found.history == expected.history
    assert same(bits(whole.model), bits(second.model))
    assert torch.equal(whole.weights, second.weights)


@pytest.mark.filterwarnings("ignore:The model learns in evaluation mode")
def test_dett_weights_the_loss_of_simkd() -> None:
    student, _, algorithm = simkd(DeTT, data=DATA, upweight=7.0)
    _, _, plain = simkd()
    batch = DATA.batch(torch.arange(12))
    algorithm.step(batch)
    algorithm.end_epoch()
    student.eval()
    logits, kept = run_model(student, batch, algorithm.loss.keep())
    each = plain.loss(logits, kept, batch)
    expected = float((algorithm.weights[:12] * each).mean().detach())
    assert algorithm.step(batch)["loss"] == pytest.approx(expected, rel=1e-5)
    assert sorted(set(algorithm.weights.tolist()))[-1] > 1


def test_bad_settings_of_jtt() -> None:
    with pytest.raises(InputError, match="upweight to be at least 1, but got 0.5"):
        jtt(upweight=0.5)
    with pytest.raises(InputError, match="identification_epochs to be at least 1"):
        jtt(identification_epochs=0)
    with pytest.raises(InputError, match="carry the index"):
        jtt().step((DATA.x[:2], DATA.y[:2]))


@pytest.mark.parametrize("kind", [torch.optim.AdamW, torch.optim.Adam, torch.optim.SGD])
def test_an_optimizer_of_the_same_kind(kind: Any) -> None:
    model = net()
    made = same_kind(kind(model.parameters(), lr=0.03, weight_decay=0.1))(net(1).parameters())
    assert type(made) is kind
    assert (made.defaults["lr"], made.defaults["weight_decay"]) == (0.03, 0.1)
