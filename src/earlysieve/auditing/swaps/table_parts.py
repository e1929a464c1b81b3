"""The parts of tables, ready to be swapped in a model."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import combinations, permutations

import numpy as np
import torch
from torch import Tensor

from earlysieve._arrays import Ints
from earlysieve._readable import VALUES
from earlysieve.auditing.swaps.ask import Asker
from earlysieve.auditing.swaps.columns import (
    swap_columns,
    swap_directions,
    variable_strength,
    within,
)
from earlysieve.auditing.swaps.directions import leading_direction
from earlysieve.auditing.swaps.part import Part
from earlysieve.auditing.swaps.pool import Pool
from earlysieve.auditing.swaps.two_columns import PAIR, Pair, asked_pair, named_pair, telling_pair
from earlysieve.auditing.telling_ranges import Telling
from earlysieve.auditing.telling_values import held_rightly
from earlysieve.datasets.variables import Variable
from earlysieve.model.batch import Inputs, take

MOST_COLUMNS = 3
_MORE = 0.1
DIRECTION = "direction"


def table_parts(
    pool: Pool,
    asker: Asker,
    variables: Sequence[Variable],
    named: Sequence[str],
    telling: Sequence[Telling] = (),
) -> tuple[list[Part], dict[str, str]]:
    """What tells the class most by itself, what the user named, and a direction of all columns.

    Also what tells the model's answers most, where it tells the class less.

    Args:
        pool: the rows.
        asker: the model.
        variables: columns by what they stand for; those of one are swapped together.
        named: names of parts that are always made.
        telling: values of columns, each a part of its own.
    """
    values = pool.values.float()
    strength = variable_strength(values.numpy(), pool.labels, pool.num_classes, variables)
    strongest = np.argsort(-strength, kind="stable")[:MOST_COLUMNS].tolist()
    answers = variable_strength(values.numpy(), pool.predictions, pool.num_classes, variables)
    followed = [int(k) for k in np.argsort(-answers)[:1] if answers[k] >= strength[k] + _MORE]
    asked = [k for k, one in enumerate(variables) if part_name(one) in named]
    chosen = list(dict.fromkeys([*asked, *strongest, *followed]))
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
            part_name(variables[k]),
            partial(swap_columns, columns=variables[k].columns),
            f"by itself {max(0.0, strength[k]):.0%} above chance{_together(variables[k])}",
        )
        for k in chosen
    ]
    for one in telling:
        spoken = one.said_by(values.numpy())
        change = partial(swap_columns, columns=one.variable.columns)
        whole = part(one.name, change, f"where '{one.variable.name}' is {one.listed}")
        parts.append(
            replace(
                whole,
                usable=spoken < 0,
                donors=held_rightly(spoken, pool.labels),
                errors=(spoken >= 0) & (spoken != pool.labels),
                speaks=spoken,
                coverage_of=1.0,
            )
        )
    pairs = [
        (asked_pair(named, variables), "both were named"),
        (
            telling_pair(values.numpy(), pool.labels, pool.num_classes, variables),
            "together they tell more than one by one",
        ),
    ]
    by_name = {pair_name(pair): (pair, detail) for pair, detail in pairs if pair is not None}
    parts += [
        part(name, partial(swap_columns, columns=pair.columns), detail)
        for name, (pair, detail) in by_name.items()
    ]
    left = len(variables) - len(chosen)
    skipped = {"other columns": f"{left} columns tell less by themselves"} if left else {}
    if not pool.values.is_floating_point():
        return parts, {**skipped, DIRECTION: "whole numbers may be categories, and have no between"}
    found = leading_direction(values.numpy(), pool.labels, pool.num_classes)
    projection = torch.from_numpy(found.projection).to(values.dtype)
    low, high = values.amin(0), values.amax(0)

    def along(receivers: Tensor, donors: Tensor) -> Tensor:
        return within(swap_directions(receivers, donors, projection), low, high)

    parts.append(
        part(
            DIRECTION,
            along,
            "what the columns share that goes with the class",
        )
    )
    return parts, skipped


def _together(variable: Variable) -> str:
    return f", {len(variable.columns)} columns swapped together" if variable.is_category else ""


def part_name(variable: Variable) -> str:
    """The part's name for a variable of the table."""
    return _column_part(variable.name)


def _column_part(name: str) -> str:
    return f"column {name.removeprefix('column ')}"


def as_parts(
    names: Sequence[str], columns: Sequence[str], variables: Sequence[Variable] | None = None
) -> tuple[str, ...]:
    """Names of parts, where a variable may be named as the table names it or one of its columns.

    Two columns may be named in either order.
    """
    known = {name: _column_part(name) for name in columns}
    for one in variables or ():
        own = [columns[k] for k in one.columns if k < len(columns)]
        known |= dict.fromkeys([*own, one.name], part_name(one))
        known |= {f"column {name}": part_name(one) for name in own}
    return tuple(known.get(name, _in_order(name, variables or ())) for name in names)


def _in_order(name: str, variables: Sequence[Variable]) -> str:
    """The name of a pair with its variables in the table's order; others as they are."""
    if not name.startswith(PAIR):
        return name
    own = [part_name(one).removeprefix("column ") for one in variables]
    pairs = combinations(own, 2)
    return next((named_pair(a, b) for a, b in pairs if name == named_pair(b, a)), name)


def is_of(values: str, column: str) -> bool:
    """Whether values are those of a column, by the names of both."""
    name = column.removeprefix("column ")
    return name != column and values.startswith(f"{VALUES}{name}: ")


def is_pair_of(name: str, columns: Sequence[str]) -> bool:
    """Whether a part is two of these columns together, by their names as parts."""
    own = [one.removeprefix("column ") for one in columns if one.startswith("column ")]
    return any(name == named_pair(first, second) for first, second in permutations(own, 2))


def pair_name(pair: Pair) -> str:
    """The part's name for two variables together."""
    first, second = (part_name(one).removeprefix("column ") for one in pair.variables)
    return named_pair(first, second)
