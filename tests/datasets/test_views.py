"""Subsets of data sets keep names, identities and pictures."""

from pathlib import Path

import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader, Subset, TensorDataset
from torchvision.datasets import ImageFolder
from torchvision.transforms.v2 import Compose, ToDtype, ToImage

import earlysieve as es
from earlysieve.datasets import digits
from earlysieve.datasets.batches import source_of
from earlysieve.datasets.views import identity_of
from earlysieve.networks.small import small_cnn


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


def image_folder(root: Path, size: int = 3) -> ImageFolder:
    for kind in ("cat", "dog"):
        (root / kind).mkdir()
        for number in range(size):
            Image.new("RGB", (8, 8), (40 * number, 0, 0)).save(root / kind / f"{number}.png")
    to_tensor = Compose([ToImage(), ToDtype(torch.float32, scale=True)])
    return ImageFolder(str(root), transform=to_tensor)


def test_the_examples_of_torchvision_are_called_by_their_files(tmp_path):
    folder = image_folder(tmp_path)
    model = small_cnn(2, seed=0)
    settings = {"layers": ["stage1"], "folds": 2, "pictures": 0}
    whole = es.audit(model, folder, **settings)
    assert list(whole.examples["id"].iloc[[0, 5]]) == ["cat/0.png", "dog/2.png"]
    assert whole.class_names == ("cat", "dog")
    part = es.audit(model, Subset(folder, [5, 0, 1, 4]), **settings)
    assert list(part.examples["id"]) == ["dog/2.png", "cat/0.png", "cat/1.png", "dog/1.png"]
    assert part.class_names == ("cat", "dog")


def test_other_samples_name_nothing():
    class Other(TensorDataset):
        samples = [(0.5, 1), (0.2, 0)]  # noqa: RUF012

    assert identity_of(Other(torch.zeros(2, 3))) is None
    Other.samples = ["a.png"]
    assert identity_of(Other(torch.zeros(2, 3))) is None
