"""Progressive data expansion and mixture balancing: which examples come, and how often."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from earlysieve.errors import InputError
from earlysieve.training import BatchSampler, EpochSampler
from earlysieve.weighting import ProgressiveExpansion, balanced_weights, mixture_weights

GROUPS = np.repeat([0, 1, 2, -1], [20, 5, 9, 6])
EVEN = np.arange(40) % 4


def flat(batches):
    return [i for batch in batches for i in batch]


def test_the_subset_grows_as_the_formula_says():
    order = ProgressiveExpansion(GROUPS, 8, seed=0, warmup_epochs=2, expand_every=3, expand_by=7)
    subsets = [order.subset(epoch) for epoch in range(12)]
    assert [len(one) for one in subsets] == [15, 15, 22, 22, 22, 29, 29, 29, 36, 36, 36, 40]
    assert np.bincount(GROUPS[subsets[0]]).tolist() == [5, 5, 5]
    for before, after in pairwise(subsets):
        assert set(before) <= set(after)
        assert len(set(after)) == len(after), "each is drawn once"
    assert isinstance(order, BatchSampler)


def test_an_epoch_passes_over_the_subset_until_it_is_full():
    order = ProgressiveExpansion(GROUPS, 8, seed=1, warmup_epochs=1, per_group=2)
    rows = flat(order.batches(0))
    assert len(rows) == 40
    assert len(order) == len(order.batches(0)) == 5
    counts = np.bincount(rows, minlength=40)
    assert set(np.flatnonzero(counts)) == set(order.subset(0))
    assert set(counts[order.subset(0)]) == {6, 7}
    assert flat(order.batches(0)) == rows
    again = ProgressiveExpansion(GROUPS, 8, seed=1, warmup_epochs=1, per_group=2)
    assert flat(again.batches(0)) == rows
    other = ProgressiveExpansion(GROUPS, 8, seed=2, warmup_epochs=1, per_group=2)
    assert set(other.subset(0)) != set(order.subset(0))


@pytest.mark.parametrize(
    "order",
    [
        ProgressiveExpansion(EVEN, 8, seed=3),
        ProgressiveExpansion(GROUPS, 8, seed=3, warmup_epochs=0, expand_by=99),
    ],
)
def test_the_whole_data_come_in_the_usual_order_bit_for_bit(order):
    usual = EpochSampler(40, 8, seed=3)
    assert all(order.batches(epoch) == usual.batches(epoch) for epoch in range(3))


def test_global_states_stay():
    before = torch.get_rng_state(), np.random.get_state()[1].copy()
    ProgressiveExpansion(torch.from_numpy(GROUPS), 8, seed=0).batches(7)
    mixture_weights(GROUPS, 1.5)
    assert torch.equal(before[0], torch.get_rng_state())
    assert np.array_equal(before[1], np.random.get_state()[1])


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"warmup_epochs": -1}, "Expected warmup_epochs to be at least 0"),
        ({"expand_every": 0}, "Expected expand_every to be at least 1"),
        ({"expand_by": 0}, "Expected expand_by to be at least 1"),
        ({"per_group": 0}, "Expected per_group to be at least 1"),
        ({"seed": -1}, "Expected seed"),
        ({"groups": np.full(4, -1)}, "some of them known"),
        ({"groups": GROUPS / 2}, "as integers of shape"),
    ],
)
def test_bad_settings(more, message):
    given_settings = {"groups": GROUPS, "seed": 0, **more}
    with pytest.raises(InputError, match=message):
        ProgressiveExpansion(given_settings.pop("groups"), 8, **given_settings)


def test_a_mixture_by_hand():
    """At most floor(1.5 * 5) = 7 of each kind are kept: 7, 5 and 7 of 19."""
    weights = mixture_weights(GROUPS, 1.5).numpy()
    kept = weights > 0
    assert np.bincount(GROUPS[kept]).tolist() == [7, 5, 7]
    assert not kept[GROUPS < 0].any()
    for group, size in ((0, 7), (1, 5), (2, 7)):
        assert weights[kept & (group == GROUPS)].tolist() == pytest.approx([19 / (3 * size)] * size)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-1, 3), min_size=1, max_size=30), st.floats(1, 40), st.integers(0, 9))
def test_kinds_come_equally_often_and_large_ratios_are_balanced_sampling(kinds, ratio, seed):
    values = np.array(kinds)
    if not (values >= 0).any():
        return
    weights = mixture_weights(values, ratio, seed=seed)
    sizes = np.bincount(values[values >= 0])
    sizes = sizes[sizes > 0]
    if ratio * sizes.min() >= sizes.max():
        assert torch.equal(weights, balanced_weights(values))
        return
    shares = [float(weights[torch.from_numpy(values == k)].sum()) for k in np.unique(values)]
    assert [share for share in shares if share] == pytest.approx([max(shares)] * len(sizes))
    kept = np.array([((weights.numpy() > 0) & (values == k)).sum() for k in np.unique(values)])
    assert kept[kept > 0].max() <= ratio * sizes.min()


@pytest.mark.parametrize("ratio", [0.9, float("nan")])
def test_a_ratio_below_1_is_refused(ratio):
    with pytest.raises(InputError, match="Expected a ratio of at least 1"):
        mixture_weights(GROUPS, ratio)
