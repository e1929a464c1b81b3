"""Plain values for JSON."""

import math
from collections.abc import Mapping
from typing import Any


def plain(value: Any) -> Any:
    """Plain values for JSON: NaN and infinity become null, arrays lists."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, str | int | bool | None) else str(value)
