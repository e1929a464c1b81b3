"""Models of which one knows the part they look at."""

import copy
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from earlysieve.auditing.swaps.follow import swap_parts
from earlysieve.auditing.swaps.found import Share
from earlysieve.datasets.table import Table
from earlysieve.errors import InputError


class Reads(nn.Module):
    """Logits of two classes from one number per example."""

    def __init__(self, number: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.number, self.scale = number, nn.Parameter(torch.ones(1))
        self.seen = 0

    def forward(self, inputs: Tensor) -> Tensor:
        self.seen += len(inputs)
        number = self.scale * self.number(inputs)
        return torch.stack([-number, number], 1)


def pictures(channels: int = 1, count: int = 80) -> tuple[list[tuple[Tensor, int]], np.ndarray]:
    """Images whose frame tells the class and whose inside does not."""
    rng = torch.Generator().manual_seed(0)
    made = []
    for k in range(count):
        image = torch.rand(channels, 20, 20, generator=rng) - 0.5
        frame = torch.ones(20, 20, dtype=torch.bool)
        frame[2:-2, 2:-2] = False
        image[:, frame] = 1.0 if k % 2 else -1.0
        made.append((image, k % 2))
    return made, np.arange(count) % 2


def by_frame(images: Tensor) -> Tensor:
    return images[:, :, 0].mean((1, 2))


def test_a_model_of_the_frame_follows_the_frame() -> None:
    data, labels = pictures()
    found = swap_parts(Reads(by_frame), data, labels, labels)
    part = found.of("frame")
    assert part is not None
    assert part.followed.value == 1
    assert part.control.value == 0
    assert part.mended.count == 0
    assert sum(share.count for share in part.by_class.values()) == part.followed.count
    assert all(labels[r] != labels[d] for r, d in zip(part.receivers, part.donors, strict=True))
    assert "one channel" in found.skipped["colour"]
    assert part.pictures[0].after is not None
    assert part.pictures[0].after.dtype == torch.uint8


def test_errors_are_mended_by_the_part_of_their_true_class() -> None:
    data, labels = pictures()
    given = labels.copy()
    given[:10] = 1 - given[:10]  # the frame contradicts these labels
    relabelled = [(image, int(label)) for (image, _), label in zip(data, given, strict=True)]
    part = swap_parts(Reads(by_frame), relabelled, given, labels).of("frame")
    assert part is not None
    assert part.mended == Share(10, 10)
    assert part.unmended == Share(0, 10)


@pytest.mark.parametrize("budget", [0, 50, 300, 1000])
def test_no_more_is_spent_than_allowed(budget: int) -> None:
    data, labels = pictures(3)
    model = Reads(by_frame)
    found = swap_parts(model, data, labels, labels, budget=budget)
    assert found.spent <= budget
    assert model.seen <= found.spent


def test_the_model_is_left_as_it_was_and_the_seed_decides() -> None:
    data, labels = pictures(3)
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(1296, 2))
    before, state = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    found = [swap_parts(model, data, labels, labels, seed=3) for _ in range(2)]
    assert [p.followed for p in found[0].parts] == [p.followed for p in found[1].parts]
    assert model.training
    assert all(p.grad is None for p in model.parameters())
    assert all(torch.equal(value, model.state_dict()[name]) for name, value in before.items())
    assert torch.equal(state, torch.get_rng_state())


def test_a_table_names_its_column() -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(200) % 2
    table = torch.tensor(rng.normal(size=(200, 5)), dtype=torch.float32)
    table[:, 3] = torch.as_tensor(labels) * 2.0 - 1
    data = [(row, int(label)) for row, label in zip(table, labels, strict=True)]
    part = swap_parts(Reads(lambda x: x[:, 3]), data, labels, labels).of("column 3")
    assert part is not None
    assert part.followed.value == 1
    assert 0.3 < part.dropped < 0.7


def test_whole_numbers_have_no_window_and_keep_their_kind() -> None:
    data, labels = pictures(3)
    whole = [((127 * (image + 1)).to(torch.uint8), label) for image, label in data]
    found = swap_parts(
        Reads(lambda x: x.float()[:, :, 0].mean((1, 2)) - 127), whole, labels, labels
    )
    assert "gradient" in found.skipped["window"]
    part = found.of("frame")
    assert part is not None
    assert part.followed.value == 1


def test_several_images_per_example_are_named_and_skipped() -> None:
    data, labels = pictures()
    two = [({"a": image, "b": image}, label) for image, label in data]
    found = swap_parts(Reads(by_frame), two, labels, labels)
    assert found.parts == ()
    assert "2 images" in found.skipped["all"]


def test_a_part_that_the_data_lack_is_no_irrelevant_part() -> None:
    data, labels = pictures()
    with pytest.raises(InputError, match="irrelevant parts among"):
        swap_parts(Reads(by_frame), data, labels, labels, irrelevant=["smell"])
    for name in ("frame", "border"):  # as results keep it, and as the page calls it
        found = swap_parts(Reads(by_frame), data, labels, labels, irrelevant=[name], budget=50)
        assert [part.irrelevant for part in found.parts if part.part == "frame"] == [True]


def test_columns_that_must_not_matter_are_so_together_too() -> None:
    rng = np.random.default_rng(0)
    rows = rng.uniform(-1, 1, (400, 4))
    labels = (rows[:, 0] * rows[:, 2] > 0).astype(np.int64)
    data = Table(rows, labels.tolist(), ("no", "yes"), columns=["a", "b", "c", "d"])
    model = Reads(lambda x: x[:, 0] * x[:, 2]).double()
    for named, barred in ((["column a", "column c"], True), (["column a", "column b"], False)):
        found = swap_parts(model, data, labels, labels, irrelevant=named)
        part = found.of("columns a and c")
        assert part is not None
        assert (part.irrelevant, part.followed.value > 0.9) == (barred, True)
        assert set(named) <= set(found.named)
    message = "column 'd', but got column ab; near names are column 'b', column 'a'"
    with pytest.raises(InputError, match=message):
        swap_parts(model, data, labels, labels, irrelevant=["column ab"])


def test_what_decides_nothing_is_tried_on_a_few_pairs_unless_the_user_asks() -> None:
    data, _ = pictures(3)
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1), nn.ReLU()]
    model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(1600, 2)).eval()
    with torch.no_grad():
        given = model(torch.stack([image for image, _ in data])).argmax(1).numpy()
    assert 0 < given.sum() < len(given)
    for irrelevant, pairs in (((), [14]), (("stage",), [28, 42, 56, 60])):
        found = swap_parts(model, data, given, given, budget=2000, irrelevant=irrelevant)
        part = found.of("stage")
        assert part is not None
        assert part.followed.count in pairs
