"""Columns of a table on other scales than weights are drawn for: standardised, or warned of."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from torch import nn

from earlysieve.datasets.checks import DataWarning
from earlysieve.datasets.opened_data import opened
from earlysieve.datasets.table import Table
from earlysieve.networks.small_mlp import SmallMLP

# Root mean squares beyond which a column drowns others, or steps of training go astray.
LARGE, SMALL = 100.0, 0.001
_SHOWN = 6
_PASSED_ON = (nn.Flatten, nn.Identity, nn.Dropout, nn.Unflatten)


def fit_scale(model: nn.Module, spec: str, data: Any, tell: Callable[[str], None]) -> None:
    """Before training from random weights: the scale on which a network takes a table.

    Our own network for tables standardises its inputs by these data; the statistics are part of its
    weights. Any other network takes its rows as they are, and the user is warned.

    Args:
        model: with random weights; changed in place if it is ours.
        spec: by which it was built.
        data: the training data; of others than tables nothing is done.
        tell: takes what was done, in a sentence.

    Warns:
        DataWarning: columns are on very different scales, and the network does not begin with a
            normalisation.
    """
    table = opened(data).source
    if not isinstance(table, Table):
        return
    ours = next((one for one in model.modules() if isinstance(one, SmallMLP)), None)
    if ours is not None and spec.startswith("earlysieve."):
        ours.standardise(table.values)
        tell("Columns are standardised by the training data, as part of the network's weights.")
    elif not _begins_with_normalisation(model):
        _warn_of_scales(table)


def _begins_with_normalisation(model: nn.Module) -> bool:
    leaves = (one for one in model.modules() if not list(one.children()))
    first = next((one for one in leaves if not isinstance(one, _PASSED_ON)), None)
    return "Norm" in type(first).__name__


def _warn_of_scales(table: Table) -> None:
    size = np.sqrt(np.square(table.values, dtype=np.float64).mean(axis=0))
    odd = np.flatnonzero((size > LARGE) | ((size > 0) & (size < SMALL)))
    if not len(odd):
        return
    shown = ", ".join(f"{table.columns[k]} (about {size[k]:.2g})" for k in odd[:_SHOWN])
    more = f" and {len(odd) - _SHOWN} more" if len(odd) > _SHOWN else ""
    count = len(table.columns)
    warnings.warn(
        f"Rows of the table go to your network as they are, and these columns are far from 1 in "
        f"size: {shown}{more}. It may learn nothing, or diverge: let it begin with "
        f"torch.nn.BatchNorm1d({count}, affine=False), scale the columns in the file, or take "
        "--model earlysieve.networks:SmallMLP, which standardises them by the training data",
        DataWarning,
        stacklevel=2,
    )
