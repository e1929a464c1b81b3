"""The weights of the training examples as a table."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from earlysieve._files import write_with

if TYPE_CHECKING:
    from torch import Tensor

    from earlysieve.methods.job import Job

EXAMPLE_WEIGHTS_NAME = "weights.csv"


def write_example_weights(weights: "Tensor", job: "Job") -> Path:
    """Write index, id (file or number in the whole source), label, group and weight by example.

    Where the data name no id or no group, that column is left out.

    Args:
        weights: shape (N,).
        job: of the run, whose data has N examples.

    Returns:
        The path.
    """
    import pandas as pd

    from earlysieve.datasets.views import identity_of

    columns: dict[str, Any] = {"index": range(len(weights))}
    identify = identity_of(job.data)
    if identify is not None:
        columns["id"] = [identify(i) for i in range(len(weights))]
    columns["label"] = job.labels
    if job.groups is not None:
        columns["group"] = job.groups
    table = pd.DataFrame({**columns, "weight": weights.cpu().numpy()})
    path = job.out / EXAMPLE_WEIGHTS_NAME
    write_with(path, lambda target: table.to_csv(target, index=False, lineterminator="\n"))
    return path
