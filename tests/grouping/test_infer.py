import pytest
import torch

import earlysieve as es
from earlysieve.datasets.example_groups import data_identity, label_by_suspect
from earlysieve.errors import InputError

DATA = [(torch.zeros(2), label) for label in (0, 1, 1, 0)]


def test_numbers_are_taken_as_they_are():
    found = es.infer_groups([0, 1, -1, 0])
    assert found.numbers.tolist() == [0, 1, -1, 0]
    assert found.numbers.dtype is torch.int64
    assert found.counts == [2, 1]
    assert (found.source, found.identity, len(found)) == ("given", None, 4)
    assert es.infer_groups(found) is found


@pytest.mark.parametrize("numbers", [[0.5, 1.0], [[0], [1]], [-2, 0], [True, False]])
def test_groups_are_whole_numbers(numbers):
    with pytest.raises(InputError, match="Expected groups as whole numbers of at least -1"):
        es.Groups(torch.tensor(numbers))


def test_some_group_must_be_known():
    with pytest.raises(InputError, match="Expected some examples of known group, but got none"):
        es.Groups(torch.tensor([-1, -1]))


def test_label_by_suspect_by_hand():
    labels, suspects = torch.tensor([0, 1, 1]), torch.tensor([True, False, True])
    found = label_by_suspect(labels, suspects, ["cat"])
    assert found.numbers.tolist() == [1, 2, 3]
    assert found.names == ("cat, not misled", "cat, misled", "1, not misled", "1, misled")
    assert found.name(1) == "cat, misled"
    assert found.name(9) == "group 9"


@pytest.mark.parametrize(("suspect", "which"), [(False, "no example"), (True, "every example")])
def test_groups_that_tell_nothing_are_refused(suspect, which):
    made = label_by_suspect(torch.tensor([0, 1]), torch.tensor([suspect] * 2), source="file")
    with pytest.raises(InputError, match=f"it misleads {which}: no group can be told"):
        es.infer_groups(made)


def test_unknown_sources_name_near_ones():
    with pytest.raises(InputError, match="but got 'nothing'; known sources are"):
        es.infer_groups("nothing", data=DATA)


def test_settings_of_groups_that_are_given():
    with pytest.raises(InputError, match="Expected no settings for groups that are given"):
        es.infer_groups([0, 1], twins=3)


def test_an_identity_tells_order_labels_and_number():
    first = data_identity(DATA)
    assert first == data_identity(list(DATA))
    assert first != data_identity(DATA[:3])
    assert first != data_identity([DATA[1], DATA[0], *DATA[2:]])
    assert data_identity(iter(DATA)) is None
