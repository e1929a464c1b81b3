"""What is taken from tables: which row a column's values belong to."""

from functools import partial

import numpy as np
import torch

from earlysieve._arrays import Ints
from earlysieve.auditing.survival.change import Change
from earlysieve.auditing.swaps.columns import swap_columns
from earlysieve.auditing.swaps.pool import Pool
from earlysieve.model.batch import Inputs


def table_changes(
    sample: Pool, columns: Ints, names: list[str], rng: np.random.Generator
) -> tuple[list[Change], dict[str, str]]:
    """One column after the other with its values shuffled among the rows.

    Args:
        sample: the rows.
        columns: which ones.
        names: what these are called, as "column x3".
        rng: of the order.
    """
    values = sample.values

    def shuffled(column: int) -> Inputs:
        donors = values[torch.as_tensor(rng.permutation(len(values)))]
        return sample.carrier.put(sample.inputs, swap_columns(values, donors, [column]))

    changes = [
        Change(f"{name} shuffled", partial(shuffled, column))
        for column, name in zip(columns.tolist(), names, strict=True)
    ]
    left = values.shape[1] - len(changes)
    return changes, {"other columns": f"{left} columns tell less by themselves"} if left else {}
