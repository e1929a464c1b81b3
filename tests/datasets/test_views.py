"""Subsets of data sets keep names, identities and pictures."""

import pytest
import torch
from torch.utils.data import DataLoader, Subset, TensorDataset

import earlysieve as es
from earlysieve.datasets import digits
from earlysieve.datasets.batches import source_of
from earlysieve.models import small_cnn


def test_a_subset_of_a_subset_points_to_the_whole():
    data = digits("test")
    part = Subset(Subset(data, [5, 6, 7, 8]), [3, 1])
    view = source_of(DataLoader(part, 2))
    assert view.class_names == data.class_names
    assert [view.identify(0), view.identify(1)] == [data.identify(8), data.identify(6)]
    assert view.display(0).tobytes() == data.display(8).tobytes()
    assert (len(view), view[1][1]) == (2, data[6][1])


def test_what_the_whole_does_not_have_the_part_does_not_have():
    view = source_of(Subset(TensorDataset(torch.zeros(3, 2)), [1]))
    assert not hasattr(view, "display")
    assert not hasattr(view, "class_names")
    with pytest.raises(AttributeError, match="anything"):
        _ = view.anything


def test_a_class_of_its_own_is_left_as_it_is():
    class Renumbered(Subset):
        pass

    part = Renumbered(digits("test"), [1])
    assert source_of(part) is part


def test_an_audit_of_a_subset_shows_names_and_pictures():
    data = digits("test", channels=3)
    part = Subset(data, list(range(100, 160)))
    result = es.audit(
        small_cnn(10, seed=0), part, layers=["stage1"], folds=2, pictures=2, heatmaps=0
    )
    assert result.class_names == data.class_names
    assert result.examples["id"].iloc[0] == data.identify(100)
    assert len(result.pictures) > 0
