"""How many examples the groups of data have."""

from typing import Any

import numpy as np

from earlysieve.datasets.opened_data import opened


def sizes_of(data: Any) -> dict[str, int]:
    """Examples of each group of data that name groups, by name, those that are empty left out."""
    source = opened(data)
    if source.groups is None:
        return {}
    numbers, counts = np.unique(source.groups[source.groups >= 0], return_counts=True)
    names = source.group_names
    return {
        names[number] if number < len(names) else str(number): int(count)
        for number, count in zip(numbers.tolist(), counts.tolist(), strict=True)
    }
