"""The parts of tables, ready to be swapped in a model."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor

from earlysieve._arrays import Ints
from earlysieve.auditing.swaps.ask import Asker
from earlysieve.auditing.swaps.columns import (
    column_strength,
    swap_columns,
    swap_directions,
    telling_pair,
)
from earlysieve.auditing.swaps.directions import leading_direction
from earlysieve.auditing.swaps.part import Part
from earlysieve.auditing.swaps.pool import Pool
from earlysieve.model.batch import Inputs, take

MOST_COLUMNS = 3
DIRECTION = "direction"


def table_parts(
    pool: Pool, asker: Asker, names: Sequence[str], irrelevant: Sequence[str]
) -> tuple[list[Part], dict[str, str]]:
    """The columns that tell the class most by themselves, those the user named, and a direction."""
    values = pool.values.float()
    strength = column_strength(values.numpy(), pool.labels, pool.num_classes)
    strongest = np.argsort(-strength, kind="stable")[:MOST_COLUMNS].tolist()
    asked = [k for k in range(values.shape[1]) if column_name(names, k) in irrelevant]
    chosen = list(dict.fromkeys([*asked, *strongest]))
    everyone = np.ones(len(values), bool)

    def part(name: str, change: Callable[[Tensor, Tensor], Tensor], detail: str) -> Part:
        def swap(receivers: Ints, donors: Ints) -> tuple[Tensor, Inputs]:
            mine, theirs = torch.as_tensor(receivers), torch.as_tensor(donors)
            swapped = change(values[mine], values[theirs])
            inputs = pool.carrier.put(take(pool.inputs, mine), swapped)
            return asker.answers(inputs), inputs

        return Part(name, swap, everyone, detail=detail)

    parts = [
        part(
            column_name(names, k),
            partial(swap_columns, columns=[k]),
            f"by itself {strength[k]:.0%} above chance",
        )
        for k in chosen
    ]
    pair = telling_pair(values.numpy(), pool.labels, pool.num_classes)
    if pair is not None:
        detail = "their product tells more than either"
        parts.append(part(pair_name(names, pair), partial(swap_columns, columns=pair), detail))
    left = values.shape[1] - len(chosen)
    skipped = {"other columns": f"{left} columns tell less by themselves"} if left else {}
    if not pool.values.is_floating_point():
        return parts, {**skipped, DIRECTION: "whole numbers may be categories, and have no between"}
    found = leading_direction(values.numpy(), pool.labels, pool.num_classes)
    projection = torch.from_numpy(found.projection).to(values.dtype)
    parts.append(
        part(
            DIRECTION,
            partial(swap_directions, projection=projection),
            "what the columns share that goes with the class",
        )
    )
    return parts, skipped


def column_name(names: Sequence[str], column: int) -> str:
    """The part's name for a column."""
    name = names[column] if column < len(names) else str(column)
    return f"column {name.removeprefix('column ')}"


def as_parts(names: Sequence[str], columns: Sequence[str]) -> tuple[str, ...]:
    """Names of parts, where a column may be named as the table names it."""
    return tuple(
        column_name(columns, columns.index(name)) if name in columns else name for name in names
    )


def pair_name(names: Sequence[str], pair: tuple[int, int]) -> str:
    """The part's name for two columns together."""
    first, second = (column_name(names, column).removeprefix("column ") for column in pair)
    return f"columns {first} and {second}"
