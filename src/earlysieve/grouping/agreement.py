"""How well inferred groups agree with true ones, where data name some; for reports, never used."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from earlysieve._arrays import Bools, Ints
from earlysieve.auditing.scores import auroc
from earlysieve.datasets.example_groups import Groups
from earlysieve.errors import InputError


@dataclass(frozen=True)
class Agreement:
    """Figures over the examples whose group is known in both, unless they are said to be others.

    Attributes:
        n: how many these are.
        suspects: how many of them are suspects.
        minority: of the examples whose true group is known, those in one that is not the largest of
            their class.
        left_out: how many of the minority are in no inferred group, so that no method sees them.
        accuracy: share of examples that are both or neither.
        precision: share of suspects that are in the minority; NaN without suspects.
        recall: share of the minority that are suspects, those left out included; NaN without one.
        auroc: of the weights, the minority being positive; NaN without weights or one of both.
        adjusted_rand: of the two groupings, 1 where they are the same, about 0 by chance.
    """

    n: int
    suspects: int
    minority: int
    left_out: int
    accuracy: float
    precision: float
    recall: float
    auroc: float
    adjusted_rand: float


def agreement(groups: Groups, true_groups: "Tensor | Ints", labels: "Tensor | Ints") -> Agreement:
    """Compare inferred groups with true ones.

    Where inferred groups say nothing of suspects, these are the examples outside the largest
    inferred group of their class.

    Args:
        groups: inferred, of N examples.
        true_groups: int64, shape (N,), -1 where unknown.
        labels: int64, shape (N,).

    Raises:
        InputError: the numbers of examples differ, or no group is known in both.
    """
    true, label = _ints(true_groups), _ints(labels)
    found = groups.numbers.numpy()
    if true.shape != found.shape or label.shape != found.shape:
        raise InputError(
            f"Expected true groups and labels of {len(found)} examples, but got {true.shape} and "
            f"{label.shape}; pass one of each per example"
        )
    known = (true >= 0) & (found >= 0)
    if not known.any():
        raise InputError(
            "Expected examples whose inferred and true groups are known, but got none; leave the "
            "comparison out"
        )
    named = true >= 0
    all_minority = np.zeros(len(true), bool)
    all_minority[named] = outside_largest(true[named], label[named])
    true, label, found = true[known], label[known], found[known]
    minority = all_minority[known]
    suspects = (
        outside_largest(found, label) if groups.suspects is None else groups.suspects.numpy()[known]
    )
    both = int((minority & suspects).sum())
    weights = None if groups.weights is None else groups.weights.numpy()[known]
    return Agreement(
        n=int(known.sum()),
        suspects=int(suspects.sum()),
        minority=int(all_minority.sum()),
        left_out=int((all_minority & ~known).sum()),
        accuracy=float((minority == suspects).mean()),
        precision=_ratio(both, int(suspects.sum())),
        recall=_ratio(both, int(all_minority.sum())),
        auroc=float("nan") if weights is None else auroc(weights, minority),
        adjusted_rand=adjusted_rand(found, true),
    )


def in_words(found: Agreement) -> str:
    """An agreement in a sentence."""
    out = f"; {found.left_out:,} of {found.minority:,} are in no group" if found.left_out else ""
    return (
        f"Of the groups that the data name: {found.precision:.1%} of the suspects are in a "
        f"minority of their class, and {found.recall:.1%} of these minorities are suspects{out} "
        f"(adjusted Rand index {found.adjusted_rand:.2f})."
    )


def outside_largest(groups: Ints, labels: Ints) -> Bools:
    """Whether an example is outside the largest group of its class; of equal ones the first is it.

    Args:
        groups: int64, shape (N,), >= 0.
        labels: int64, shape (N,).
    """
    outside = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        inside = labels == label
        outside |= inside & (groups != np.bincount(groups[inside]).argmax())
    return outside


def adjusted_rand(first: Ints, second: Ints) -> float:
    """The adjusted Rand index of two groupings of the same examples.

    With a_i, b_j and n_ij the sizes of groups and of what they share, and c(n) = n (n - 1) / 2,

        (sum c(n_ij) - e) / ((sum c(a_i) + sum c(b_j)) / 2 - e),  e = sum c(a_i) sum c(b_j) / c(N).

    Source: Hubert and Arabie, "Comparing partitions", Journal of Classification 2, 1985.

    Returns:
        At most 1; 1 where both put all examples into one group, or each into its own.
    """
    pairs = np.stack([first, second])
    shared = _pairs(np.unique(pairs, axis=1, return_counts=True)[1])
    own, other = (_pairs(np.unique(values, return_counts=True)[1]) for values in pairs)
    every = len(first) * (len(first) - 1) / 2
    expected = own * other / every if every else 0.0
    most = (own + other) / 2
    return 1.0 if most == expected else (shared - expected) / (most - expected)


def _pairs(counts: Ints) -> float:
    return float((counts.astype(np.float64) * (counts - 1) / 2).sum())


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def _ints(values: "Tensor | Ints") -> Ints:
    return np.asarray(values.cpu() if isinstance(values, torch.Tensor) else values, np.int64)
