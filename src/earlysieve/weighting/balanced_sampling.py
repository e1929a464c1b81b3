"""Sampling that balances classes or groups."""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from earlysieve.errors import InputError


def balanced_weights(kinds: Tensor | npt.NDArray[np.integer]) -> Tensor:
    """Odds for `EpochSampler(weights=...)` with which every class, or group, comes equally often.

    N / (K n_k) for an example of kind k, of which there are n_k among N examples with K known
    kinds; examples of unknown kind (-1) get 1. Pass labels for class-balanced sampling, groups for
    group-balanced sampling.

    Source: Idrissi, Arjovsky, Pezeshki and Lopez-Paz, "Simple data balancing achieves competitive
    worst-group-accuracy", CLeaR 2022, arXiv 2110.14503 (RWY and RWG).

    Args:
        kinds: labels or groups, integers, shape (N,).

    Returns:
        float64, shape (N,).

    Raises:
        InputError: it is empty, of another form, or every kind is unknown.

    Example:
        >>> import torch
        >>> import earlysieve as es
        >>> es.balanced_weights(torch.tensor([0, 0, 0, 1])).tolist()  # doctest: +ELLIPSIS
        [0.666..., 0.666..., 0.666..., 2.0]
    """
    values = torch.as_tensor(kinds)
    known = values[values >= 0] if values.ndim == 1 and not values.is_floating_point() else None
    if known is None or len(known) == 0:
        raise InputError(
            "Expected labels or groups, one integer per example of which some are known, but got "
            f"{values.dtype} of shape {tuple(values.shape)}; pass dataset.labels or dataset.groups"
        )
    counts = torch.bincount(known.long()).double()
    kinds_known = int((counts > 0).sum())
    weights = torch.ones(len(values), dtype=torch.float64)
    weights[values >= 0] = len(known) / (kinds_known * counts[known.long()])
    return weights
