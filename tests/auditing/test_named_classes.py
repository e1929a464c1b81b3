"""Labels that are names are those of the model's outputs, or it is said that nobody knows."""

import numpy as np
import pytest
import torch
from torch import nn

import earlysieve as es
from earlysieve.datasets.arrays import numbered_as
from earlysieve.errors import DataError

NAMES = ("low", "mid", "high")  # in the order of the outputs, which is not that of the letters


class ByFirst(nn.Module):
    """Says which third of three the first column lies in."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Identity()

    def forward(self, rows):
        first = self.inner(rows)[:, :1]
        return -(first - torch.tensor([[-2.0, 0.0, 2.0]])).abs()


def table(classes=3, count=240):
    rng = np.random.default_rng(0)
    labels = np.arange(count) % classes
    rows = rng.normal(size=(count, 3)).astype(np.float32)
    rows[:, 0] = 2 * labels - 2 + rng.normal(size=count) * 0.3
    return rows, labels


def accuracy(found):
    return float((found.examples["prediction"] == found.examples["label"]).mean())


def test_names_are_numbered_as_they_are_given():
    rows, labels = table()
    named = np.array(NAMES)[labels]
    found = es.audit(ByFirst(), (rows, named), class_names=NAMES, progress=False, swaps=0)
    assert accuracy(found) > 0.99
    assert found.class_names == NAMES
    logits = ByFirst()(torch.from_numpy(rows)).numpy()
    found = es.audit_arrays({"rows": rows}, named, logits, class_names=NAMES, progress=False)
    assert accuracy(found) > 0.99


def test_a_class_without_an_example_leaves_the_others_where_they_are():
    rows, labels = table(classes=2)  # no "high"
    named = np.array(NAMES)[labels]
    found = es.audit(ByFirst(), (rows, named), class_names=NAMES, progress=False, swaps=0)
    assert accuracy(found) > 0.99


def test_outputs_that_no_name_is_known_of_are_refused():
    rows, labels = table(classes=2)
    named = np.array(NAMES)[labels]
    said = "Expected labels of all 3 classes that the model tells, but they name 2"
    with pytest.raises(DataError, match=said):
        es.audit(ByFirst(), (rows, named), progress=False, swaps=0)
    logits = ByFirst()(torch.from_numpy(rows)).numpy()
    with pytest.raises(DataError, match=said):
        es.audit_arrays({"rows": rows}, named, logits, progress=False)
    assert accuracy(es.audit(ByFirst(), (rows, labels), progress=False, swaps=0)) > 0.99


def test_a_label_that_is_none_of_the_names_is_refused():
    rows, labels = table()
    named = np.array(["low", "mid", "hihg"])[labels]
    with pytest.raises(DataError, match=r"among class_names \(low, mid, high\), but got hih"):
        es.audit(ByFirst(), (rows, named), class_names=NAMES, progress=False, swaps=0)


def test_numbers_stay_numbers():
    labels = np.array([0, 1, 2])
    assert numbered_as(labels, NAMES) is labels
    assert numbered_as(["mid", "low"], ()) == ["mid", "low"]
    assert numbered_as(["mid", "low"], NAMES).tolist() == [1, 0]
