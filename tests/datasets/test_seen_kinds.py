"""Labels that were read anyway are not read again."""

import numpy as np
import torch
from torch.utils.data import DataLoader, Subset

from earlysieve.datasets import opened
from earlysieve.training import TrainConfig, fit
from tests.training.helpers import Noisy, erm


class Reads(Noisy):
    """Counts what is read."""

    def __init__(self, **options):
        super().__init__(**options)
        self.read = []

    def __getitem__(self, i):
        self.read.append(i)
        return super().__getitem__(i)


def steps(data, epochs=1, **options):
    """The batches that training learned from."""
    found = []
    fit(
        erm(TrainConfig(lr=0.1)),
        data,
        epochs=epochs,
        batch_size=4,
        progress=False,
        on_event=lambda event: found.append(event.batch) if event.kind == "step" else None,
        **options,
    )
    return found


def test_what_was_trained_on_is_known():
    data = Reads(groups=True)
    known = opened(data)
    for batch in steps(data):
        known.note(batch)
    data.read.clear()
    assert known.labels.tolist() == data.y
    assert known.groups.tolist() == [i % 3 for i in range(11)]
    assert data.read == []


def test_what_did_not_come_by_is_read():
    data = Reads()
    known = opened(data)
    first = steps(data)[0]
    known.note(first)
    data.read.clear()
    torch.manual_seed(0)
    before = torch.get_rng_state()
    assert known.labels.tolist() == data.y
    assert known.groups is None
    assert torch.equal(before, torch.get_rng_state())
    assert sorted(data.read) == sorted(set(range(11)) - set(first.index.tolist()))


def test_subsets_and_loaders_are_told_as_without_notes():
    subset = Subset(Noisy(groups=True), [7, 2, 4, 9])
    loader = DataLoader(Noisy(), batch_size=3)
    for data in (subset, loader):
        known, plain = opened(data), opened(data)
        for batch in steps(data):
            known.note(batch)
        assert np.array_equal(known.labels, plain.labels)
        assert (known.groups is None) == (plain.groups is None)
