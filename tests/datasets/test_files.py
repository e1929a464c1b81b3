"""Folders, BAR and Fashion-MNIST in their original layouts."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from earlysieve.datasets import bar, fashion_mnist, image_folder
from earlysieve.datasets.bar import CLASSES
from earlysieve.errors import DataError, InputError


def picture(path: Path, value: int = 100, size: tuple[int, int] = (20, 16)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (value, 0, 0)).save(path)
    return path


def test_classes_are_numbered_by_sorted_name(tmp_path: Path) -> None:
    for name in ("zebra", "ant", "bee"):
        picture(tmp_path / name / "1.png")
    data = image_folder(tmp_path, image_size=8)
    assert data.class_names == ("ant", "bee", "zebra")
    assert data.labels.tolist() == [0, 1, 2]
    image, label, group = data[2]
    assert image.shape == (3, 8, 8)
    assert (label, group) == (2, -1)
    assert data.identify(2) == "zebra/1.png"


def test_normalisation_is_imagenets(tmp_path: Path) -> None:
    picture(tmp_path / "a" / "1.png", value=255)
    image = image_folder(tmp_path, image_size=4)[0][0]
    assert image[:, 0, 0].tolist() == pytest.approx(
        [(1 - 0.485) / 0.229, -0.456 / 0.224, -0.406 / 0.225], abs=1e-5
    )


def test_unreadable_images_are_named_skipped_and_counted(tmp_path: Path) -> None:
    picture(tmp_path / "a" / "1.png")
    (tmp_path / "a" / "2.jpg").write_bytes(b"not an image")
    whole = picture(tmp_path / "b" / "3.jpg", size=(400, 400)).read_bytes()
    (tmp_path / "b" / "4.jpg").write_bytes(whole[: len(whole) // 2])
    data = image_folder(tmp_path)
    assert data.skipped == ("a/2.jpg", "b/4.jpg")
    assert len(data) == 2
    with pytest.raises(DataError, match=r"2 are not: 'a/2.jpg', 'b/4.jpg'; repair or remove"):
        image_folder(tmp_path, strict=True)


def test_an_image_that_breaks_later_is_named(tmp_path: Path) -> None:
    path = picture(tmp_path / "a" / "1.png")
    data = image_folder(tmp_path)
    path.write_bytes(b"")
    with pytest.raises(DataError, match=r"1\.png', but it cannot be read"):
        data[0]


def test_folder_errors(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Expected a folder at .*nowhere', but there is none"):
        image_folder(tmp_path / "nowhere")
    with pytest.raises(DataError, match="Expected one subfolder per class in .*, but got none"):
        image_folder(tmp_path)
    picture(tmp_path / "a" / "1.png")
    (tmp_path / "b").mkdir()
    with pytest.raises(DataError, match="but got none in 'b'; add images or remove the folder"):
        image_folder(tmp_path)


def test_splits_of_a_folder(tmp_path: Path) -> None:
    picture(tmp_path / "train" / "a" / "1.png")
    picture(tmp_path / "test" / "a" / "2.png")
    assert image_folder(tmp_path, split="test").identify(0) == "a/2.png"
    with pytest.raises(DataError, match="Expected a split 'val' in .*, but got 'train', 'test'"):
        image_folder(tmp_path, split="val")


def test_bar_in_its_layout(tmp_path: Path) -> None:
    for number, name in enumerate(CLASSES):
        picture(tmp_path / "train" / f"{name}_{number}.jpg")
    data = bar(tmp_path, image_size=8)
    assert data.class_names == CLASSES
    assert sorted(data.labels.tolist()) == list(range(6))
    assert data.identify(0) == "climbing_0.jpg"
    with pytest.raises(DataError, match="Expected 1941 photographs in .*, but got 6"):
        bar(tmp_path, strict=True)
    with pytest.raises(DataError, match="Expected the BAR layout with a folder 'test'"):
        bar(tmp_path, split="test")
    with pytest.raises(InputError, match="Expected split to be 'train' or 'test', but got 'val'"):
        bar(tmp_path, split="val")
    (tmp_path / "train" / "racing_4.jpg").unlink()
    with pytest.raises(DataError, match="but got none of 'racing'; the download is incomplete"):
        bar(tmp_path)
    picture(tmp_path / "train" / "jumping_1.jpg")
    with pytest.raises(DataError, match=r"but got 'jumping_1\.jpg'; remove them"):
        bar(tmp_path)


def test_bar_itself(shared_data: Path) -> None:
    test = bar(shared_data / "bar", split="test", strict=True, image_size=32)
    assert len(test) == 654
    assert np.bincount(test.labels, minlength=6).min() > 0


def idx(path: Path, values: np.ndarray) -> None:
    header = struct.pack(">HBB", 0, 8, values.ndim) + struct.pack(f">{values.ndim}I", *values.shape)
    path.write_bytes(gzip.compress(header + values.astype(np.uint8).tobytes()))


def test_fashion_mnist_in_its_layout(tmp_path: Path) -> None:
    images = np.arange(2 * 28 * 28).reshape(2, 28, 28) % 255
    idx(tmp_path / "train-images-idx3-ubyte.gz", images)
    idx(tmp_path / "train-labels-idx1-ubyte.gz", np.array([9, 0]))
    data = fashion_mnist("train", root=tmp_path, channels=3)
    assert data.labels.tolist() == [9, 0]
    assert data.class_names[9] == "Ankle boot"
    assert np.array_equal(data.image(1)[..., 0], images[1])
    with pytest.raises(DataError, match="t10k-images"):
        fashion_mnist("test", root=tmp_path)
