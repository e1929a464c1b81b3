"""Fashion-MNIST (Xiao et al., 2017) from Debian's package or a torchvision folder."""

import gzip
import os
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earlysieve.datasets.images import ArrayImages
from earlysieve.datasets.source import IMAGE_OPTIONS, Source
from earlysieve.errors import DataError, InputError

CLASS_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
PREFIXES = {"train": "train", "test": "t10k"}
GET_IT = "install it with 'apt install dataset-fashion-mnist' or pass the folder that holds them"


def fashion_mnist(
    split: str = "train", *, root: str | os.PathLike[str] | None = None, **options: Any
) -> ArrayImages:
    """70,000 grey photographs of garments, 28 x 28, in ten classes.

    Args:
        split: "train" (60,000) or "test" (10,000).
        root: folder with the four idx files, gzipped or not, or a torchvision root above them;
            without it, Debian's package and ./data are tried.
        options: as for `ArrayImages`, such as `channels=3` or `image_size=32`.

    Raises:
        DataError: a file is missing (it is named) or damaged.
        InputError: `split` is something else.
    """
    if split not in PREFIXES:
        raise InputError(
            f"Expected split to be 'train' or 'test', but got '{split}'; choose one of them"
        )
    images_file, labels_file = locate(split, root)
    images, labels = read_idx(images_file, 3), read_idx(labels_file, 1)
    return ArrayImages(images, labels.astype(np.int64), CLASS_NAMES, **options)


def locate(split: str, root: str | os.PathLike[str] | None = None) -> tuple[Path, Path]:
    """The files of images and of labels of `split`.

    Raises:
        DataError: one of them is in none of the folders that were tried.
    """
    bases = [DEBIAN_FOLDER, Path("data")] if root is None else [Path(root)]
    folders = [base / part for base in bases for part in ("", "FashionMNIST/raw", "raw")]
    names = [f"{PREFIXES[split]}-{kind}-ubyte" for kind in ("images-idx3", "labels-idx1")]
    best: list[str] = names
    for folder in folders:
        found = [_either(folder / name) for name in names]
        if found[0] and found[1]:
            return found[0], found[1]
        missing = [name for name, path in zip(names, found, strict=True) if path is None]
        best = min(best, missing, key=len)
    listed = " and ".join(f"'{name}[.gz]'" for name in best)
    where = " or ".join(f"'{base}'" for base in bases)
    raise DataError(f"Expected Fashion-MNIST in {where}, but {listed} is missing; {GET_IT}")


def _either(path: Path) -> Path | None:
    zipped = path.with_name(path.name + ".gz")
    return next((p for p in (path, zipped) if p.is_file()), None)


def read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """Read an idx file of bytes, gzipped or not.

    The format: two zero bytes, a type (8 for unsigned bytes), the number of dimensions, each
    dimension as a big-endian 32-bit integer, then the values.

    Raises:
        DataError: the file is damaged or holds something else.
    """
    try:
        data = path.read_bytes()
        data = gzip.decompress(data) if path.suffix == ".gz" else data
    except (OSError, EOFError, zlib.error) as error:
        raise _damaged(path, dimensions, str(error)) from error
    if data[:4] != bytes([0, 0, 8, dimensions]):
        raise _damaged(path, dimensions, f"it begins with '{data[:4].hex()}'")
    if len(data) < 4 + 4 * dimensions:
        raise _damaged(path, dimensions, "it ends within its header")
    shape = np.frombuffer(data, ">i4", dimensions, 4).astype(int)
    values = np.frombuffer(data, np.uint8, offset=4 + 4 * dimensions)
    if values.size != shape.prod():
        raise _damaged(path, dimensions, f"it holds {values.size} values, not {shape.prod()}")
    return values.reshape(shape)


def _damaged(path: Path, dimensions: int, what: str) -> DataError:
    return DataError(
        f"Expected '{path}' to be an idx file of bytes in {dimensions} dimension(s), "
        f"but {what}; fetch the file again"
    )


def _open(path: str | None, *, split: str = "train", **images: Any) -> ArrayImages:
    return fashion_mnist(split, root=path, channels=3, **images)


SOURCE = Source(
    "fashion-mnist",
    "70,000 pictures of garments, by default where Debian's package puts them",
    _open,
    ("split", *IMAGE_OPTIONS),
    path="optional",
    splits=lambda _: tuple(PREFIXES),
    groups="none",
    metric="accuracy",
    licence="MIT",
    homepage="https://github.com/zalandoresearch/fashion-mnist",
    citation="Xiao et al., Fashion-MNIST, 2017",
    layout="DIR/{train,t10k}-{images-idx3,labels-idx1}-ubyte[.gz], or a torchvision root",
    sizes={"train": 60_000, "test": 10_000},
)
