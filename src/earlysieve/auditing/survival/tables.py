"""What is taken from tables: which row a column's values belong to."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch

from earlysieve._arrays import Ints
from earlysieve._readable import readable
from earlysieve.auditing.survival.change import Change
from earlysieve.auditing.swaps.columns import swap_columns
from earlysieve.auditing.swaps.pool import Pool
from earlysieve.auditing.swaps.table_parts import MOST_COLUMNS, part_name
from earlysieve.datasets.variables import Variable
from earlysieve.model.batch import Inputs


def table_changes(
    sample: Pool, variables: Sequence[Variable], order: Ints, rng: np.random.Generator
) -> tuple[list[Change], dict[str, str]]:
    """One variable after the other with its values shuffled among the rows.

    Args:
        sample: the rows.
        variables: of the table; the columns of one are shuffled together.
        order: those that tell the class most first; three of them are shuffled.
        rng: of the shuffling.
    """
    values = sample.values

    def shuffled(columns: Sequence[int]) -> Inputs:
        donors = values[torch.as_tensor(rng.permutation(len(values)))]
        return sample.carrier.put(sample.inputs, swap_columns(values, donors, columns))

    changes = [
        Change(f"{readable(part_name(one))} shuffled", partial(shuffled, one.columns))
        for one in (variables[place] for place in order[:MOST_COLUMNS])
    ]
    left = len(variables) - len(changes)
    return changes, {"other columns": f"{left} columns tell less by themselves"} if left else {}
