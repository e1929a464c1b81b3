"""Augmented pictures are a function of seed, epoch and example, whatever else happens."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import Subset

from earlysieve.datasets import digits
from earlysieve.datasets.images import ArrayImages
from earlysieve.distill import DebiasedDistillation, Teacher
from earlysieve.errors import InputError
from earlysieve.networks import small_cnn
from earlysieve.training import ERM, EpochSampler, fit, load_checkpoint
from earlysieve.training.augmentation import as_augmentation, occurrences
from earlysieve.training.loading import load_batches, open_source

from .helpers import difference

PRESETS = ("flip", "flip-crop", "randaugment")


def pictures(size: int = 12, side: int = 16, channels: int = 3) -> ArrayImages:
    rng = np.random.default_rng(0)
    shape = (size, side, side, 3) if channels == 3 else (size, side, side)
    pixels = rng.integers(0, 256, shape, dtype=np.uint8)
    return ArrayImages(pixels, np.arange(size) % 2, ("a", "b"), mean=(0.4,), std=(0.2,))


def seen(data, preset, *, epoch=0, batch_size=4, num_workers=0, seed=0, order=None):
    """Inputs by example, as an epoch shows them."""
    source = open_source(data, num_workers=num_workers, augmentation=as_augmentation(preset))
    plan = EpochSampler(len(data), batch_size, seed=seed).batches(epoch) if order is None else order
    found = {}
    for batch in load_batches(source, plan, key=(seed, epoch)):
        for row, index in enumerate(batch.index.tolist()):
            found.setdefault(index, []).append(batch.inputs[row])
    return {index: torch.stack(found[index]) for index in sorted(found)}


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("channels", [1, 3])
def test_neither_batches_nor_order_nor_workers_change_an_example(preset, channels):
    data = pictures(channels=channels)
    once = seen(data, preset)
    assert difference(once, seen(data, preset, batch_size=5)) is None
    assert difference(once, seen(data, preset, order=[[7, 3], list(range(3))])) is not None
    some = seen(data, preset, order=[[7, 3]])
    assert all(torch.equal(some[i], once[i]) for i in (3, 7))
    assert difference(once, seen(data, preset, num_workers=2)) is None
    assert difference(once, seen(data, preset, epoch=1)) is not None
    assert difference(once, seen(data, preset, seed=1)) is not None


def test_flip_gives_the_picture_or_its_mirror_image():
    data = pictures()
    found = seen(data, "flip")
    mirrored = [torch.equal(found[i][0], data[i][0].flip(2)) for i in range(len(data))]
    kept = [torch.equal(found[i][0], data[i][0]) for i in range(len(data))]
    assert all(a != b for a, b in zip(mirrored, kept, strict=True))
    assert 0 < sum(mirrored) < len(data)


def test_pictures_of_our_data_are_changed_before_they_are_normalised():
    data = pictures()
    values = torch.cat([*seen(data, "randaugment").values()]) * 0.2 + 0.4
    assert torch.allclose(values * 255, (values * 255).round(), atol=1e-3)
    assert float(values.min()) >= -1e-6
    assert float(values.max()) <= 1 + 1e-6


def test_an_example_that_is_drawn_twice_is_augmented_anew():
    found = seen(
        pictures(), lambda x: torch.randint(0, 255, x.shape, dtype=x.dtype), order=[[2, 5], [2]]
    )
    assert len(found[2]) == 2
    assert not torch.equal(found[2][0], found[2][1])


def test_occurrences_by_hand():
    before = occurrences([[4, 4, 1], [1, 4], [0]])
    assert [before(k).tolist() for k in range(3)] == [[0, 1, 0], [1, 2], [0]]


def test_a_subset_and_tensors_of_the_user_s():
    data = pictures()
    part = seen(Subset(data, [5, 6, 7]), "randaugment", order=[[1]])
    assert part[1].shape == (1, 3, 16, 16)
    tensors = [(data[i][0], i % 2) for i in range(4)]
    assert difference(seen(tensors, "flip"), {i: x[None] for i, (x, _) in enumerate(tensors)})
    with pytest.raises(InputError, match="before normalisation"):
        seen(tensors, "randaugment")


@pytest.mark.parametrize(
    ("data", "augment", "says"),
    [
        ([(torch.zeros(4), 0)] * 2, "flip", r"pictures of shape .* but got shape \(4,\)"),
        ([({"input_ids": torch.zeros(4)}, 0)] * 2, "flip", "examples that are pictures"),
        ([(torch.zeros(3, 4, 4), 0)] * 2, "blur", "one of none, flip"),
        ([(torch.zeros(3, 4, 4), 0)] * 2, lambda x: x[:, 1:], "keep the shape"),
    ],
)
def test_what_cannot_be_augmented_is_refused_before_anything_is_written(
    data, augment, says, tmp_path
):
    with pytest.raises(InputError, match=says):
        train(tmp_path / "run", nn.Linear(4, 2), data, augment=augment)
    assert not (tmp_path / "run").exists()


def train(folder, model, data, *, on_event=None, epochs=2, num_workers=0, augment="randaugment"):
    algorithm = ERM(model, torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9))
    return fit(
        algorithm, data, epochs=epochs, batch_size=4, seed=3, checkpoint_dir=folder,
        on_event=on_event, progress=False, num_workers=num_workers, augment=augment,
    )  # fmt: skip


@pytest.mark.parametrize("num_workers", [0, 2])
def test_a_run_that_was_stopped_ends_as_one_that_was_not(tmp_path, num_workers):
    data = pictures()
    whole = small_cnn(2, seed=0)
    train(tmp_path / "whole", whole, data)
    calls = []

    def stop(event):
        calls.append(event)
        if len(calls) == 5:  # one step into the second epoch
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "cut", small_cnn(2, seed=0), data, on_event=stop, num_workers=num_workers)
    torch.manual_seed(99)
    resumed = small_cnn(2, seed=1)
    train(tmp_path / "cut", resumed, data, num_workers=num_workers)
    ends = [load_checkpoint(tmp_path / name / "last.pt") for name in ("whole", "cut")]
    assert difference(*ends) is None
    assert difference(dict(whole.state_dict()), dict(resumed.state_dict())) is None


def test_the_global_random_state_is_left_alone(tmp_path):
    before = torch.get_rng_state(), np.random.get_state()[1].copy()
    train(None, small_cnn(2, seed=0), pictures(), epochs=1)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert (np.random.get_state()[1] == before[1]).all()


def test_a_teacher_whose_logits_were_kept_is_refused_and_one_that_runs_is_not():
    data = digits("test", channels=3).subset(list(range(12)))
    student, teacher = small_cnn(10, seed=0), small_cnn(10, seed=1)

    def distil(teacher):
        optimizer = torch.optim.SGD(student.parameters(), lr=0.01)
        algorithm = DebiasedDistillation(
            student, teacher, layer="stage1", num_classes=10, optimizer=optimizer, num_examples=12
        )
        fit(algorithm, data, epochs=1, progress=False, augment="flip")

    with pytest.raises(InputError, match="its logits were kept"):
        distil(Teacher(logits=torch.zeros(12, 10)))
    distil(Teacher(teacher))
