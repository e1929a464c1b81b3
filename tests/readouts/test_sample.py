"""A sample that stands for all rows, whatever their order."""

import pytest
import torch

from earlysieve.readouts import sample
from earlysieve.readouts.feature_store import FeatureStore
from earlysieve.readouts.sample import draw


def stored(rows):
    store = FeatureStore()
    store.append(rows)
    return store


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(sample, "_LEAST", 16)


@pytest.mark.usefixtures("small")
def test_an_eighth_of_the_rows_each_at_most_once_with_its_place():
    rows = torch.arange(1600.0)[:, None]
    drawn = draw(stored(rows), unknowns=10)
    assert drawn.stands_for_all
    assert torch.equal(drawn.store.all(), rows[drawn.places])
    # One from each eight rows, in order.
    assert torch.equal(drawn.places // 8, torch.arange(200))
    assert len(set((drawn.places % 8).tolist())) == 8


@pytest.mark.usefixtures("small")
def test_neither_a_period_nor_an_order_of_the_rows_makes_it_one_sided():
    drawn = draw(stored(torch.zeros(16_000, 1)), unknowns=10)
    for labels in (torch.arange(16_000) % 8, torch.arange(16_000) // 2000):
        shares = labels[drawn.places].bincount(minlength=8) / len(drawn.places)
        assert (shares - 1 / 8).abs().max() < 0.03


def test_few_rows_are_all_drawn_and_stand_for_nothing_else():
    drawn = draw(stored(torch.zeros(100, 3)), unknowns=4)
    assert drawn.places.tolist() == list(range(100))
    assert not drawn.stands_for_all


@pytest.mark.usefixtures("small")
def test_what_has_more_unknowns_than_the_sample_can_tell_is_not_fitted_to_it():
    store = stored(torch.zeros(1600, 1))
    assert draw(store, unknowns=400).stands_for_all
    assert not draw(store, unknowns=401).stands_for_all


@pytest.mark.usefixtures("small")
def test_the_sample_is_the_same_each_time_and_leaves_the_random_state():
    before = torch.get_rng_state()
    places = [draw(stored(torch.zeros(1600, 1)), 4).places for _ in range(2)]
    assert torch.equal(*places)
    assert torch.equal(torch.get_rng_state(), before)
