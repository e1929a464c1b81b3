"""Teachers on the fly and kept: what they give, and what they refuse."""

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset, TensorDataset

from earlysieve import DebiasedDistillation, KnowledgeDistillation, Teacher, keep_logits
from earlysieve.datasets.batches import iterate
from earlysieve.distill import KeptLogits, open_logits
from earlysieve.distill.fingerprint import data_fingerprint
from earlysieve.errors import CheckpointError, DataError, InputError
from earlysieve.model.fingerprint import weights_fingerprint

from ..weighting.helpers import CLASSES, Planted, bits, net, same, sgd

DATA = Planted()
ROWS = torch.tensor([5, 0, 95])


class Augmented(Dataset):
    """Inputs that differ at every reading."""

    def __len__(self) -> int:
        return 8

    def __getitem__(self, i: int) -> tuple:
        return torch.rand(3, 8, 8), i % CLASSES


def expected() -> torch.Tensor:
    with torch.no_grad():
        return net(1).eval()(DATA.x)


def file_of(form: str, folder: Path) -> Path:
    path = folder / f"logits.{form}"
    if form == "npy":
        np.save(path, expected().numpy())
    elif form == "pt":
        torch.save(expected(), path)
    else:
        keep_logits(net(1), DATA, path)
    return path


@pytest.mark.parametrize("form", ["memory", "own", "npy", "pt", "tensor"])
def test_kept_logits_are_those_of_the_teacher(form: str, tmp_path: Path) -> None:
    if form == "memory":
        teacher = Teacher(logits=keep_logits(net(1), DataLoader(DATA, 7, shuffle=True)))
    elif form == "tensor":
        teacher = Teacher(logits=expected())
    else:
        teacher = Teacher(logits=file_of(form, tmp_path))
    torch.testing.assert_close(teacher.logits(DATA.batch(ROWS)), expected()[ROWS])
    assert [p.name for p in tmp_path.iterdir()] == (
        [] if form in ("memory", "tensor") else [f"logits.{form}"]
    )


def test_training_with_kept_logits_needs_no_teacher_pass() -> None:
    teacher, calls = net(1), []
    kept = keep_logits(teacher, DATA)
    teacher.register_forward_hook(lambda *_: calls.append(1))
    student, twin = net(0), net(0)
    one = KnowledgeDistillation(student, Teacher(teacher, logits=kept), optimizer=sgd(student))
    two = KnowledgeDistillation(twin, teacher, optimizer=sgd(twin))
    batch = DATA.batch(torch.arange(16))
    first = one.step(batch)["loss"]
    assert not calls
    assert first == pytest.approx(two.step(batch)["loss"], abs=1.0)
    assert calls


def test_a_file_that_belongs_is_used_again(tmp_path: Path) -> None:
    path = tmp_path / "logits.bin"
    keep_logits(net(1), DATA, path)
    time = path.stat().st_mtime_ns
    again = keep_logits(net(1), DATA, path)
    assert path.stat().st_mtime_ns == time
    assert isinstance(again.values, np.memmap)
    assert again.num_classes == CLASSES


def test_a_file_of_another_teacher_or_other_data(tmp_path: Path) -> None:
    path = tmp_path / "logits.bin"
    keep_logits(net(1), DATA, path)
    with pytest.raises(DataError, match="belong to this teacher, .* made with other weights"):
        keep_logits(net(2), DATA, path)
    with pytest.raises(DataError, match="belong to this data, .* made for other examples; delete"):
        keep_logits(net(1), Planted(seed=3), path)
    with pytest.raises(DataError, match="belong to this teacher"):
        Teacher(net(2), logits=path)
    with pytest.raises(DataError, match="belong to this data"):
        Teacher(logits=path, data=Planted(seed=3))
    with pytest.raises(InputError, match="logits of 50 examples, .* but got 96"):
        Teacher(logits=path, data=Planted(50))


def test_batches_of_other_data_are_noticed_by_their_labels() -> None:
    teacher = Teacher(logits=keep_logits(net(1), DATA))
    batch = (DATA.x[:2], DATA.y[:2] + 1, DATA.y[:2], torch.tensor([0, 1]))
    student = net(0, classes=CLASSES)
    algorithm = KnowledgeDistillation(student, teacher, optimizer=sgd(student))
    with pytest.raises(DataError, match="the labels of this batch are others"):
        algorithm.step((batch[0], batch[1] % CLASSES, batch[2], batch[3]))


def test_examples_without_logits_and_batches_without_indices() -> None:
    half = Teacher(logits=torch.cat([expected()[:50], torch.full((46, CLASSES), float("nan"))]))
    with pytest.raises(DataError, match=r"have none \(or NaN\) for example 95"):
        half.logits(DATA.batch(ROWS))
    with pytest.raises(InputError, match="from 0 to 49"):
        Teacher(logits=expected()[:50]).logits(DATA.batch(ROWS))
    student = net(0)
    algorithm = KnowledgeDistillation(student, expected(), optimizer=sgd(student))
    with pytest.raises(InputError, match="carry the index of each example"):
        algorithm.step((DATA.x[:4], DATA.y[:4]))


def test_random_augmentation_cannot_be_kept() -> None:
    random = torch.get_rng_state()
    with pytest.raises(InputError, match="Expected fixed inputs.*pass the teacher itself"):
        keep_logits(net(1), Augmented())
    assert torch.equal(random, torch.get_rng_state())


def test_a_broken_or_foreign_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        open_logits(tmp_path / "none.bin")
    path = tmp_path / "logits.bin"
    keep_logits(net(1), DATA, path)
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(DataError, match="96 x 3 logits, but its size is another"):
        open_logits(path)
    path.write_text("nothing of the kind")
    with pytest.raises(CheckpointError, match="cannot be read"):
        open_logits(path)
    torch.save({"a": torch.zeros(3)}, path)
    with pytest.raises(InputError, match="logits of shape"):
        open_logits(path)


def test_an_interrupted_write_leaves_the_old_file(tmp_path: Path, monkeypatch: Any) -> None:
    path = tmp_path / "logits.bin"
    path.write_text("old")
    kept = keep_logits(net(1), DATA)

    def fail(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "array_split", fail)
    with pytest.raises(KeyboardInterrupt):
        kept.write(path)
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_fingerprints() -> None:
    model = net(1)
    assert weights_fingerprint(model) == weights_fingerprint(net(1))
    with torch.no_grad():
        model.early[1].running_mean += 1e-7
    assert weights_fingerprint(model) != weights_fingerprint(net(1))
    assert data_fingerprint(DATA) == data_fingerprint(DataLoader(Planted(), 5, shuffle=True))
    relabelled = TensorDataset(DATA.x, DATA.y.flip(0))
    assert data_fingerprint(relabelled) != data_fingerprint(TensorDataset(DATA.x, DATA.y))
    assert data_fingerprint(Planted(95)) != data_fingerprint(DATA)


def test_keeping_logits_leaves_no_trace_in_the_teacher() -> None:
    teacher = net(1).train()
    before = bits(teacher)
    keep_logits(teacher, DATA)
    assert same(before, bits(teacher))
    assert teacher.training


@pytest.mark.parametrize("kept", [False, True])
def test_other_numbers_of_classes(kept: bool) -> None:
    student, teacher = net(0), net(1, classes=5)
    given: Any = keep_logits(teacher, DATA) if kept else teacher
    message = "Expected a teacher that gives 3 logits, as the student does, but it gives 5"
    settings: Any = {"layer": "early", "num_classes": CLASSES, "num_examples": len(DATA)}
    before = bits(student)
    for make in (KnowledgeDistillation, DebiasedDistillation):
        own = settings if make is DebiasedDistillation else {}
        algorithm = make(student, given, optimizer=sgd(student), **own)
        with pytest.raises(InputError, match=message):
            algorithm.step(DATA.batch(torch.arange(4)))
    parameters = dict(student.named_parameters())
    assert all(torch.equal(before[name], value) for name, value in parameters.items())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"temperature": 0.0}, "temperature to be a number above 0, but got 0.0"),
        ({"kd_weight": 1.5}, r"kd_weight to lie in \[0, 1\], but got 1.5"),
    ],
)
def test_bad_settings(settings: Any, message: str) -> None:
    student = net(0)
    with pytest.raises(InputError, match=message):
        KnowledgeDistillation(student, net(1), optimizer=sgd(student), **settings)


def test_a_student_cannot_teach_itself() -> None:
    student = net(0)
    with pytest.raises(InputError, match="shares parameters with the student"):
        KnowledgeDistillation(student, student, optimizer=sgd(student))
    with pytest.raises(InputError, match="teacher model or its logits, but got neither"):
        Teacher()
    with pytest.raises(InputError, match="to compute logits with"):
        keep_logits(Teacher(logits=expected()), DATA)
    with pytest.raises(InputError, match="shape"):
        KeptLogits(np.zeros((3, 2), np.float32), np.zeros(4, np.int64))


def test_a_teacher_gives_the_same_logits_in_mixed_precision_as_kept_ones() -> None:
    teacher, losses = net(1), []
    for given in (teacher, keep_logits(teacher, DATA)):
        student = net(0, dropout=0.0)
        algorithm = KnowledgeDistillation(
            student, given, optimizer=sgd(student), autocast="bf16", kd_weight=1.0
        )
        losses.append(algorithm.step(DATA.batch(torch.arange(16)))["loss"])
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = Teacher(teacher).logits(DATA.batch(ROWS))
    assert logits.dtype == torch.float32
    torch.testing.assert_close(logits, expected()[ROWS])


def test_a_teacher_in_half_precision_takes_inputs_in_its_own() -> None:
    teacher = Teacher(net(1).bfloat16())
    kept = keep_logits(teacher, DATA)
    logits = teacher.logits(DATA.batch(ROWS))
    assert logits.dtype == torch.bfloat16
    torch.testing.assert_close(logits.float(), kept.of(DATA.batch(ROWS)), rtol=0.05, atol=0.05)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_teacher_that_gives_no_numbers_leaves_no_file(value: float, tmp_path: Path) -> None:
    teacher = net(1)
    with torch.no_grad():
        teacher.head.bias[1] = value
    message = "^Expected a teacher that gives finite logits, but it gives NaN or infinity for exam"
    with pytest.raises(InputError, match=message):
        keep_logits(teacher, DATA, tmp_path / "logits")
    assert list(tmp_path.iterdir()) == []
    student = net(0)
    algorithm = KnowledgeDistillation(student, teacher, optimizer=sgd(student))
    with pytest.raises(InputError, match=message):
        algorithm.step(DATA.batch(ROWS))


def test_logits_for_a_file_are_never_all_in_memory(tmp_path: Path) -> None:
    size, classes = 512, 8192
    data = TensorDataset(torch.randn(size, 1), torch.zeros(size, dtype=torch.long))
    teacher = torch.nn.Linear(1, classes)
    tracemalloc.start()
    kept = keep_logits(teacher, data, tmp_path / "logits", batch_size=16)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < size * classes * 4 / 2
    given = kept.of(next(iterate(data, batch_size=size)))
    with torch.no_grad():
        torch.testing.assert_close(given, teacher(data.tensors[0]))


class Unreadable(Planted):
    """An example whose file is gone when logits are kept."""

    broken = False

    def __getitem__(self, i: int) -> Any:
        if self.broken and i == 50:
            raise FileNotFoundError(2, "No such file or directory", "picture.png")
        return super().__getitem__(i)


def test_an_error_of_the_data_is_not_taken_for_one_of_the_disk(tmp_path: Path) -> None:
    data = Unreadable()
    data.broken = True
    with pytest.raises(FileNotFoundError, match=r"picture\.png"):
        keep_logits(net(1), data, tmp_path / "logits", batch_size=20)
    assert list(tmp_path.iterdir()) == []


def test_one_file_has_the_same_bytes_from_memory_and_batch_by_batch(tmp_path: Path) -> None:
    keep_logits(net(1), DATA, tmp_path / "by batch", batch_size=7)
    keep_logits(net(1), DATA, batch_size=7).write(tmp_path / "at once")
    assert (tmp_path / "by batch").read_bytes() == (tmp_path / "at once").read_bytes()
