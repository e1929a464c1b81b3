import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, IterableDataset, Subset, TensorDataset

from earlysieve.datasets import digits
from earlysieve.datasets.opened_data import OpenedData, opened

IMAGES = torch.arange(24.0).reshape(6, 1, 2, 2)
LABELS = torch.tensor([0, 1, 2, 0, 1, 2])
GROUPS = torch.tensor([0, -1, 1, 1, 0, 0])


class Stream(IterableDataset):
    def __iter__(self):
        return iter(zip(IMAGES, LABELS, GROUPS, strict=True))


def plain() -> TensorDataset:
    return TensorDataset(IMAGES, LABELS, GROUPS)


@pytest.mark.parametrize(
    "data",
    [
        plain(),
        DataLoader(plain(), batch_size=4, shuffle=True),
        Subset(plain(), range(6)),
        list(zip(IMAGES, LABELS, GROUPS, strict=True)),
        Stream(),
        DataLoader(Stream(), batch_size=4),
    ],
    ids=["tensors", "loader", "subset", "list", "stream", "stream loader"],
)
def test_all_forms_of_data_answer_alike(data):
    found = opened(data)
    assert found.labels.tolist() == LABELS.tolist()
    assert found.groups.tolist() == GROUPS.tolist()
    few = found.few()
    assert torch.equal(few.inputs, IMAGES[:2])
    assert few.labels.tolist() == [0, 1]
    batches = list(found.batches(batch_size=4))
    assert torch.cat([batch.index for batch in batches]).tolist() == list(range(6))
    assert found.size in (6, None)
    assert found.count_batches(4) == (None if found.size is None else 2)
    assert found.class_names == found.group_names == found.skipped == ()
    assert found.num_classes is None
    assert found.ids([2, 0]) == ["2", "0"]


def test_names_of_classes_say_how_many_there_are():
    data = plain()
    data.class_names = ("even", "odd", "neither")
    assert opened(data).num_classes == 3


def test_opening_twice_is_opening_once():
    data = opened(plain())
    assert opened(data) is data


def test_examples_are_joined_as_the_loader_joins_them():
    def join(samples):
        images, labels, _ = zip(*samples, strict=True)
        return torch.stack(images) * 2, torch.stack(labels)

    loader = DataLoader(plain(), batch_size=3, collate_fn=join)
    batch = opened(loader).examples([4, 1])
    assert torch.equal(batch.inputs, IMAGES[[4, 1]] * 2)
    assert opened(loader).count_batches(1) == 2  # the loader's own size
    assert torch.equal(opened(plain()).display(1), IMAGES[1])


def test_our_own_sources_say_more():
    data = opened(digits("test"))
    assert isinstance(data, OpenedData)
    assert data.class_names[:2] == ("0", "1")
    assert data.num_classes == 10
    assert data.identify(3) == data.ids([3])[0]
    assert data.groups is None
    assert set(data.preprocessing) == {"mean", "std"}
    assert data.labels.dtype == np.int64


def test_what_a_sample_shows():
    assert opened([({"text": "hello"}, 0)]).display(0) is None  # a pair, whose first is a mapping
    assert opened([{"text": "hello", "label": 0}]).display(0) == "hello"
    assert torch.equal(opened([{"x": IMAGES[0], "label": 0}]).display(0), IMAGES[0])
    assert opened([(torch.zeros(3), 0)]).display(0) is None


def test_a_class_label_of_huggingface_names_the_classes():
    datasets = pytest.importorskip("datasets")
    kinds = datasets.Features(
        {
            "x": datasets.Sequence(datasets.Value("float32")),
            "label": datasets.ClassLabel(names=["bad", "good"]),
        }
    )
    table = datasets.Dataset.from_dict({"x": [[0.0], [1.0]], "label": [0, 1]}, features=kinds)
    assert opened(table).class_names == ("bad", "good")
    assert opened(table.rename_column("label", "labels")).class_names == ("bad", "good")
    assert opened(table.cast_column("label", datasets.Value("int64"))).class_names == ()
