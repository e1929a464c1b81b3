import numpy as np
import pytest
import torch

from earlysieve.errors import InputError
from earlysieve.readouts import feature_store as store_module
from earlysieve.readouts.feature_store import Budget, FeatureStore

ROWS = torch.randn(23, 3, 2, generator=torch.Generator().manual_seed(0))


def filled(limit, sizes=(5, 1, 10, 7)):
    store = FeatureStore(Budget(limit))
    for part in ROWS.split(sizes):
        store.append(part)
    return store


@pytest.mark.parametrize("limit", [0, 24 * 5, 24 * 6, 24 * 16, 24 * 23, 1 << 20])
def test_rows_come_back_bit_for_bit_wherever_they_lie(limit):
    store = filled(limit)
    assert len(store) == 23
    assert store.shape == (3, 2)
    assert store.on_disk is (limit < 24 * 23)
    assert torch.equal(store.all(), ROWS)
    assert store.all().dtype is torch.float32
    for size in (1, 4, 16, 100):
        places, chunks = zip(*store.chunks(size), strict=True)
        assert torch.equal(torch.cat(chunks), ROWS)
        assert all(len(chunk) <= size for chunk in chunks)
        assert [p.start for p in places] == list(range(0, 23, size))
    for start, stop in ((0, 5), (4, 7), (6, 22), (22, 23), (23, 23), (9, 9)):
        assert torch.equal(store.read(slice(start, stop)), ROWS[start:stop])


@pytest.mark.parametrize("block", [24, 24 * 2, 24 * 7, 24 * 100])
@pytest.mark.parametrize("limit", [24 * 5, 24 * 16, 24 * 23])
def test_rows_that_cross_blocks_come_back_bit_for_bit(monkeypatch, block, limit):
    monkeypatch.setattr(store_module, "_BLOCK", block)
    store = filled(limit)
    assert torch.equal(store.all(), ROWS)
    for start in range(23):
        for stop in range(start, 24):
            assert torch.equal(store.read(slice(start, stop)), ROWS[start:stop])


def test_rows_in_memory_are_read_without_a_copy():
    store = filled(1 << 20)
    assert store.read(slice(2, 9)).data_ptr() == store.all()[2:].data_ptr()


def test_appending_after_reading():
    store = FeatureStore(Budget(24 * 8))
    store.append(ROWS[:4])
    assert torch.equal(store.all(), ROWS[:4])
    store.append(ROWS[4:8])
    assert torch.equal(store.all(), ROWS[:8])
    store.append(ROWS[8:])
    assert store.on_disk
    assert torch.equal(store.all(), ROWS)


def test_stores_share_a_budget():
    budget = Budget(24 * 10)
    first, second = FeatureStore(budget), FeatureStore(budget)
    first.append(ROWS[:8])
    second.append(ROWS[:8])
    assert (first.on_disk, second.on_disk) == (False, True)
    assert budget.left == 24 * 2
    assert torch.equal(second.all(), ROWS[:8])


def test_all_that_is_mapped_is_the_part_that_is_read(monkeypatch):
    windows = []
    memmap = np.memmap

    def recorded(*args, **options):
        window = memmap(*args, **options)
        windows.append(window.shape[0])
        return window

    monkeypatch.setattr(np, "memmap", recorded)
    store = filled(24 * 5)
    assert sum(len(chunk) for _, chunk in store.chunks(4)) == 23
    assert max(windows) <= 4
    assert not any(isinstance(value, memmap) for value in vars(store).values())


def test_features_become_float32_without_a_graph():
    store = FeatureStore()
    store.append(torch.ones(2, 3, dtype=torch.float64, requires_grad=True))
    assert store.all().dtype is torch.float32
    assert not store.all().requires_grad


def test_rows_of_another_shape():
    store = FeatureStore()
    store.append(torch.zeros(2, 3))
    with pytest.raises(InputError) as caught:
        store.append(torch.zeros(2, 4))
    assert str(caught.value) == (
        "Expected features of shape (3,) for each example, as before, but got (4,); give inputs "
        "of one size, or choose a layer or head that pools over positions"
    )


def test_default_type_of_torch_does_not_matter():
    torch.set_default_dtype(torch.float64)
    try:
        store = filled(24 * 16)
        assert store.all().dtype is torch.float32
        assert torch.equal(store.all(), ROWS)
    finally:
        torch.set_default_dtype(torch.float32)


def test_changing_what_was_read_does_not_change_a_file():
    store = filled(0)
    store.read(slice(0, 5)).zero_()
    assert torch.equal(store.all(), ROWS)
