"""Sampling that balances classes or groups."""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from earlysieve._arrays import for_torch
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
    values = torch.as_tensor(for_torch(kinds))
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


def mixture_weights(
    kinds: Tensor | npt.NDArray[np.integer], ratio: float, *, seed: int = 0
) -> Tensor:
    """Odds with which kinds that were thinned out in part come equally often.

    Of each kind at most floor(ratio n_min) random examples are kept, n_min the size of the
    smallest; among these, all kinds come equally often, as in `balanced_weights`. Ratio 1, a
    balanced subset, wastes data; a very large one, plain balanced sampling, repeats the few until
    they are learned by heart. What is left out stays out.

    Source: LaBonte, Hill, Zhang, Muthukumar and Kumar, "The Group Robustness is in the Details:
    Revisiting Finetuning under Spurious Correlations", NeurIPS 2024, arXiv 2407.13957 (mixture
    balancing, there of classes).

    Args:
        kinds: labels or groups, integers, shape (N,); -1 where unknown: these are left out where
            some kind is thinned out.
        ratio: >= 1; from that of the largest to the smallest kind on, nothing is thinned out and
            the odds are those of `balanced_weights`.
        seed: of what is kept.

    Returns:
        float64, shape (N,).

    Raises:
        InputError: the ratio is below 1, or see `balanced_weights`.
    """
    if not ratio >= 1:
        raise InputError(
            f"Expected a ratio of at least 1, but got {ratio}; 1 keeps as many examples of each "
            "kind as the smallest has"
        )
    usual = balanced_weights(kinds)
    values = torch.as_tensor(for_torch(kinds)).long().cpu().numpy()
    numbers, sizes = np.unique(values[values >= 0], return_counts=True)
    most = int(min(ratio * sizes.min(), len(values)))
    if most >= sizes.max():
        return usual
    rng, kept = np.random.default_rng(seed), np.full(len(values), -1)
    for number in numbers:
        chosen = rng.permutation(np.flatnonzero(values == number))[:most]
        kept[chosen] = number
    thinned = balanced_weights(kept)
    thinned[torch.from_numpy(kept < 0)] = 0.0
    return thinned
