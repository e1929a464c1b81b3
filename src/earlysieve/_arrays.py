"""Names for the NumPy arrays that modules hand each other, and what torch takes of them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Floats = NDArray[np.floating]


def for_torch(values: Any) -> Any:
    """The values, copied where torch would warn of an array or refuse it; others as they are.

    It shares memory with the array, and knows neither read-only ones, which a column of pandas is,
    nor reversed ones.
    """
    if not isinstance(values, np.ndarray):
        return values
    backwards = any(step < 0 for step in values.strides)
    return values if values.flags.writeable and not backwards else values.copy(order="C")
