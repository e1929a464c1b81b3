"""Names, labels, groups and inputs make a fingerprint; what is drawn anew does not."""

from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset

from earlysieve.runs.data_fingerprint import changed_parts, run_fingerprint


class Data(Dataset[Any]):
    def __init__(self, noise: str = "none") -> None:
        self.x = torch.arange(120.0).reshape(40, 3)
        self.y = torch.arange(40) % 2
        self.g = torch.arange(40) % 4
        self.noise = noise
        self.own = torch.Generator()

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, i: int) -> tuple[torch.Tensor, int, int]:
        drawn = {"none": 0.0, "global": torch.rand(3), "own": torch.rand(3, generator=self.own)}
        return self.x[i] + drawn[self.noise], int(self.y[i]), int(self.g[i])


def test_each_part_of_an_example_counts() -> None:
    first = run_fingerprint(Data())
    assert first == run_fingerprint(Data())
    for name in ("x", "y", "g"):
        other = Data()
        getattr(other, name)[39] += 1
        assert run_fingerprint(other) != first, name


def test_inputs_that_are_drawn_anew_do_not_count_and_the_rest_does() -> None:
    for noise in ("global", "own"):
        first = run_fingerprint(Data(noise))
        assert first == run_fingerprint(Data(noise))
        other = Data(noise)
        other.y[39] += 1
        assert run_fingerprint(other) != first


def test_the_random_state_is_left_alone_and_streams_have_none() -> None:
    before = torch.get_rng_state()
    run_fingerprint(Data("global"))
    assert torch.equal(torch.get_rng_state(), before)
    assert run_fingerprint(DataLoader([(torch.zeros(3), 0)])) is not None
    assert run_fingerprint(iter([(torch.zeros(1, 3), torch.zeros(1).long())])) is None


def test_all_labels_of_our_own_data_count() -> None:
    from earlysieve.datasets.table import Table

    x = torch.arange(3000.0).reshape(1000, 3)
    y = torch.arange(1000) % 2
    first = run_fingerprint(Table(x, y, ("a", "b")))
    y[501] = 1 - y[501]
    assert run_fingerprint(Table(x, y, ("a", "b"))) != first


def test_only_what_is_known_both_times_can_have_changed() -> None:
    assert changed_parts({"a": "1", "b": "2"}, {"a": "1", "b": "3", "c": "4"}) == ["b"]
    assert changed_parts({"a": None}, {"a": "1"}) == changed_parts(None, {"a": "1"}) == []
    assert changed_parts({"a": "1"}, {"a": None}) == []
