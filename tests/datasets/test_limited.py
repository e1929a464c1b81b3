"""A limit on data sets of the user's."""

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from earlysieve.datasets.limited import limited_own
from earlysieve.errors import InputError


class Own(torch.utils.data.Dataset):
    """Thirty examples, 20 of class 0, that are called by their numbers."""

    class_names = ("ok", "dent")

    def __init__(self, **attributes):
        self.y = [0] * 20 + [1] * 10
        self.loaded = 0
        self.__dict__ |= attributes

    def __len__(self):
        return 30

    def __getitem__(self, index):
        self.loaded += 1
        return float(index), self.y[index]

    def identify(self, index):
        return f"scan {index}"


@pytest.mark.parametrize("name", ["labels", "targets"])
@pytest.mark.parametrize("kind", [list, np.array, torch.tensor])
def test_classes_keep_their_shares_where_labels_are_at_hand(name, kind):
    whole = Own(**{name: kind([0] * 20 + [1] * 10)})
    part = limited_own(whole, 9, seed=0)
    assert whole.loaded == 0
    rows = [int(part[i][0]) for i in range(len(part))]
    assert rows == sorted(rows)
    assert [part[i][1] for i in range(9)] == [0] * 6 + [1] * 3
    assert [part.identify(i) for i in range(9)] == [f"scan {row}" for row in rows]
    assert part.class_names == ("ok", "dent")


@pytest.mark.parametrize("labels", [None, ["ok"] * 30, [0, 1], [[0], [1, 2]]])
def test_without_numbers_of_all_examples_nothing_is_loaded_to_draw(labels):
    whole = Own(labels=labels)
    draws = [limited_own(whole, 9, seed=seed) for seed in (0, 0, 1)]
    assert whole.loaded == 0
    first, again, other = ([int(x) for x, _ in (draw[i] for i in range(9))] for draw in draws)
    assert first == again != other
    assert len(set(first)) == 9


def test_a_limit_above_the_size_changes_nothing():
    whole = Own()
    assert limited_own(whole, 30, seed=0) is whole


class Stream(IterableDataset):
    def __iter__(self):
        return iter([(0.0, 1)])


@pytest.mark.parametrize(
    "data", [Stream(), DataLoader(TensorDataset(torch.ones(3))), iter([]), ("X", "y")]
)
def test_what_has_no_indices_is_refused(data):
    with pytest.raises(InputError, match=r"length and indices to limit to 2 .* in the function"):
        limited_own(data, 2, seed=0)
