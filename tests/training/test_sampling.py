"""The order of examples, and loading that repeats exactly."""

import random
import signal

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import DataLoader, IterableDataset, TensorDataset, WeightedRandomSampler

from earlysieve.errors import DataError, InputError
from earlysieve.training import EpochSampler
from earlysieve.training.loading import load_batches, open_source
from earlysieve.training.randomness import RandomStream, read_states
from earlysieve.training.sampling import derive_seed, split_batches

from .helpers import Noisy, difference


@given(st.integers(1, 200), st.integers(1, 40), st.integers(0, 2**40), st.integers(0, 5))
def test_each_example_comes_once_and_no_batch_of_one_is_made(size, batch_size, seed, epoch):
    sampler = EpochSampler(size, batch_size, seed=seed)
    batches = sampler.batches(epoch)
    assert sorted(i for batch in batches for i in batch) == list(range(size))
    assert len(batches) == len(sampler)
    if batch_size > 1 and size > 1:
        assert all(2 <= len(batch) <= batch_size + 1 for batch in batches)
    assert batches == EpochSampler(size, batch_size, seed=seed).batches(epoch)


def test_a_last_batch_of_one_joins_the_batch_before():
    assert split_batches([4, 3, 2, 1, 0], 2) == [[4, 3], [2, 1, 0]]
    assert split_batches([1, 0], 1) == [[1], [0]]
    assert split_batches([0], 4) == [[0]]


def test_orders_differ_by_epoch_and_seed():
    orders = {str(EpochSampler(20, 4, seed=s).batches(e)) for s in range(3) for e in range(3)}
    assert len(orders) == 9
    assert len({derive_seed(1, 0), derive_seed(0, 1), derive_seed(1), derive_seed(0)}) == 4


def test_the_global_random_state_is_neither_read_nor_changed():
    before = read_states()
    first = EpochSampler(20, 4, seed=1).batches(0)
    assert difference(before, read_states()) is None
    torch.manual_seed(3)
    assert EpochSampler(20, 4, seed=1).batches(0) == first


def test_weights_are_odds():
    weights = torch.tensor([0.0, 1.0, 3.0])
    sampler = EpochSampler(3, 3, seed=0, weights=weights)
    drawn = [i for epoch in range(1000) for batch in sampler.batches(epoch) for i in batch]
    counts = np.bincount(drawn, minlength=3)
    assert counts[0] == 0
    assert counts[2] / counts[1] == pytest.approx(3.0, rel=0.1)
    assert sampler.batches(4) == EpochSampler(3, 3, seed=0, weights=weights).batches(4)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: EpochSampler(0, 4, seed=0), DataError, "Expected at least one training example"),
        (lambda: EpochSampler(4, 0, seed=0), InputError, "batch_size to be at least 1, but got 0"),
        (lambda: EpochSampler(4, 4, seed=-1), InputError, "seed to be 0 or more, but got -1"),
        (
            lambda: EpochSampler(2, 2, seed=0, weights=torch.tensor([1.0, -1.0])),
            InputError,
            "Expected 2 finite weights of 0 or more",
        ),
    ],
)
def test_settings_out_of_range_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def load(num_workers, start=0, size=11):
    source = open_source(Noisy(size, groups=True), num_workers=num_workers)
    plan = EpochSampler(size, 3, seed=2).batches(0)
    return [
        {"x": b.inputs, "y": b.labels, "i": b.index, "g": b.groups}
        for b in load_batches(source, plan, key=(2, 0), start=start)
    ]


@pytest.mark.parametrize("num_workers", [0, 1, 2])
def test_batches_are_the_same_for_any_workers_and_any_start(num_workers):
    expected = load(0)
    assert [len(batch["y"]) for batch in expected] == [3, 3, 3, 2]
    for start in range(5):
        assert difference(load(num_workers, start), expected[start:]) is None


def test_batches_carry_indices_labels_and_groups():
    data = Noisy(11, groups=True)
    for batch in load(0):
        assert batch["y"].tolist() == [data.y[i] for i in batch["i"].tolist()]
        assert batch["g"].tolist() == [i % 3 for i in batch["i"].tolist()]


def test_loading_leaves_the_random_states_alone():
    before = read_states()
    load(0)
    load(1)
    assert difference(before, read_states()) is None


def test_workers_leave_ctrl_c_to_the_main_process():
    class Asks(Noisy):
        def __getitem__(self, i):
            ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
            return torch.zeros(1), int(ignored)

    (batch,) = load_batches(open_source(Asks(2), num_workers=1), [[0, 1]], key=(0,))
    assert batch.labels.tolist() == [1, 1]


def test_a_loader_gives_its_data_set_collate_and_workers():
    def join(samples):
        return torch.stack([x for x, _ in samples]) * 2, torch.tensor([y for _, y in samples])

    x = torch.arange(6.0).reshape(3, 2)
    data = TensorDataset(x, torch.tensor([0, 1, 0]))
    source = open_source(DataLoader(data, batch_size=2, shuffle=True, collate_fn=join))
    (batch,) = load_batches(source, [[2, 0]], key=(0,))
    assert torch.equal(batch.inputs, x[[2, 0]] * 2)
    assert batch.index.tolist() == [2, 0]


def test_a_loader_with_an_order_of_its_own_is_refused():
    data = TensorDataset(torch.ones(3, 2), torch.tensor([0, 1, 0]))
    loader = DataLoader(data, sampler=WeightedRandomSampler([1.0, 1.0, 1.0], 3))
    with pytest.raises(InputError, match=r"got WeightedRandomSampler; pass the data set, and samp"):
        open_source(loader)


def test_data_without_length_or_examples_are_refused():
    class Stream(IterableDataset):
        def __iter__(self):
            return iter([])

    with pytest.raises(InputError, match=r"data set with a length and indices, but got Stream"):
        open_source(Stream())
    with pytest.raises(DataError, match=r"^Expected at least one example, but got none; check the"):
        open_source(Noisy(0))


def test_a_stream_starts_as_after_manual_seed_and_goes_on_by_itself():
    with RandomStream(3).active():
        ours = torch.rand(2), np.random.rand(2), random.random()
    torch.manual_seed(3)
    assert torch.equal(ours[0], torch.rand(2))
    before = read_states()
    stream = RandomStream(3)
    with stream.active():
        parts = [torch.rand(1)]
    torch.rand(5)
    with stream.active():
        parts.append(torch.rand(1))
    assert torch.equal(torch.cat(parts), ours[0])
    assert not torch.equal(before["torch"], read_states()["torch"])  # only by the five above
    again = RandomStream(0)
    again.load_state_dict(RandomStream(3).state_dict())
    with again.active():
        assert torch.equal(torch.rand(2), ours[0])
        assert np.array_equal(np.random.rand(2), ours[1])
        assert random.random() == ours[2]
