"""What it costs to permute a feature: the "drop when randomised" of Shah et al., NeurIPS 2020.

It is not reliance: a model that uses a feature well because it is the task drops just as much.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from earlysieve.datasets.batches import Data
from earlysieve.datasets.opened_data import OpenedData, opened
from earlysieve.datasets.predicted import given_to
from earlysieve.datasets.variables import variables_of
from earlysieve.errors import InputError
from earlysieve.reliance.answers import answers

if TYPE_CHECKING:
    from torch import nn

_Z = 1.959963984540054


@dataclass(frozen=True)
class RandomisedDrop:
    """Accuracy lost when columns are permuted among the examples.

    Attributes:
        columns: names, permuted together, so that what they say among each other stays.
        accuracy, accuracy_randomised: before and after, in [0, 1].
        drop: the first minus the second; `low`, `high`: its 95% interval over examples.
        examples: how many.
    """

    columns: tuple[str, ...]
    accuracy: float
    accuracy_randomised: float
    drop: float
    low: float
    high: float
    examples: int


def drop_when_randomised(
    model: "nn.Module",
    data: Data | OpenedData,
    columns: Sequence[str | int],
    *,
    seed: int = 0,
    batch_size: int = 64,
    device: "torch.device | str | None" = None,
) -> RandomisedDrop:
    """Permute columns of a table among its examples, and see how much accuracy is lost.

    Args:
        model: takes inputs of shape (B, D).
        data: a table: examples (x, y) with x of shape (D,); held in memory.
        columns: names, where the data name their columns, or numbers from 0; "city" stands for all
            columns of that category, as city_A and city_B.
        seed: of the permutation.
        batch_size: of the passes.
        device: where to run; the model's own by default.

    Raises:
        InputError: the data are no table, or a column is unknown.

    Example:
        >>> import torch
        >>> import earlysieve as es
        >>> x = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))
        >>> y = (x[:, 0] + x[:, 1] > 0).long()
        >>> class First(torch.nn.Module):
        ...     def forward(self, x):
        ...         return torch.stack([-x[:, 0], x[:, 0]], 1)
        >>> es.drop_when_randomised(First(), (x, y), [3]).drop
        0.0
    """
    model, data = given_to(model, data)
    source = opened(data)
    inputs, labels = _table(source, batch_size)
    names = tuple(getattr(source.source, "columns", ()))
    of = _categories(inputs, names)
    places = [
        place
        for column in columns
        for place in of.get(column) or (_place(column, names, inputs.shape[1]),)
    ]
    order = np.random.default_rng(seed).permutation(len(inputs))
    changed = inputs.clone()
    changed[:, places] = inputs[torch.from_numpy(order)][:, places]
    right = []
    for values in (inputs, changed):
        rows = opened([(x, int(y)) for x, y in zip(values, labels, strict=True)])
        said = answers(model, rows, batch_size=batch_size, device=device, progress=False)
        right.append((said.prediction == said.labels).astype(float))
    lost = right[0] - right[1]
    drop, half = float(lost.mean()), _Z * float(lost.std()) / math.sqrt(len(lost))
    shown = tuple(names[place] if names else str(place) for place in places)
    before, after = (float(one.mean()) for one in right)
    return RandomisedDrop(shown, before, after, drop, drop - half, drop + half, len(lost))


def _table(source: OpenedData, batch_size: int) -> tuple[Tensor, Tensor]:
    batches = list(source.batches(batch_size=batch_size))
    rows: list[Tensor] = list(_rows(batch.inputs for batch in batches))
    return torch.cat(rows), torch.cat([batch.labels for batch in batches])


def _rows(inputs: Iterator[object]) -> Iterator[Tensor]:
    for value in inputs:
        if not isinstance(value, Tensor) or value.ndim != 2:
            shape = tuple(value.shape[1:]) if isinstance(value, Tensor) else type(value).__name__
            raise InputError(
                f"Expected a table, one vector per example, to randomise its columns, but got "
                f"examples of shape {shape}; for images and texts plant a cue instead"
            )
        yield value


def _categories(inputs: Tensor, names: tuple[str, ...]) -> dict[str | int, tuple[int, ...]]:
    """Places of the columns that stand for a category, by its name; nothing without names."""
    known = variables_of(inputs.numpy(), names) if names else ()
    return {one.name: one.columns for one in known if one.is_category}


def _place(column: str | int, names: tuple[str, ...], width: int) -> int:
    if isinstance(column, str) and column in names:
        return names.index(column)
    number = int(column) if str(column).isdecimal() else -1
    if not 0 <= number < width:
        known = ", ".join(names[:10]) if names else f"0 to {width - 1}"
        raise InputError(f"Expected a column among {known}, but got '{column}'; choose one of them")
    return number
