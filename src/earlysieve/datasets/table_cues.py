"""Tables whose label follows from an interaction of columns, with one column that tells it, too."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from earlysieve.datasets.checks import class_ids
from earlysieve.errors import InputError

Floats = NDArray[np.float64]


def parity_columns(
    labels: ArrayLike,
    num_classes: int,
    *,
    order: int = 2,
    noise: int = 6,
    blur: float = 0.0,
    seed: int = 0,
) -> Floats:
    """Columns of which no single one tells the label, but the signs of `order` of them together.

    Bit k of the label is the parity of the signs of columns k * order to (k + 1) * order - 1 (for
    order 2 an XOR); their sizes are uniform in [0.1, 1]. Further columns, uniform in [-1, 1], tell
    nothing.

    Args:
        labels: shape (N,).
        num_classes: C, a power of two.
        order: columns per bit, >= 1.
        noise: columns that tell nothing.
        blur: standard deviation of normal noise on the telling columns, which makes labels of
            small values doubtful.
        seed: of a generator of its own.

    Returns:
        Shape (N, bits * order + noise).

    Raises:
        InputError: `num_classes` is no power of two, or `order` is not positive.
    """
    array = class_ids(labels, num_classes)
    bits = (num_classes - 1).bit_length()
    if num_classes < 2 or num_classes != 2**bits or order < 1:
        raise InputError(
            "Expected a number of classes that is a power of two, and order of at least 1, but "
            f"got {num_classes} and {order}; use 2 or 4 classes and order 2"
        )
    rng = np.random.default_rng(seed)
    signs = rng.integers(0, 2, (len(array), bits, order))
    wanted = array[:, None] >> np.arange(bits) & 1
    signs[:, :, -1] ^= wanted ^ (signs.sum(2) % 2)
    sizes = rng.uniform(0.1, 1, signs.shape)
    core = ((2 * signs - 1) * sizes).reshape(len(array), -1)
    others = rng.uniform(-1, 1, (len(array), noise))
    return np.concatenate([core + blur * rng.standard_normal(core.shape), others], axis=1)


def threshold_column(
    values: ArrayLike, num_values: int, *, seed: int = 0, overlap: float = 0.0
) -> Floats:
    """A column that is cut into equal intervals from -1 to 1, one for each value of the cue.

    What is random in it depends on the seed and the row, not on the value.

    Args:
        values: shape (N,), in [0, num_values).
        num_values: V.
        seed: of a generator of its own.
        overlap: normal noise of this standard deviation on top, in units of an interval's width.

    Returns:
        Shape (N,).
    """
    array = class_ids(values, num_values)
    rng = np.random.default_rng(seed)
    within = rng.random(len(array)) + overlap * rng.standard_normal(len(array))
    return 2 * (array + within) / num_values - 1
