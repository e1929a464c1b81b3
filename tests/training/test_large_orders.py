"""Orders of many examples: as before, but neither copied into lists nor limited by torch."""

import pickle

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from earlysieve.training import EpochSampler, TrainConfig, evaluate, fit, sampling
from earlysieve.training.sampling import Batches, derive_seed, split_batches
from earlysieve.training.statistics import several

from .helpers import Noisy, difference, erm, network

pytestmark = pytest.mark.filterwarnings("ignore::earlysieve.training.SingleClassWarning")


def nested(order, size):
    """Batches as lists, which is what a sampler once gave."""
    batches = [order[i : i + size] for i in range(0, len(order), size)]
    if size > 1 and len(batches) > 1 and len(batches[-1]) == 1:
        batches[-2:] = [batches[-2] + batches[-1]]
    return batches


@given(st.integers(1, 120), st.integers(1, 40), st.integers(0, 4), st.booleans())
def test_orders_are_what_they_were(size, batch_size, epoch, weighted):
    weights = torch.arange(1, size + 1, dtype=torch.float64) if weighted else None
    generator = torch.Generator().manual_seed(derive_seed(5, epoch))
    order = (
        torch.randperm(size, generator=generator)
        if weights is None
        else torch.multinomial(weights, size, replacement=True, generator=generator)
    )
    expected = nested(order.tolist(), batch_size)
    sampler = EpochSampler(size, batch_size, seed=5, weights=weights)
    found = sampler.batches(epoch)
    assert found == expected
    assert [list(batch) for batch in found] == expected
    assert len(sampler) == len(found) == len(expected)
    assert all(type(i) is int for batch in found for i in batch)
    assert [found[k] for k in range(-len(expected), len(expected))] == expected * 2
    assert found[1:3] == expected[1:3]
    assert split_batches(order.tolist(), batch_size) == expected


def test_batches_are_compared_and_bounded():
    batches = split_batches([3, 1, 2, 0, 4], 2)
    assert batches == [[3, 1], [2, 0, 4]]
    assert batches != [[3, 1], [2, 0], [4]]
    assert batches != 3
    for number in (2, -3):
        with pytest.raises(IndexError):
            batches[number]


def test_an_order_is_one_array_of_eight_bytes_per_example():
    found = EpochSampler(100_000, 32, seed=0).batches(0)
    assert isinstance(found, Batches)
    assert len(pickle.dumps(found)) < 8 * 100_000 + 1_000
    assert several(found) is found
    assert several(split_batches([0, 1, 2], 1)) == []
    assert several([[1], [2, 3]]) == [[2, 3]]


def test_more_weights_than_multinomial_takes(monkeypatch):
    monkeypatch.setattr(sampling, "MULTINOMIAL_LIMIT", 5)
    monkeypatch.setattr(torch, "multinomial", lambda *_a, **_k: pytest.fail("too many for torch"))
    weights = torch.tensor([0.0, 1.0, 0.0, 3.0, 0.0, 0.0])
    sampler = EpochSampler(6, 4, seed=0, weights=weights)
    drawn = [i for epoch in range(600) for batch in sampler.batches(epoch) for i in batch]
    counts = np.bincount(drawn, minlength=6)
    assert counts[[0, 2, 4, 5]].tolist() == [0, 0, 0, 0]
    assert counts[3] / counts[1] == pytest.approx(3.0, rel=0.1)
    assert sampler.batches(3) == EpochSampler(6, 4, seed=0, weights=weights).batches(3)


def test_a_real_number_of_weights_beyond_the_limit():
    size = 2**24 + 1
    sampler = EpochSampler(size, 2**20, seed=0, weights=torch.ones(size, dtype=torch.float32))
    first = sampler.batches(0)[0]
    assert len(sampler) == 16
    assert 0 <= min(first) < max(first) < size


class Counting(Noisy):
    """Says in which process it is read."""

    def __getitem__(self, i):
        if torch.utils.data.get_worker_info() is None:
            raise AssertionError("read in the main process")
        return super().__getitem__(i)


def test_validation_is_read_by_the_workers_and_figures_are_the_same():
    options = {"epochs": 2, "batch_size": 4, "progress": False, "seed": 1}
    plain = fit(erm(TrainConfig(lr=0.1)), Noisy(), validation=Noisy(noise=1.0), **options)
    algorithm = erm(TrainConfig(lr=0.1))
    loaded = fit(algorithm, Noisy(), validation=Counting(noise=1.0), num_workers=2, **options)
    assert plain.history == loaded.history


@pytest.mark.parametrize("num_workers", [1, 2])
def test_random_data_are_evaluated_alike_by_any_workers(num_workers):
    model = network()
    torch.manual_seed(5)
    expected = evaluate(model, Noisy(noise=2.0), batch_size=4)
    found = evaluate(model, Noisy(noise=2.0), batch_size=4, num_workers=num_workers)
    assert difference(vars(expected), vars(found)) is None
