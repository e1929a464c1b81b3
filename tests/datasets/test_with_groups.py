"""Data in other groups: whatever the data set, batches say these, and nothing else changes."""

import pickle

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, IterableDataset, Subset, TensorDataset

import earlysieve as es
from earlysieve.datasets import digits
from earlysieve.datasets.batches import iterate
from earlysieve.datasets.example_groups import data_identity
from earlysieve.datasets.opened_data import opened
from earlysieve.datasets.with_groups import with_groups
from earlysieve.errors import DataError, InputError
from earlysieve.training.loading import load_batches, open_source

X = torch.arange(12).float().reshape(6, 2)
Y = torch.tensor([0, 1, 0, 1, 0, 1])
OWN = torch.tensor([7, 7, 7, 7, 7, 7])
GROUPS = [2, 0, -1, 1, 1, 0]
PLAIN = TensorDataset(X, Y)
MAPPINGS = [{"x": x, "label": y} for x, y in zip(X, Y, strict=True)]


def join(samples):
    return torch.stack([x for x, _ in samples]), [y for _, y in samples]


INDEXED = es.with_index(PLAIN)


def batches(data):
    source = open_source(data)
    return list(load_batches(source, [[0, 3, 5], [1, 2, 4]], key=(0,)))


@pytest.mark.parametrize(
    "data",
    [
        PLAIN,
        TensorDataset(X, Y, OWN),
        MAPPINGS,
        [{**one, "groups": 7} for one in MAPPINGS],
        [(x, int(y)) for x, y in zip(X, Y, strict=True)],
        INDEXED,
        Subset(TensorDataset(torch.cat([X, X]), torch.cat([Y, Y])), range(6)),
        DataLoader(PLAIN, 4),
        DataLoader(TensorDataset(X, Y, OWN), 4, shuffle=True),
        DataLoader(INDEXED, 4),
        DataLoader(PLAIN, 4, collate_fn=join),
    ],
)
def test_batches_say_these_groups(data):
    found = with_groups(data, GROUPS)
    for batch in [*batches(found), *iterate(found, batch_size=4)]:
        assert batch.groups.tolist() == [GROUPS[i] for i in batch.index]
        assert torch.equal(batch.inputs, X[batch.index])
        assert torch.equal(batch.labels, Y[batch.index])
    assert opened(found).groups.tolist() == GROUPS
    assert opened(found).group_names == ("group 0", "group 1", "group 2")


def test_groups_can_be_replaced_again():
    found = with_groups(with_groups(PLAIN, GROUPS), GROUPS[::-1])
    assert opened(found).groups.tolist() == GROUPS[::-1]
    loader = with_groups(with_groups(DataLoader(PLAIN, 2), GROUPS), GROUPS[::-1])
    assert opened(loader).groups.tolist() == GROUPS[::-1]


def test_a_source_stays_what_it_is():
    data = digits("test").subset(range(6))
    named = es.Groups(torch.tensor(GROUPS), ("a", "b"), identity=data_identity(data))
    found = with_groups(data, named)
    assert type(found) is type(data)
    assert found.groups.tolist() == GROUPS
    assert found.group_names == ("a", "b", "group 2")
    assert found[0][2] == 2
    assert (data.groups == -1).all()
    assert found.identify(3) == data.identify(3)
    assert found.subset([3, 1]).groups.tolist() == [1, 0]
    twice = data.subset([0, 0, 1])
    assert twice.with_groups([1, 1, 0], ["a", "b"]).groups.tolist() == [1, 1, 0]
    with pytest.raises(InputError, match="got two for one that this subset has twice"):
        twice.with_groups([1, 0, 0], ["a", "b"])


def test_names_and_pictures_stay():
    data = digits("test")
    found = with_groups(Subset(data, [5, 6, 7, 8, 9, 10]), GROUPS)
    assert found.class_names == data.class_names
    assert found.identify(2) == data.identify(7)
    assert found.display(2).tobytes() == data.display(7).tobytes()
    images = TensorDataset(torch.rand(6, 1, 4, 4), Y)
    for other in (with_groups(images, GROUPS), with_groups(DataLoader(images, 2), GROUPS)):
        assert torch.equal(opened(other).display(1), images[1][0])
        assert opened(other).class_names == ()


def test_loaders_keep_their_settings():
    generator = torch.Generator().manual_seed(3)
    loader = DataLoader(PLAIN, 4, shuffle=True, drop_last=True, generator=generator, num_workers=1)
    found = with_groups(loader, GROUPS)
    for name in ("batch_size", "drop_last", "num_workers", "generator", "sampler"):
        assert getattr(found, name) is getattr(loader, name)
    assert [len(batch) for batch in found] == [4]
    by_batches = DataLoader(PLAIN, batch_sampler=[[0, 1], [2, 3, 4]])
    assert [b.groups.tolist() for b in with_groups(by_batches, GROUPS)] == [[2, 0], [-1, 1, 1]]


def test_it_survives_a_worker_process():
    found = pickle.loads(pickle.dumps(with_groups(PLAIN, GROUPS)))
    assert found[3][2] == 1
    assert len(found) == 6


class Stream(IterableDataset):
    def __iter__(self):
        return iter(PLAIN)


def test_other_groups_and_data_are_refused():
    with pytest.raises(DataError, match="Expected groups of 6 examples, but got those of 5"):
        with_groups(PLAIN, GROUPS[:5])
    of_others = es.Groups(torch.tensor(GROUPS), identity=data_identity(TensorDataset(X, 1 - Y)))
    with pytest.raises(DataError, match="they are of others"):
        with_groups(PLAIN, of_others)
    with pytest.raises(InputError, match="whole numbers of at least -1"):
        with_groups(PLAIN, np.array(GROUPS) - 1)
    for data in (Stream(), DataLoader(Stream(), 2), iter(PLAIN)):
        with pytest.raises(InputError, match="with a length and indices"):
            with_groups(data, GROUPS)
    with pytest.raises(InputError, match="Expected samples of the form"):
        _ = with_groups([1, 2, 3], [0, 1, 0])[0]
