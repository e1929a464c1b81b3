"""What of a sample a person can look at."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

_TEXT_KEYS = ("text", "sentence", "tweet", "review")


def shown_of(sample: Any) -> Any:
    """The text of a sample or its image tensor (C, H, W); None where it has neither."""
    if isinstance(sample, Mapping):
        text = next((sample[key] for key in _TEXT_KEYS if isinstance(sample.get(key), str)), None)
        if text is not None:
            return text
        return next((value for value in sample.values() if _is_image(value)), None)
    first = sample[0] if isinstance(sample, tuple | list) else None
    return first if _is_image(first) else None


def _is_image(value: Any) -> bool:
    return isinstance(value, Tensor) and value.ndim == 3
