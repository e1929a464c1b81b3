"""Rows of a table beside activations, as an audit of a model shows them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from earlysieve.auditing.examine import Examined
from earlysieve.auditing.pictures import take_pictures
from earlysieve.auditing.saved_pictures import Picture
from earlysieve.auditing.speaking_columns import with_speaking_columns
from earlysieve.datasets.opened_data import OpenedData
from earlysieve.datasets.table import Table
from earlysieve.model.batch import Inputs

if TYPE_CHECKING:
    import pandas as pd


def rows_shown(
    inputs: Inputs,
    columns: Sequence[str],
    seen: Examined,
    examples: "pd.DataFrame",
    *,
    leans_on: str | None,
    count: int,
) -> list[Picture]:
    """Rows of the piles, flagged and typical, with columns marked; none where there is no table.

    Args:
        inputs: of all examples; a table is floating, of shape (N, D).
        columns: their names, or none.
        seen: of the audit.
        examples: the example table, with piles.
        leans_on: what the verdict is about.
        count: how many of the piles or flagged.
    """
    if not isinstance(inputs, Tensor) or inputs.ndim != 2 or not inputs.is_floating_point():
        return []
    labels = examples.sort_values("index")["label"].to_numpy()
    classes = [str(number) for number in range(seen.collected.num_classes)]
    table = Table(inputs.numpy(), labels, classes, columns=columns)
    shown, _ = take_pictures(
        nn.Identity(),
        OpenedData(table),
        examples,
        count=count,
        heatmaps=0,
        device=torch.device("cpu"),
        failing=seen.again.by_reader.get(leans_on or ""),
    )
    named = [one.name for one in seen.variables] if columns else []
    return with_speaking_columns(shown, named, examples, source=table, leans_on=leans_on)
