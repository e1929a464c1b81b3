"""The weights of the training examples as a table."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from earlysieve._cells import csv_bytes
from earlysieve._files import replacing

if TYPE_CHECKING:
    from torch import Tensor

    from earlysieve.methods.job import Job

EXAMPLE_WEIGHTS_NAME = "weights.csv"


def write_example_weights(weights: "Tensor", job: "Job") -> Path:
    """Write index, id (file or number in the whole source), label, group and weight by example.

    Where the data name no id or no group, that column is left out. Ids that a spreadsheet would
    take for formulas begin with an apostrophe.

    Args:
        weights: shape (N,).
        job: of the run, whose data has N examples.

    Returns:
        The path.
    """
    import pandas as pd

    from earlysieve.datasets.opened_data import opened

    columns: dict[str, Any] = {"index": range(len(weights))}
    data = opened(job.data)
    if data.identify is not None:
        columns["id"] = data.ids(range(len(weights)))
    columns["label"] = job.labels
    if job.groups is not None:
        columns["group"] = job.groups
    table = pd.DataFrame({**columns, "weight": weights.cpu().numpy()})
    path = job.out / EXAMPLE_WEIGHTS_NAME
    content = csv_bytes(table)
    with replacing(path) as temporary:
        temporary.write_bytes(content)
    return path
